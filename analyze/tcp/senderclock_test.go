package tcp

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// When data left, its stamps tell by the data that came with the least delay (RFC 6817 section 3.4), to a millisecond. A clock that
// counts slower tells nothing: it always shows too early. One that counts faster is not looked at (RFC 7323 section 5.4).
func TestSenderClock(t *testing.T) {
	const hour = segment.Time(time.Hour)
	ms := func(n int64) segment.Time { return hour.Add(time.Duration(n) * time.Millisecond) }
	for _, x := range []struct {
		name   string
		stamps []uint32
		latest []int64 // if nothing kept it on its way, ms
		want   int64   // of the last
	}{
		{"the first", []uint32{7}, []int64{100}, 100},
		{"as late as the first", []uint32{7, 57}, []int64{100, 150}, 150},
		{"kept for 30 ms", []uint32{7, 57}, []int64{100, 180}, 150},
		{"the first was kept for 20 ms", []uint32{7, 57, 67}, []int64{120, 150, 190}, 160},
		{"beyond the last stamp", []uint32{1<<32 - 1, 49}, []int64{100, 170}, 150},
		{"ticks of 10 ms", []uint32{7, 12}, []int64{100, 150}, 105},
	} {
		var c senderClock
		var got segment.Time
		for i, stamp := range x.stamps {
			got = c.sent(stamp, ms(x.latest[i]))
		}
		if got != ms(x.want) {
			t.Errorf("%s: sent at %v, want %v ms", x.name, got.Sub(hour), x.want)
		}
	}
	var c senderClock
	c.sent(0, ms(0))
	if got := c.sent(2000, ms(2)); got != 0 {
		t.Errorf("ticks of a microsecond: sent at %v, want not known", got.Sub(hour))
	}
}

// An ACK takes half of the shortest round trip to the sender: of the handshake's, which may have been a slow one, and those of what
// the receiver has sent.
func TestShortestRoundTripToTheSender(t *testing.T) {
	for _, x := range []struct {
		samples []time.Duration
		want    time.Duration
	}{
		{nil, 100},
		{[]time.Duration{120, 90, 95}, 90},
		{[]time.Duration{120}, 100},
	} {
		own, peer := &Half{Timestamps: true}, &Half{Timestamps: true}
		for _, d := range x.samples {
			peer.RTT.add(d * time.Millisecond)
		}
		at := segment.Time(time.Hour)
		h := &Handshake{SYN: segment.Mark{Packet: 1, Time: at}, SYNACK: segment.Mark{Packet: 2, Time: at.Add(100 * time.Millisecond)},
			ACK: segment.Mark{Packet: 3, Time: at.Add(100 * time.Millisecond)}}
		var v SenderView
		v.Begin(own, peer, h, false, false)
		v.Data(&segment.Segment{Seq: 1, Len: 1000, Time: at.Add(time.Second)}, own, peer, OfMessage, Way{Handshake: h})
		if !v.AtReceiver || v.rttToSender != x.want*time.Millisecond {
			t.Errorf("%v: %v to the sender, want %v ms", x.samples, v.rttToSender, x.want)
		}
	}
}

// A sender that paces spreads over half of the round trip what would come at once: a train of ACKs that long does not end its slow
// start, one as long as the whole does (Linux's hystart_update). At the receiver the stamps of data show that it left after the ACK.
func TestTrainOfASenderThatPaces(t *testing.T) {
	for _, x := range []struct {
		name       string
		hasClock   bool
		atReceiver bool
		late       time.Duration // of every second segment
		ends       time.Duration // how long a train ends slow start
	}{
		{"not paced", false, false, 0, 51},
		{"paced", true, false, 0, 102},
		{"at the receiver, not paced", false, true, 0, 51},
		{"at the receiver, late by less than stamps show", false, true, 2 * time.Millisecond, 51},
		{"at the receiver, paced", false, true, 3 * time.Millisecond, 102},
	} {
		var s Sender
		s.Reset(1000, 1<<20)
		s.AtReceiver = x.atReceiver
		s.Handshake(100 * time.Millisecond)
		at := segment.Time(time.Hour)
		s.begin(1)
		s.push(100001, 0, at)
		for n := range 16 {
			s.sentBy = at.Add(x.late * time.Duration(n%2))
			s.late(at)
		}
		s.hasClock, s.rushes, s.cwnd = x.hasClock, leastRushes, 20000 // rushes: not BBR
		var ended time.Duration
		for d := time.Duration(0); d < 120 && ended == 0; d++ {
			if s.delays(100*time.Millisecond, at.Add(d*time.Millisecond)); s.ssthresh != never {
				ended = d
			}
		}
		if ended != x.ends {
			t.Errorf("%s: slow start ends by a train of %d ms, want %d", x.name, ended, x.ends)
		}
	}
}

// A sender that paces has less in flight than its window permits while its clock keeps the rest: at the receiver that ends no slow
// start, and it does where nothing is late.
func TestPacedSlowStartAtTheReceiver(t *testing.T) {
	for _, paced := range []bool{false, true} {
		var s Sender
		s.Reset(1000, 1<<20)
		s.AtReceiver = true
		s.Handshake(100 * time.Millisecond)
		at := segment.Time(time.Hour)
		s.begin(1)
		s.push(20001, 0, at)
		for range 16 {
			if s.sentBy = 0; paced {
				s.sentBy = at.Add(10 * time.Millisecond)
			}
			s.late(at)
		}
		s.sentBy, s.cwnd, s.basis, s.lastFull = 0, 40000, Inferred, true
		s.observe(20000, 20000, &burst{at: at}, 0)
		if ended := s.ssthresh != never; ended == paced || paced && s.cwnd != 40000 {
			t.Errorf("paced %v: slow start has ended: %v, a window of %d", paced, ended, s.cwnd)
		}
	}
}

