package conn

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Who sees a client's SYN can forge a copy of it, with another TTL or other options, and where that is captured first
// the connection would seem to be another machine's. Which of two is the client's own, its later segments tell by
// their TTL; of options nothing does, for the server may have answered either.

// synCopies are what SYNs with the number of the first show of who sent them, as far as it is something else.
type synCopies struct {
	ttl     uint8        // of the last with another TTL, 0: none
	other   segment.Mark // the first with anything else, packet 0: none
	options bool         // one had other options
	later   uint8        // the TTL of the client's segments behind them, 0: none were seen
	mixed   bool         // these had several, or a third SYN had one of its own
	settled bool         // what the client's SYN shows does not change any more
}

// resentAfter is the least time after which a client sends a SYN again that was not answered: a second (RFC 6298 section
// 2.1), to within a tick. By then it may leave options out, for something on the path may not bear them (FreeBSD,
// tcp_timer_rexmt). A copy that is forged because the client's own was seen is there at once.
const resentAfter = 990 * time.Millisecond

// noteClientSYN notes what s, a segment of the client's, shows of who sent it, where its SYN came in several versions.
func (c *Conn) noteClientSYN(s *segment.Segment) {
	x := &c.synCopies
	if x.settled || !c.who.SYN.Known || s.Dir != c.client || s.Flags.Has(segment.RST) {
		return
	}
	if !s.Flags.Has(segment.SYN) {
		if x.other.Packet != 0 {
			x.mixed = x.mixed || x.later != 0 && x.later != s.TTL
			x.later = s.TTL
		}
		return
	}
	shows, first := synTraits(s), c.who.SYN
	own := &c.half[s.Dir]
	if shows == first || s.Seq != own.ISN || c.shake.SYNACK.Packet != 0 && c.shake.SYN.Packet < c.shake.SYNACK.Packet {
		return // behind the answer: that was not to s
	}
	if shows.TTL != first.TTL {
		x.mixed = x.mixed || x.ttl != 0 && x.ttl != shows.TTL
		x.ttl = shows.TTL
	} else if c.mayBeSentAgain(s) {
		return
	}
	x.options = x.options || shows.SACK != first.SACK || shows.Timestamps != first.Timestamps
	if x.other.Packet == 0 {
		x.other = s.Mark()
	}
}

// mayBeSentAgain reports whether s, a SYN of the client's that is not its first, may be that one sent again: it shows
// the same, or comes late enough.
func (c *Conn) mayBeSentAgain(s *segment.Segment) bool {
	return !c.who.SYN.Known || synTraits(s) == c.who.SYN || s.Time.Sub(c.id.First.Time) >= resentAfter
}

// settleClientSYN decides what the client's SYN shows of it, where it came in several versions: nothing, if which of them
// is the client's own is not known. Then whatever rests on who the client is is as uncertain as what rests on bytes in two
// versions.
func (c *Conn) settleClientSYN() {
	x := &c.synCopies
	if x.other.Packet == 0 && c.deniesSYN() {
		x.other, x.options = c.shake.SYN, true
	}
	if x.settled || x.other.Packet == 0 {
		return
	}
	x.settled = true
	if syn := &c.who.SYN; !x.options && !x.mixed && (x.later == syn.TTL || x.later == x.ttl) {
		syn.TTL = x.later
		return
	}
	c.who.SYN = event.SYN{}
	c.half[c.client].contradicts(c.id.First.Packet, x.other)
}

// deniesSYN reports whether the client's SYN cannot have been what was captured: the server permits SACK, or the client
// sends timestamps, for which it had not asked (RFC 2018 section 2, RFC 7323 section 3.2).
func (c *Conn) deniesSYN() bool {
	syn := &c.who.SYN
	return syn.Known && (!syn.SACK && c.half[1-c.client].SACKPermitted || !syn.Timestamps && c.half[c.client].Timestamps)
}

// ClientSYN returns what the client's SYN shows of it.
func (c *Conn) ClientSYN() event.SYN { return c.who.SYN }
