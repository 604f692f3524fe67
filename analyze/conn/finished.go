package conn

import "tcpwarm/capture/segment"

// A Finished is what stays of a connection that has ended and is followed no more: it tells its late segments
// from those that begin another connection with the same four numbers.
type Finished struct {
	until   segment.Time // whatever comes belongs to it
	isn     [2]segment.Seq
	nxt     [2]segment.Seq
	sawSYN  [2]bool
	started [2]bool
	closed  bool // by a FIN of each side that the other had acknowledged
}

// Finished returns what stays of c. All that comes until then belongs to it, but for another SYN.
func (c *Conn) Finished(until segment.Time) Finished {
	f := Finished{until: until, closed: c.half[0].FinAcked() && c.half[1].FinAcked()}
	for d := range f.isn {
		h := &c.half[d]
		f.isn[d], f.nxt[d], f.sawSYN[d], f.started[d] = h.ISN, h.Nxt, h.SawSYN, h.Started
	}
	return f
}

// mostStale bounds how far behind a connection's last byte a stale copy of its segments is
// looked for: sixteen bits of window. Beyond it another connection is as likely.
const mostStale = 1 << 16

// Has reports whether s can only be of f: its SYN once more, a FIN, a RST or a bare ACK, which begin
// nothing, or a copy of a segment that it has sent. Who acknowledges more than a FIN is none of its sides, or has never
// had that FIN.
func (f *Finished) Has(s *segment.Segment) bool {
	switch {
	case s.Flags.Has(segment.SYN):
		return f.sawSYN[s.Dir] && s.Seq == f.isn[s.Dir] || s.Flags.Has(segment.ACK) && f.sent(1-s.Dir, s.Ack)
	case f.closed && s.Len > 0 && s.Flags.Has(segment.ACK) && s.Ack.After(f.nxt[1-s.Dir]):
		return false
	case s.Time <= f.until, s.Flags.Has(segment.FIN | segment.RST), s.Len == 0:
		return true
	}
	behind := f.nxt[s.Dir].Sub(s.End())
	return f.started[s.Dir] && behind >= 0 && behind <= mostStale
}

// sent reports whether ack acknowledges something that f has sent in direction d: no SYN of another connection.
func (f *Finished) sent(d segment.Dir, ack segment.Seq) bool {
	return f.sawSYN[d] && ack.After(f.isn[d]) && !ack.After(f.nxt[d])
}

// MayComeAgain reports whether s, which came late, may be sent again for minutes: a FIN is, as long as nobody
// acknowledges it.
func MayComeAgain(s *segment.Segment) bool { return s.Flags.Has(segment.FIN) }
