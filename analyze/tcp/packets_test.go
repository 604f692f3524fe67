package tcp_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// Linux counts its window in packets: one that is not full takes as much of it as any, and its
// acknowledgement lets slow start add as much. Packets that offload has joined are those that the
// path takes.
func TestWindowCountsPackets(t *testing.T) {
	for _, x := range []struct {
		name         string
		lengths      []int
		flight, then int // in segments: in flight, and the window after all are acknowledged
	}{
		{"full segments", []int{1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000}, 8, 18},
		{"the last is not full", []int{1000, 1000, 1000, 1000, 1000, 1000, 1000, 1}, 8, 18},
		{"each has a third", []int{333, 333, 333, 333, 333, 333, 333, 333}, 8, 18},
		{"joined, the last of them is not full", []int{3500, 3500}, 8, 18},
		{"half as many, full", []int{1000, 1000, 1000, 1000}, 4, 10},
		{"half as many, twice as small", []int{500, 500, 500, 500}, 4, 10},
	} {
		var s tcp.Sender
		s.Reset(mss, 1000*mss)
		s.Handshake(100 * time.Millisecond)
		at, seq := segment.Time(time.Hour), segment.Seq(1<<32-2000)
		for _, n := range x.lengths {
			s.Sent(seq, n, at)
			seq = seq.Add(n)
			at = at.Add(10 * time.Microsecond)
		}
		if n := s.Estimate().Pipe; n != x.flight*mss {
			t.Errorf("%s: %d in flight, want %d", x.name, n, x.flight*mss)
		}
		s.Acked(seq, nil, seq.Add(1000*mss), false, true, at.Add(100*time.Millisecond))
		if e := s.Estimate(); e.Best != x.then*mss || e.Pipe != 0 {
			t.Errorf("%s: then a window of %d with %d in flight, want %d with none", x.name, e.Best, e.Pipe, x.then*mss)
		}
	}
}

// What was not full and is assumed to have been acknowledged takes none of the window any more.
func TestAssumedPacketsAreGone(t *testing.T) {
	var s tcp.Sender
	s.Reset(mss, 1000*mss)
	s.Sent(1, 10, 1e9)
	s.Sent(11, 10, 1e9)
	s.AssumeAcked(21)
	s.Sent(21, mss, 2e9)
	if n := s.Estimate().Pipe; n != mss {
		t.Errorf("%d in flight, want %d", n, mss)
	}
}

// At the other end of the path it does not show what the sender kept back, nor all that was in
// flight: its window may be a little more than twice half as much again. What slow start has made
// of that is no reason for more.
func TestBoundAtTheReceiver(t *testing.T) {
	f := newFlow(t)
	f.AtReceiver = true
	f.send(1)
	if e := f.Estimate(); e.High != 22500 {
		t.Errorf("the initial window, assumed: at most %d, want 22500", e.High)
	}
	f.send(11).wait(100 * time.Millisecond)
	f.ack(12).wait(time.Millisecond).ack(0)
	if e := f.Estimate(); e.Best != 24*mss || e.High != 40500 {
		t.Errorf("after a flight of 12: %+v, want 40500 at most", e)
	}
}

// A first flight shows the window only if the sender then stopped: where it sends by a clock, the
// silence before the first ACK is longer than what lies between its segments, by more than twice.
func TestPacedFirstFlight(t *testing.T) {
	for _, x := range []struct {
		gap, silence time.Duration
		exact        bool
	}{
		{8 * time.Millisecond, 8 * time.Millisecond, false},
		{8 * time.Millisecond, 40 * time.Millisecond, true},
		{10 * time.Microsecond, 100 * time.Millisecond, true},
	} {
		f := newFlow(t)
		for range 8 {
			f.send(1).wait(x.gap - 10*time.Microsecond)
		}
		f.wait(x.silence - x.gap).ack(1).send(2).wait(time.Millisecond).ack(0)
		if n, _, exact := f.Initial(); exact != x.exact || exact && n != 8 {
			t.Errorf("8 segments, %v apart, then a silence of %v: %d, exact %v", x.gap, x.silence, n, exact)
		}
	}
}