// What a sender that paces has let out by now does not show at the receiver that its window was full.
func TestPacedBurstAtTheReceiverIsNoFullWindow(t *testing.T) {
	for _, paced := range []bool{false, true} {
		var s Sender
		s.Reset(1000, 1<<20)
		s.AtReceiver = true
		at := segment.Time(time.Hour)
		s.begin(1)
		s.push(10001, 0, at)
		for range 16 {
			if s.sentBy = 0; paced {
				s.sentBy = at.Add(10 * time.Millisecond)
			}
			s.late(at)
		}
		s.cwnd, s.lastFull = 40000, true
		s.burst = burst{on: true, at: at, sent: 2000, acked: 1000, full: true, window: 40000, before: 8000}
		s.finishBurst(at, 10000)
		if s.limited == paced {
			t.Errorf("paced %v: 10 of 40 in flight, the window was full: %v", paced, s.limited)
		}
	}
}

// A round trip begins when the segment left, by its stamp, not when an ACK had made room for it.
func TestRoundTripOfALateSegment(t *testing.T) {
	var s Sender
	s.Reset(1000, 1<<20)
	s.AtReceiver = true
	at := segment.Time(time.Hour)
	s.sentBy = at.Add(30 * time.Millisecond)
	s.Sent(1, 1000, at)
	s.Acked(1001, nil, 100000, false, true, at.Add(100*time.Millisecond))
	if s.minRTT != 70*time.Millisecond {
		t.Errorf("a round trip of %v, want 70ms", s.minRTT)
	}
}

// What the sender's clock, as the receiver's capture has it, leaps over is no silence while data has come.
func TestNoTimeoutWhileDataCame(t *testing.T) {
	for _, silence := range []time.Duration{100 * time.Millisecond, time.Second} {
		var s Sender
		s.Reset(1000, 1<<20)
		s.AtReceiver = true
		s.Handshake(100 * time.Millisecond)
		at := segment.Time(time.Hour)
		s.Sent(1, 1000, at)
		s.Acked(1001, nil, 100000, false, true, at.Add(100*time.Millisecond))
		s.waiting, s.silence = true, silence
		s.Sent(1001, 1000, at.Add(1100*time.Millisecond))
		if timedOut := s.Sums.Timeouts > 0; timedOut != (silence == time.Second) {
			t.Errorf("nothing came for %v: a timeout: %v", silence, timedOut)
		}
	}
}

// The window of BBR's model is full to within a tenth, below or above.
func TestModelIsFilled(t *testing.T) {
	for packets, want := range map[int]bool{17: false, 18: true, 20: true, 22: true, 23: false} {
		var s Sender
		s.Reset(1000, 60_000)
		if s.fillsModel(packets * 1000) {
			t.Error("there is no model")
		}
		if s.bbr = (bbr{on: true, cwnd: 20}); s.fillsModel(packets*1000) != want {
			t.Errorf("%d of 20: %v", packets, !want)
		}
	}
}

// A sender with a clock is kept by its window if it stops often, of itself and beside what the clock lets out.
func TestStopsOften(t *testing.T) {
	for _, x := range []struct {
		stops, unprompted int32
		want              bool
	}{{clocks.stops, clocks.stops * clocks.share, true}, {clocks.stops, clocks.stops*clocks.share + 1, false}, {clocks.stops - 1, 1, false}} {
		var s Sender
		if s.stops, s.unprompted = x.stops, x.unprompted; s.stopped() != x.want {
			t.Errorf("%d stops, %d unprompted: %v", x.stops, x.unprompted, !x.want)
		}
	}
}

// What an ACK lets out was not kept by the window where that had more room than a sender leaves, nothing was sent for a
// while, and then at once more than the ACK makes room for, of a message that goes on.
func TestFullSendBufferLeavesRoom(t *testing.T) {
	const mss = 1000
	for _, x := range []struct {
		claim  string
		change func(*Sender, *burst)
		want   bool
	}{
		{"a full send buffer", func(*Sender, *burst) {}, true},
		{"as much room as a sender leaves", func(_ *Sender, b *burst) { b.before++ }, false},
		{"no more than is let out twice over, and a sender leaves", func(_ *Sender, b *burst) { b.sent-- }, false},
		{"no while before", func(_ *Sender, b *burst) { b.quiet-- }, false},
		{"not at once", func(_ *Sender, b *burst) { b.first++ }, false},
		{"the message ends", func(s *Sender, _ *burst) { s.Message = Complete }, false},
		{"at the receiver", func(s *Sender, _ *burst) { s.AtReceiver = true }, false},
	} {
		var s Sender
		s.Reset(mss, 60*mss)
		s.Message = UnderWay
		b := burst{at: 1e9, first: segment.Time(1e9).Add(2 * prompt), quiet: 2*prompt + 1, acked: mss, sent: 5*mss + 1, window: 20 * mss}
		b.before = b.window - s.deferred() - 1
		if x.change(&s, &b); s.hadRoom(&b) != x.want {
			t.Errorf("%s: %v", x.claim, !x.want)
		}
	}
}
