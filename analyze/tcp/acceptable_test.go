package tcp

import (
	"testing"

	"tcpwarm/capture/segment"
)

// A SACK block counts if it lies between SND.UNA and SND.NXT, by both its ends: one that
// goes round the sequence space has an end that does.
func TestSACKBlocksLieInFlight(t *testing.T) {
	const una = segment.Seq(1<<32 - 5000)
	for _, x := range []struct {
		start, end int
		want       int
	}{
		{2000, 3000, 1000},
		{9000, 10_000, 1000},
		{9000, 10_001, 0},
		{-1, 1000, 0},
		{3000, 2000, 0},
		{2000, 2000, 0},
		{1<<31 - 1, -2, 0},
		{1<<31 - 1, 5000, 0},
		{11_000, 1<<31 + 5000, 0},
	} {
		var s Sender
		s.Reset(1000, 60_000)
		s.Sent(una, 10_000, 1e9)
		s.Acked(una, []segment.Block{{Start: una.Add(x.start), End: una.Add(x.end)}}, una.Add(60_000), false, true, 2e9)
		if got := s.sacked.size(); got != x.want || s.pipe() > 10_000 {
			t.Errorf("%d to %d: %d bytes SACKed, %d in flight, want %d", x.start, x.end, got, s.pipe(), x.want)
		}
	}
}

// Nothing that a sender knows stays more than a window behind what it sends, however much
// of that nobody acknowledges.
func TestAssumedACKsKeepNumbersNear(t *testing.T) {
	var s Sender
	s.Reset(1000, 60_000)
	seq := segment.Seq(1)
	s.Sent(seq, 1000, 1)
	s.Sent(seq, 1000, 2e9) // again, after a timeout
	for i := range 40 {
		at := segment.Time(3+i) * 1e9
		seq = seq.Add(MaxWindow / 4)
		if floor := seq.Add(1000 - MaxWindow); s.una.Before(floor) {
			s.AssumeAcked(floor)
		}
		s.Sent(seq, 1000, at)
		if n := s.nxt.Sub(s.una); n < 0 || n > MaxWindow || s.pipe() < 0 || s.out.n > 8 {
			t.Fatalf("%d bytes not acknowledged, %d in flight, %d segments kept", n, s.pipe(), s.out.n)
		}
	}
	if s.recovery != open {
		t.Error("still in recovery of what was sent long ago")
	}
	s.Acked(seq.Add(1000), nil, seq.Add(61_000), false, true, 1e12)
	if s.pipe() != 0 || s.Offered() != 60_000 {
		t.Errorf("%d in flight, %d offered", s.pipe(), s.Offered())
	}
}

// A FIN that lies before what must have been acknowledged has been, too; one beyond has not.
func TestAssumedFIN(t *testing.T) {
	for _, x := range []struct {
		seq   segment.Seq
		acked bool
	}{{400, false}, {500, false}, {501, true}, {600, true}} {
		h := Half{Started: true, Una: 300, Nxt: 700, SawFIN: true, FinSeq: 500}
		if h.AssumeAcked(x.seq); h.FinAcked() != x.acked {
			t.Errorf("acknowledged up to %d: the FIN at 500 is %v", x.seq, h.FinAcked())
		}
	}
}

// Without ACK only a SYN or a RST is taken (RFC 9293 section 3.10.7).
func TestWithoutACK(t *testing.T) {
	for flags, want := range map[segment.Flags]bool{
		0: false, segment.FIN: false, segment.PSH | segment.FIN: false, segment.SYN: true, segment.RST: true,
		segment.ACK: true, segment.FIN | segment.ACK: true,
	} {
		h, peer := Half{Started: true, Nxt: 100}, Half{Started: true, Nxt: 500}
		if got := h.Acceptable(&segment.Segment{Flags: flags, Seq: 100, Ack: 500}, &peer); got != want {
			t.Errorf("flags %#x: acceptable %v", flags, got)
		}
	}
}

// What is taken to have been acknowledged is sent no more, up to its last byte.
func TestAssumedACKsAreOfWholeSegments(t *testing.T) {
	for _, x := range []struct {
		upTo segment.Seq
		left int32
	}{{1100, 2}, {1101, 2}, {1199, 2}, {1200, 1}, {1300, 0}} {
		var h Half
		for seq := segment.Seq(1100); seq <= 1200; seq += 100 {
			if h.sent.isFull() {
				h.sent.makeRoom()
			}
			h.sent.push(sentSegment{end: seq + 100})
		}
		if h.AssumeAcked(x.upTo); h.sent.n != x.left || h.Una != x.upTo {
			t.Errorf("up to %d: %d are left", x.upTo, h.sent.n)
		}
	}
}
