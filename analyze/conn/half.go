package conn

import (
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/stream"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A Half is one direction of a Conn. It is the sink of its own stream.
type Half struct {
	stream stream.Stream
	View   *tcp.SenderView // of the data it sends, nil before there is any
	tcp.Half
	ResentAt int64 // packet of the first resend

	holes     event.Holes // in the bytes that the capture has of it
	lastBytes int64       // packet of the latest bytes handed on

	latest       uint64 // the latest piece of what was read of it that is kept: see recent
	inconsistent int64  // packet of the first segment that others contradict, 0: none

	fin     segment.Mark // its FIN, packet 0: none
	finSeq  segment.Seq
	finUna  segment.Seq  // what had been acknowledged then
	early   bool         // it came before the bytes that it follows
	doubted segment.Mark // a FIN of finSeq that was taken back because it seemed not to have come, packet 0: none

	conn  *Conn
	dir   segment.Dir
	ended bool // the application knows that no more bytes come
}

// start tells the stream where it begins: after the SYN if that was seen, else
// with the first bytes captured, and then the application must find its way.
func (h *Half) start(seq segment.Seq) {
	if h.SawSYN {
		h.stream.Start(h.ISN.Add(1))
		return
	}
	if first, ok := h.firstUnseen(seq); ok {
		seq = first
	}
	h.stream.Start(seq)
	h.conn.app.Midstream(int(h.dir))
}

// restart has the stream begin anew: the SYN of h that counts has another number than the first.
func (h *Half) restart() {
	if h.stream.HoldsSYN() {
		h.stream.Confirm(h.stream.Next(), h)
		h.stream.Start(h.ISN.Add(1))
	}
}

// startUnseen tells the stream where it begins if the peer has acknowledged bytes, of which the capture
// has none: they are missing. One byte is nobody's message: that is a FIN which was not captured.
func (h *Half) startUnseen() {
	if h.SawSYN && h.streamEnd(h.Una).Sub(h.ISN) > 2 {
		h.stream.Start(h.ISN.Add(1))
	}
}

// firstUnseen returns the first number of what the peer had acknowledged before seq, where h's first captured
// bytes begin, and ok if the capture lacks it: the connection was opened in it, but the SYN of h lacks as well.
func (h *Half) firstUnseen(seq segment.Seq) (first segment.Seq, ok bool) {
	if !h.conn.half[1-h.dir].SawSYN || h.Unseen <= 1 || h.Unseen > tcp.MaxWindow {
		return seq, false
	}
	first = h.Una.Add(-int(h.Unseen))
	return first, first.Before(seq)
}

// reaches reports whether nothing lacks of h before seq: where no bytes of it have come, those would begin behind its SYN.
func (h *Half) reaches(seq segment.Seq) bool {
	if h.stream.Started() {
		return !h.stream.Next().Before(seq)
	}
	return !h.SawSYN || !seq.After(h.ISN.Add(1)) || !seq.After(h.Una)
}

// passes reports whether bytes of h have come from seq on: a FIN there is none that its receiver takes.
func (h *Half) passes(seq segment.Seq) bool { return h.stream.Started() && h.stream.Next().After(seq) }

// mayLackFIN reports whether ack acknowledges one number more than all that has come of h without a hole, though h seems to
// have sent more: what lies behind the hole may be forged, and the one may be that of a FIN which was not captured.
func (h *Half) mayLackFIN(ack segment.Seq) bool {
	return h.stream.Started() && h.Nxt.After(ack) && ack == h.stream.Next().Add(1) && h.Una == ack && !(h.SawFIN && h.FinAcked())
}

// edge returns what lies behind all that has come of h without a hole. What lies behind one may be forged, and moves
// SND.NXT all the same.
func (h *Half) edge() segment.Seq {
	seq := h.Nxt
	switch {
	case h.stream.Started():
		seq = h.stream.Next()
	case h.SawSYN:
		seq = h.ISN.Add(1)
		if h.Una.After(seq) {
			seq = h.Una
		}
	}
	if h.SawFIN && h.FinSeq == seq {
		return seq.Add(1)
	}
	return seq
}

// MissingBytes returns how many bytes of h the capture lacks, as far as that shows.
func (h *Half) MissingBytes() int64 {
	if h.Packets == 0 {
		return h.Unseen
	}
	return h.stream.Missing
}

// streamEnd returns ack as a number of the stream: a FIN takes one but is no byte.
func (h *Half) streamEnd(ack segment.Seq) segment.Seq {
	if h.SawFIN && ack == h.FinSeq.Add(1) {
		return h.FinSeq
	}
	return ack
}

// Bytes hands on what the stream gives.
func (h *Half) Bytes(b []byte, at segment.Mark) {
	h.lastBytes = at.Packet
	h.keep(b, at)
	switch c := h.conn; {
	case c.ended:
	case c.reset.pending:
		c.reset.keep(h.dir, b, at)
	default:
		c.app.Bytes(int(h.dir), b, at)
	}
}

// keep keeps what of b, the next bytes, is more than content, for the case that it comes again.
func (h *Half) keep(b []byte, at segment.Mark) {
	c := h.conn
	if c.ended {
		return
	}
	skip := c.app.Content(int(h.dir))
	if c.reset.pending {
		skip = 0 // what is held back before it has not been read
	}
	if n := int64(len(b)); skip < n {
		h.latest = c.budget.recent.keep(h.latest, h.stream.Offset()-n+skip, b[skip:], at.Packet)
	}
}

// Again takes bytes that have come before.
func (h *Half) Again(b []byte, back int, at segment.Mark) {
	if h.latest == 0 {
		return
	}
	if first := h.conn.budget.recent.differs(h.latest, h.stream.Offset()-int64(back), b); first != 0 {
		h.contradicts(first, at)
	}
}

// Differs says that bytes which wait for others differ from what the segment at has.
func (h *Half) Differs(first, at segment.Mark) { h.contradicts(first.Packet, at) }

// contradicts notes a segment with other bytes than the one of packet first has at the same sequence numbers. Which
// of the two the receiver has taken is not known, nor whatever was read behind them.
func (h *Half) contradicts(first int64, at segment.Mark) {
	h.conn.sink.Inconsistent(at.Packet)
	if h.inconsistent == 0 || first < h.inconsistent {
		h.inconsistent = first
	}
}

// Gap says that n bytes are missing here.
func (h *Half) Gap(n int64, at segment.Mark) {
	h.holes.Add(event.Holes{After: h.lastBytes, Before: at.Packet})
	switch c := h.conn; {
	case c.ended:
	case c.reset.pending:
		c.reset.keepGap(h.dir, n, at)
	default:
		c.app.Gap(int(h.dir), n, at)
	}
}
