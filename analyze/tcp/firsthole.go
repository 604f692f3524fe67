package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// A firstHole is what was lost first, of what is missing, as the receiver's SACKs have it. It was sent again after the ACK that was
// the first to tell of it had come: so that and those before had, and a round trip took no longer.
type firstHole struct {
	open   bool // something is missing
	filled bool // the first of it is not
	ack    segment.Seq
	at     segment.Time  // of the first ACK to tell of it
	rtt    time.Duration // at most, if filled
}

// told notes what an ACK tells of holes.
func (h *firstHole) told(s *segment.Segment) {
	switch open := s.Options.SACKBlocks > 0 && s.Options.SACK[0].Start.After(s.Ack); {
	case !open:
		h.open = false
	case !h.open:
		*h = firstHole{open: true, ack: s.Ack, at: s.Time}
	}
}

// fills reports whether data is what was lost first.
func (h *firstHole) fills(s *segment.Segment) bool {
	if !h.open || h.filled || s.Seq != h.ack {
		return false
	}
	h.filled, h.rtt = true, s.Time.Sub(h.at)
	return true
}
