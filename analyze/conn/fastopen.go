package conn

import "tcpwarm/capture/segment"

// What a SYN carries nobody has read before the other side has taken it (RFC 7413 section 4.2): the server's answer
// acknowledges all of it, a part or nothing, and the client sends the rest again. So it waits for that.

// holdSYN has the bytes of s, a SYN that own sends, wait until they are acknowledged. It reports whether anybody may take
// them: in a SYN without ACK just a server does.
func (c *Conn) holdSYN(s *segment.Segment, own *Half) bool {
	answers := s.Flags.Has(segment.ACK)
	if !answers && !c.isClient(s.Dir) || own.stream.Started() && !own.stream.HoldsSYN() {
		return false
	}
	c.shake.SYNData = true
	own.stream.HoldSYN()
	return true
}

// goesOnFromSYN decides of the bytes in the SYN of own, whose answer the capture lacks, by s, the next that own sends: it goes
// on from what was taken. What begins further on shows nothing.
func (c *Conn) goesOnFromSYN(s *segment.Segment, own *Half) {
	seq := s.Seq
	if seq.After(own.SYNEnd()) {
		seq = own.ISN.Add(1)
	}
	c.confirmSYN(own, seq)
}

// confirmSYN decides what becomes of the bytes in the SYN of h: what lies before seq was taken. What an answer to a SYN
// carries its receiver may acknowledge after that (Linux, tcp_rcv_synsent_state_process).
func (c *Conn) confirmSYN(h *Half, seq segment.Seq) {
	first := h.ISN.Add(1)
	if !c.isClient(h.dir) {
		seq = h.Nxt
	} else if seq.After(first) {
		c.shake.SYNDataTaken = true
	}
	if seq.Before(first) {
		return
	}
	h.SYNTaken(seq)
	h.stream.Confirm(seq, h)
}
