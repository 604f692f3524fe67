package tcp

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// What was lost first is sent again for the first ACK that tells of it. What is missing beside it may be sent again sooner, and when
// nothing is missing any more the next loss begins. A report of a duplicate tells of no hole (RFC 2883).
func TestFirstHole(t *testing.T) {
	at := segment.Time(time.Hour)
	ack := func(ms int, ack, sack segment.Seq) *segment.Segment {
		s := &segment.Segment{Ack: ack, Time: at.Add(time.Duration(ms) * time.Millisecond)}
		if sack != 0 {
			s.Options.SACKBlocks = 1
			s.Options.SACK[0] = segment.Block{Start: sack, End: sack.Add(1000)}
		}
		return s
	}
	data := func(ms int, seq segment.Seq) *segment.Segment {
		return &segment.Segment{Seq: seq, Len: 1000, Time: at.Add(time.Duration(ms) * time.Millisecond)}
	}
	var h firstHole
	h.told(ack(0, 1001, 1))
	if h.fills(data(1, 1001)) {
		t.Error("a duplicate was reported, and data is taken to have been lost")
	}
	h.told(ack(10, 1001, 2001))
	h.told(ack(20, 1001, 3001))
	if h.fills(data(30, 5001)) || !h.fills(data(110, 1001)) || h.rtt != 100*time.Millisecond {
		t.Errorf("the first hole: filled %v, a round trip of %v, want 100ms", h.filled, h.rtt)
	}
	h.told(ack(110, 4001, 5001))
	if h.fills(data(111, 4001)) {
		t.Error("the second hole: it was sent again for what had told of it before")
	}
	h.told(ack(111, 6001, 0))
	h.told(ack(200, 8001, 9001))
	if h.filled || !h.fills(data(290, 8001)) || h.rtt != 90*time.Millisecond {
		t.Errorf("the next loss: filled %v, a round trip of %v, want 90ms", h.filled, h.rtt)
	}
}
