package tcp

import "tcpwarm/capture/segment"

// A client takes one SYN-ACK. Where a SYN was sent twice, two may answer it with numbers of
// their own: servers behind a balancer, or one that has forgotten the first. To the one
// that comes second the client says again what it acknowledges (RFC 5961 section 4.2). So
// which of them counts is known by its ACK.

// IsSecondSYNACK reports whether s is a SYN-ACK of h with another number than the one before.
// One that may yet count is kept until ChooseSYNACK, in place of one kept before; lost are
// packets of those that will not, 0 if there is none.
func (h *Half) IsSecondSYNACK(s *segment.Segment) (yes bool, lost int64) {
	const all = segment.SYN | segment.ACK | segment.RST
	if s.Flags&all != segment.SYN|segment.ACK || !h.SawSYN || s.Seq == h.ISN {
		return false, 0
	}
	if !h.onlySYN() {
		return true, s.Packet
	}
	if old := h.second; old != nil {
		if old.Seq == s.Seq { // sent again
			return true, 0
		}
		lost = old.Packet
	}
	second := *s
	second.Payload = nil // the batch's
	h.second, h.hasSecond = &second, true
	return true, lost
}

// ChooseSYNACK decides by what the client acknowledges between two SYN-ACKs of h. It returns
// the second if that counts; or else the packet of the second if that does not, 0 if
// nothing is decided.
func (h *Half) ChooseSYNACK(s *segment.Segment) (counts *segment.Segment, lost int64) {
	if !h.hasSecond || !s.Flags.Has(segment.ACK) || s.Flags.Has(segment.RST) {
		return nil, 0
	}
	second := h.second
	switch {
	case s.Ack.After(h.ISN) && !s.Ack.After(h.Nxt) || !h.onlySYN():
		h.second, h.hasSecond = nil, false
		return nil, second.Packet
	case s.Ack.After(second.Seq) && !s.Ack.After(second.End()):
		h.second, h.hasSecond = nil, false
		h.begin(second)
		return second, 0
	}
	return nil, 0
}

// onlySYN reports whether h has sent no more than its SYN and what that carries, which nobody has acknowledged.
func (h *Half) onlySYN() bool { return !h.acked && h.Nxt == h.SYNEnd() }

// SYNEnd returns what lies behind the SYN of h and what that carries.
func (h *Half) SYNEnd() segment.Seq { return h.ISN.Add(1 + h.synLen) }

// SYNTaken notes that of what the SYN of h carries just what lies before seq was taken: the rest is sent again, as if it
// had not been sent (RFC 7413 section 4.2).
func (h *Half) SYNTaken(seq segment.Seq) {
	if end := h.SYNEnd(); h.Nxt == end && !h.SawFIN && seq.Before(end) && seq.After(h.ISN) {
		h.Nxt, h.synLen = seq, seq.Sub(h.ISN)-1
		h.sent.clear()
	}
}

// UndecidedSYNACK returns the packet of a second SYN-ACK of h that nothing was acknowledged of, 0
// if there is none.
func (h *Half) UndecidedSYNACK() int64 {
	if !h.hasSecond {
		return 0
	}
	return h.second.Packet
}

// begin begins h anew with another SYN-ACK.
func (h *Half) begin(s *segment.Segment) {
	h.Packets++
	h.WireSegments++
	h.Started, h.HasMSS, h.HasWindowScale = false, false, false
	h.Timestamps = s.Options.HasTimestamps
	h.Window = Window{}
	h.sent.clear()
	h.options(s)
	h.Window.offer(s, false, 0)
	h.advance(s)
}
