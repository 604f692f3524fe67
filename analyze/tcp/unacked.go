package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// Resent so often, or for so long, something is not merely lost: Linux sends the third time
// 0.6 s after the first at the earliest (RFC 6298 section 5), and after a second the path has
// had its time. Three times at once nobody sends it.
const (
	DeadResends = 3
	DeadSooner  = 500 * time.Millisecond
	DeadAfter   = time.Second
)

// FitsEverywhere is how many bytes of a segment fit into the smallest packet that every path of IPv6
// takes (RFC 8200 section 5).
const FitsEverywhere = 1280 - 40 - 20

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
	signs int32        // how many there were
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

// NeverAcked reports whether it was sent again and again, and the other side gave no sign of life: an ACK that
// was on its way, for as long as a round trip, is none.
func (u *Unacked) NeverAcked(rtt time.Duration) bool {
	return u.resentLong() && u.Heard <= u.First.Time.Add(rtt)
}

// HeardOnce reports whether nothing but one sign of life speaks against NeverAcked. It acknowledges nothing and may be anybody's:
// who lives gives one for each resend.
func (u *Unacked) HeardOnce(rtt time.Duration) bool {
	return u.resentLong() && !u.NeverAcked(rtt) && u.signs == 1
}

// EndsWithin reports whether what was acknowledged last of h ends before what it had sent by then, of which nothing was sent
// again since.
func (h *Half) EndsWithin() bool {
	return h.acked && h.Una.Before(h.Nxt) && h.Unacked.First.Packet == 0
}

// resentLong reports whether it was sent again so often, or for so long, that it is not merely lost. Probes are seconds apart.
func (u *Unacked) resentLong() bool {
	took := u.Last.Time.Sub(u.First.Time)
	return u.First.Packet != 0 && u.Resends > 0 &&
		(took >= DeadAfter || u.Resends >= DeadResends && took >= DeadSooner && !u.Probe)
}

// MayBeTooLong reports whether the path's MTU, not the connection, may be the matter: it is long, the first
// so long, and may be lost for that while short ones pass.
func (u *Unacked) MayBeTooLong() bool { return u.Longest && u.Len > FitsEverywhere }
