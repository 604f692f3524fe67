package tcp

import "tcpwarm/capture/segment"

// An Unacked is the first thing that a half has sent and that is not acknowledged: when it was
// sent, and how often again. Where all is acknowledged, it is the first keep-alive probe that nothing has
// come back for: who lives answers each (RFC 9293 section 3.8.4).
type Unacked struct {
	First   segment.Mark // Packet is 0: all is acknowledged
	Last    segment.Mark // the latest resend
	Resends int64
	Len     int  // bytes of its first segment
	Longest bool // which is longer than all that the half had sent before
	Probe   bool // a keep-alive probe

	heard segment.Time // the other side's latest packet since
	Heard segment.Time // the latest before a resend, 0: there was none
}

// note notes a segment that was sent while una was SND.UNA. What is acknowledged when it is captured counts for nothing.
func (u *Unacked) note(s *segment.Segment, una segment.Seq, longest bool) {
	switch {
	case s.Seq.After(una), !s.End().After(una):
	case u.First.Packet == 0 || u.Probe:
		*u = Unacked{First: s.Mark(), Last: s.Mark(), Len: s.Len, Longest: longest}
	default:
		u.Last, u.Heard = s.Mark(), u.heard
		u.Resends++
	}
}

// probe notes a keep-alive probe.
func (u *Unacked) probe(s *segment.Segment) {
	if u.First.Packet == 0 {
		*u = Unacked{First: s.Mark(), Last: s.Mark(), Len: 1, Probe: true}
		return
	}
	u.Last = s.Mark()
	u.Resends++
}
