package tcp

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// counted counts the events of a name.
type counted struct {
	name string
	n    int
}

func (c *counted) Window(segment.Time, Estimate, *Sender) {}
func (c *counted) Event(_ segment.Time, name string, _, _ int, _ *Sender) {
	if name == c.name {
		c.n++
	}
}

// Timeouts are of one episode until a write has ended: what was out at the first may not have
// arrived before.
func TestTimeoutsOfOneEpisode(t *testing.T) {
	for _, x := range []struct {
		ended bool // a write, between the two
		told  int
	}{{false, 1}, {true, 2}} {
		var s Sender
		s.Reset(1000, 100000)
		s.AtReceiver = true
		s.Handshake(100 * time.Millisecond)
		told := &counted{name: "timeout"}
		s.Watch(told)
		at := segment.Time(time.Hour)
		for n := range 3 {
			s.silence = time.Second
			s.Sent(segment.Seq(1+1000*n), 1000, at)
			s.waiting, s.tailLost = true, s.tailLost && !x.ended
			at = at.Add(100 * time.Millisecond)
			s.Acked(segment.Seq(1001+1000*n), nil, segment.Seq(100000), false, true, at)
			at = at.Add(time.Second)
		}
		if told.n != x.told || s.Sums.Timeouts != 2 {
			t.Errorf("a write has ended: %v: told of %d, %d timeouts", x.ended, told.n, s.Sums.Timeouts)
		}
	}
}

// An episode began with the flight before where that was one segment, sent after a silence: no idle restart leaves so little.
func TestTimeoutBeganWithALoneSegment(t *testing.T) {
	const late, began, now = segment.Time(1e9), segment.Time(3e9), segment.Time(9e9)
	for _, x := range []struct {
		claim    string
		flight   int
		lastSend segment.Time
		n        int
		began    segment.Time // before
		want     segment.Time
	}{
		{"a segment alone", 1000, began, 2, began, late},
		{"two at once", 2000, began, 2, began, now},
		{"one, and another later", 1000, began + 1, 2, began, now},
		{"the first flight", 1000, began, 1, began, now},
		{"after no silence", 1000, late, 2, late, now},
	} {
		var s Sender
		s.Reset(1000, 100_000)
		s.Start = Start{N: x.n, flight: x.flight, at: x.began, late: late}
		s.lastSend = x.lastSend
		if s.timedOut(now); s.reducedAt != x.want {
			t.Errorf("%s: the episode began at %v, want %v", x.claim, s.reducedAt, x.want)
		}
	}
}

// A flight of one full segment that its ACK lets go on began with a timeout: its window is one segment, also where that before was
// little larger, as if a little of it had been kept back.
func TestTimeoutBeforeAFlightLeavesOneSegment(t *testing.T) {
	for _, window := range []int{2, 4, 8} {
		var s Sender
		s.Reset(1000, 100000)
		s.AtReceiver = true
		s.Handshake(100 * time.Millisecond)
		at, seq := segment.Time(time.Hour), segment.Seq(1)
		send := func(n int) {
			for range n {
				s.Sent(seq, 1000, at)
				seq = seq.Add(1000)
			}
		}
		ack := func() {
			at = at.Add(100 * time.Millisecond)
			s.Acked(seq, nil, seq.Add(100000), false, true, at)
		}
		s.silence = time.Second
		send(10)
		ack()
		s.cwnd, s.most, s.ssthresh, s.basis = window*1000, window*1000, window*1000, Inferred
		at = at.Add(time.Second)
		send(1)
		ack()
		send(2)
		ack()
		if s.Sums.Timeouts != 1 || s.cwnd > 3000 {
			t.Errorf("a window of %d segments, then one and a silence: %d timeouts, a window of %d bytes", window, s.Sums.Timeouts, s.cwnd)
		}
		if f := &s.Start; f.Low != 1000 || f.Best != 1000 || f.Restarted {
			t.Errorf("a window of %d segments, then one and a silence: it began with %d in %d..%d", window, f.Best, f.Low, f.High)
		}
	}
}

