package tcp

import "tcpwarm/capture/segment"

// A Window is what one side offers to receive: the right edge is its
// acknowledgement plus its window (RFC 9293 section 3.3.1). The edge moves as
// the application reads; where it stands still while data comes, nobody reads.
type Window struct {
	Edge        segment.Seq  // right edge: what the other side may send up to, excluded
	Offered     int          // bytes, scaled, as last offered
	Most        int          // the most that was offered after the SYN
	EdgeAdvance int64        // how far Edge has moved, which wraps: only differences mean something
	Moved       segment.Time // when Edge last went up
	MovedAt     int64        // packet of that
	Scale       int          // shift in force
	Known       bool

	by, acks segment.Seq // the numbers of the segment that it is of (SND.WL1, SND.WL2), valid if Known
}

// offer takes the window that a segment of this side states. The window of a SYN
// is never scaled (RFC 7323 section 2.2).
func (w *Window) offer(s *segment.Segment, scaled bool, scale int) {
	n := int(s.Window)
	if scaled && !s.Flags.Has(segment.SYN) {
		w.Scale = scale
		n <<= scale
	}
	if s.Flags.Has(segment.RST) {
		return // carries no meaningful window
	}
	if w.Known && w.older(s) {
		return
	}
	w.by, w.acks = s.Seq, s.Ack
	if w.Offered = n; !s.Flags.Has(segment.SYN) {
		w.Most = max(w.Most, n)
	}
	if edge := s.Ack.Add(n); !w.Known || edge.After(w.Edge) {
		w.move(edge)
		w.Moved, w.MovedAt, w.Known = s.Time, s.Packet, true
	}
}

// older reports whether s was sent before the segment that w is of, or is nobody's: its receiver does not take its window
// (RFC 9293 section 3.10.7.4), but where it acknowledges more (Linux, tcp_may_update_window).
func (w *Window) older(s *segment.Segment) bool {
	behind := w.by.Sub(s.Seq)
	return !s.Ack.After(w.acks) && (behind > 0 || behind == 0 && s.Ack != w.acks) && behind <= MaxWindow
}

// end returns the right edge as it was last offered: before Edge where the window was taken back.
func (w *Window) end() segment.Seq { return w.acks.Add(w.Offered) }

func (w *Window) move(edge segment.Seq) {
	w.EdgeAdvance += int64(edge.Sub(w.Edge))
	w.Edge = edge
}

// AssumeAcked takes it that the edge has moved to seq at least, though the capture lacks what
// says so: where it is now is not known.
func (w *Window) AssumeAcked(seq segment.Seq) {
	if w.Edge.Before(seq) {
		w.move(seq)
		w.Known = false
	}
}