// An ACK makes room for twice what it acknowledges at most (RFC 5681 section 3.1): if it lets out
// more, the flight before had not ended for want of window but of room in the send buffer. At the
// other end of the path other ACKs may have come with it: it may have been the window, or more.
func TestFlightEndedByTheSendBuffer(t *testing.T) {
	for _, x := range []struct {
		name            string
		remote          bool
		sent            int // after the ACK of two segments
		low, best, high int
		basis           tcp.Basis
	}{
		{"as much as slow start makes room for", false, 4, 20, 20, 20, tcp.Observed},
		{"more", false, 5, 40, 80, 80, tcp.Inferred},
		{"as much, at the receiver", true, 4, 20, 20, 20, tcp.Observed},
		{"more, at the receiver", true, 9, 20, 20, 27, tcp.Inferred},
	} {
		f := newFlow(t)
		f.AtReceiver = x.remote
		f.send(10).round(2).round(2).quiet()
		f.wait(time.Millisecond).send(20).wait(100 * time.Millisecond).ack(2).send(x.sent).wait(time.Millisecond).ack(1)
		if f.Start.Basis != x.basis {
			t.Errorf("%s: %s, want %s", x.name, f.Start.Basis, x.basis)
		}
		f.starts(x.name, x.low, x.best, x.high)
	}
}

// buffered is a flow whose window of 80 segments was seen, and whose send buffer then kept it: ACKs let out
// nothing until a third of the buffer was free, then one lets out much (Linux's sk_stream_write_space).
func buffered(t *testing.T, m tcp.Message) *flow {
	f := newFlow(t)
	f.Message = m
	f.send(10).round(2).round(2).round(2).wait(100 * time.Millisecond)
	for range 60 {
		f.ack(1).wait(time.Millisecond)
	}
	f.ack(1).send(60).wait(time.Millisecond).ack(1)
	return f.wait(time.Millisecond)
}

// Who has answered all that was asked has nothing to send: it is not the send buffer that keeps it. While an
// answer is under way, and the send buffer has kept it once, that is what does where the window has room.
func TestSendBufferOfAMessage(t *testing.T) {
	for _, x := range []struct {
		message tcp.Message
		let     tcp.Limit // after an ACK that let out much, and another that lets out nothing
		next    tcp.Limit // in the next flight from nothing
	}{
		{tcp.MessageUnknown, tcp.SendBuffer, tcp.Application},
		{tcp.UnderWay, tcp.SendBuffer, tcp.SendBuffer},
		{tcp.Complete, tcp.Application, tcp.Application},
	} {
		f := buffered(t, x.message)
		for _, after := range []string{"what it let out", "nothing"} {
			if e := f.Estimate(); e.Limit != x.let {
				t.Errorf("message %d, after %s: limited by %s, want %s", x.message, after, e.Limit, x.let)
			}
			f.ack(1).wait(time.Millisecond).ack(1)
		}
		f.quiet().ack(0)
		if e := f.Estimate(); e.Limit != tcp.Application {
			t.Errorf("message %d: limited by %s, and nothing is in flight", x.message, e.Limit)
		}
		f.send(30).wait(100 * time.Millisecond).ack(1).wait(time.Millisecond).ack(1).wait(time.Millisecond).ack(1)
		if e := f.Estimate(); e.Limit != x.next {
			t.Errorf("message %d: the next flight is limited by %s, want %s", x.message, e.Limit, x.next)
		}
	}
}

// A window that was seen does not shrink without a loss or an idle restart: where the send buffer keeps its
// sender, less in flight than that does not show the window. After a loss it may.
func TestSendBufferShowsNoSmallerWindow(t *testing.T) {
	for _, lost := range []bool{false, true} {
		f := buffered(t, tcp.UnderWay)
		for room := 100; room > 0; {
			room = f.ack(1).Estimate().Best/mss - (f.next - f.una)
			f.send(min(room, 6)).wait(time.Millisecond)
			room -= 6
		}
		f.ack(0).is("the window is full", tcp.Congestion, tcp.Observed)
		was := f.Estimate().Best / mss
		f.ack(40)
		if lost {
			f.ack(0, f.una+1).ack(0, f.una+1, f.una+2).ack(0, f.una+1, f.una+2, f.una+3).again(f.una)
			f.wait(100 * time.Millisecond).ack(f.next - f.una)
			f.send(30).wait(100 * time.Millisecond)
		}
		for range 10 {
			f.ack(1).send(1).wait(3 * time.Millisecond)
		}
		e := f.Estimate()
		if kept := e.Limit == tcp.SendBuffer && e.Best >= was*mss; kept == lost {
			t.Errorf("after a loss %v: %d of %d, limited by %s", lost, e.Best/mss, was, e.Limit)
		}
	}
}