// Of a connection begun midway the round trip to the sender is the shortest time to an echo: the
// first may have waited for something to send.
func TestRoundTripMidwayIsTheShortestEcho(t *testing.T) {
	own, peer := &Half{Timestamps: true}, &Half{Timestamps: true}
	own.RTT.add(time.Millisecond)
	var v SenderView
	v.Begin(own, peer, &Handshake{}, false, false)
	at, seq := segment.Time(time.Hour), segment.Seq(1)
	data := func(echo uint32, later time.Duration) {
		at = at.Add(later)
		s := segment.Segment{Seq: seq, Len: 1000, Time: at, Flags: segment.ACK}
		s.Options.HasTimestamps, s.Options.TSEcr = true, echo
		v.Data(&s, own, &Half{}, OfMessage, Way{Handshake: &Handshake{}})
		seq = s.End()
	}
	ack := func(stamp uint32) {
		s := segment.Segment{Ack: seq, Time: at, Flags: segment.ACK}
		s.Options.HasTimestamps, s.Options.TSVal = true, stamp
		v.Ack(&s, seq.Add(100000), own, Way{Handshake: &Handshake{}})
	}
	ack(1000)
	data(1000, 3*time.Second)
	for range 20 {
		data(1000, time.Millisecond)
	}
	if !v.AtReceiver || v.rttToSender != 3*time.Second {
		t.Errorf("one echo: at the receiver %v, %v to the sender, want 3s", v.AtReceiver, v.rttToSender)
	}
	for _, x := range []struct{ later, want time.Duration }{{100, 100}, {200, 100}, {90, 90}} {
		ack(v.probe.stamp + 5000)
		data(v.probe.stamp, x.later*time.Millisecond)
		if v.rttToSender != x.want*time.Millisecond {
			t.Errorf("an echo after %v ms: %v to the sender, want %v ms", x.later, v.rttToSender, x.want)
		}
	}
}

// At the receiver a segment sent again may be the first that comes after the timer went off more than once: it did so first when the silence
// had lasted for the timeout, and again after twice as long (RFC 6298 section 5.5). From the second on who sends looks whether it was in
// vain (see spuriousTimeout): an ACK then takes it back that tells of what was sent once.
func TestTimeoutsAtTheReceiverThatWereNotSeen(t *testing.T) {
	for _, x := range []struct {
		what   string
		rtos   time.Duration // after so many a segment comes that was sent again
		acked  int           // segments, by the ACK that follows
		first  time.Duration // after so many the timer went off first
		inVain bool
	}{
		{"twice, and 5 arrive", 4, 5, 1, true},
		{"twice, and what was sent again arrives alone", 4, 1, 1, false},
		{"once, and 5 arrive", 2, 5, 2, false},
	} {
		var s Sender
		s.Reset(1000, 1<<20)
		s.Handshake(100 * time.Millisecond)
		s.AtReceiver = true
		at := segment.Time(time.Hour)
		for n := range 20 {
			s.Sent(segment.Seq(1+1000*n), 1000, at)
		}
		told := &when{name: "timeout"}
		s.Watch(told)
		began, rto := at, s.rto()
		at = at.Add(x.rtos * rto)
		s.Sent(1, 1000, at)
		if told.at != began.Add(x.first*rto) {
			t.Errorf("%s: told of a timeout after %v, want %v", x.what, told.at.Sub(began), x.first*rto)
		}
		s.Acked(segment.Seq(1+1000*x.acked), nil, 1<<20, false, true, at.Add(100*time.Millisecond))
		if (s.recovery == open) != x.inVain {
			t.Errorf("%s: phase %s", x.what, s.phase())
		}
	}
}

// when keeps when it was last told of an event of a name.
type when struct {
	name string
	at   segment.Time
}

func (*when) Window(segment.Time, Estimate, *Sender) {}
func (w *when) Event(at segment.Time, name string, _, _ int, _ *Sender) {
	if name == w.name {
		w.at = at
	}
}
