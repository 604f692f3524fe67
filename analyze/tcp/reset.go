package tcp

import "tcpwarm/capture/segment"

// A Belief says what the receiver of a RST makes of it, as far as an observer can tell.
type Belief uint8

// The beliefs.
const (
	Taken Belief = iota // it ends the connection
	// Doubtful is one inside the window, but not at what the receiver waits for: that answers
	// with a challenge ACK (RFC 5961 section 3.2), unless the capture lacks what lies between.
	Doubtful
	Ignored // outside the window (RFC 9293 section 3.10.7.4)
)

// BelievesReset says what peer makes of s, a RST that h is said to have sent.
func (h *Half) BelievesReset(s *segment.Segment, peer *Half) Belief {
	if !h.Started {
		return peer.believesRefusal(s)
	}
	switch low := h.leastAwaited(); {
	case (h.acked || h.SawSYN) && s.Seq.Before(low): // else what was sent before the capture began is not known
		return Ignored
	case !s.Seq.After(h.Nxt):
		return Taken
	}
	if !peer.Started && h.onlySYN() {
		return Ignored // it answers what it was asked about another connection
	}
	if edge, known := peer.farthestEdge(h); known && s.Seq.After(edge) {
		return Ignored
	}
	return Doubtful
}

// believesRefusal is for h of which all that is known is what it has sent. Where that is a
// SYN it waits for the answer, and takes a RST by what that acknowledges (RFC 9293 section
// 3.10.7.3).
func (h *Half) believesRefusal(s *segment.Segment) Belief {
	if !h.SawSYN || h.acked {
		return Taken
	}
	if s.Flags.Has(segment.ACK) && s.Ack.After(h.ISN) && !s.Ack.After(h.Nxt) {
		return Taken
	}
	return Ignored
}

// TakesFIN reports whether peer may take a FIN in s, which h is said to have sent: not one that
// lies before what has been acknowledged, an older connection's perhaps, nor one beyond the
// window (RFC 9293 section 3.10.7.4). The capture may lack an ACK, and with it a window more.
func (h *Half) TakesFIN(s *segment.Segment, peer *Half) bool {
	if !h.Started {
		return true
	}
	fin := s.Seq.Add(s.Len)
	if (h.acked || h.SawSYN) && fin.Before(h.Una) && !h.mayHaveAckedFIN(fin) && !(h.leapt && !fin.Before(h.seenNext())) {
		return false // not where more was acknowledged than h has sent: see Unsays
	}
	edge, known := peer.farthestEdge(h)
	return !known || !fin.After(edge.Add(max(peer.Window.Most, peer.Window.Offered)))
}

// HasOneByteAt reports whether a single byte that was acknowledged, the latest that h has sent, has the number of the FIN in s:
// where one of the two is another's, it may be the byte and its acknowledgement.
func (h *Half) HasOneByteAt(s *segment.Segment) bool {
	fin := s.Seq.Add(s.Len)
	return s.Flags.Has(segment.FIN) && h.oneByte && !h.SawFIN && h.Una == h.Nxt && fin.Add(1) == h.Nxt
}

// mayHaveAckedFIN reports whether a FIN at fin may be what was acknowledged last: it is sent again, or its
// acknowledgement was captured before it. A byte that was seen there was no FIN.
func (h *Half) mayHaveAckedFIN(fin segment.Seq) bool {
	if h.SawFIN || fin.Add(1) != h.Una {
		return h.SawFIN && h.FinSeq == fin
	}
	return h.Packets == 0 || h.leapt && h.Nxt == h.Una
}

// leastAwaited returns the least number that the receiver of h may be waiting for. Once it has a
// FIN it takes a RST with the FIN's own number too: its sender answers so to what crossed
// the FIN (Linux, tcp_reset_check).
func (h *Half) leastAwaited() segment.Seq {
	switch {
	case h.FinAcked():
		return h.FinSeq
	case h.leapt: // by what the receiver may not have said
		return h.seenNext()
	}
	return h.Una
}

// farthestEdge returns the right edge of the window that h offers to sender, as far right as it
// may be: where the scale is not known it may be the largest there is.
func (h *Half) farthestEdge(sender *Half) (edge segment.Seq, known bool) {
	w := &h.Window
	if !w.Known {
		return 0, false
	}
	edge = w.Edge
	if !h.SawSYN || !sender.SawSYN {
		edge = edge.Add(min(w.Offered<<maxScale, MaxWindow) - w.Offered)
	}
	if edge.Before(sender.Nxt) {
		edge = sender.Nxt
	}
	return edge, true
}

// maxScale is the largest shift count (RFC 7323 section 2.3).
const maxScale = 14

// Unreset takes back that h has sent a RST.
func (h *Half) Unreset() { h.SawRST = false }

// Challenges reports whether s, which h sends, is what an older connection with the same four
// numbers, one that the server has not forgotten, or a forger answers a SYN with: it acknowledges
// something else. peer, which has sent only its SYN, does not take it, and resets that connection
// (RFC 9293 sections 3.5.1 and 3.10.7.3). Data that acknowledges more may come from behind what the
// capture lacks.
func (h *Half) Challenges(s *segment.Segment, peer *Half) bool {
	const bounds = segment.SYN | segment.FIN
	return !h.Started && peer.SawSYN && !peer.acked && peer.onlySYN() &&
		s.Flags&(segment.RST|segment.ACK) == segment.ACK && (!s.Ack.After(peer.ISN) || s.Ack.After(peer.Nxt)) &&
		(s.Len == 0 || s.Flags&bounds != 0 || s.Ack.Before(peer.Nxt))
}
