package analyze

import (
	"time"

	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// A pace notes what slows a direction down beside the network: a sender that has
// nothing to send, a receiver that has no room, and a sender that waits for an ACK
// which the receiver delays.
type pace struct {
	last  segment.Time // when data was sent
	small bool         // it was less than a full segment
	ack   segment.Time // of all that was out, when it came late; 0 if it did not
	late  time.Duration

	filled        bool  // since the latest ACK, data has filled the offered window
	acks, full    int64 // ACKs, and those of them before which data had
	fullAt        int64 // packet that did first
	stalls, holds verdict.Pauses
}

const (
	leastStall = 200 * time.Millisecond // Linux's least retransmission timeout: a pause that long is no network's
	leastDelay = 35 * time.Millisecond  // Linux delays an ACK for 40 ms at least, in ticks of 4
	mostDelay  = 500 * time.Millisecond // nobody may delay one longer (RFC 9293 section 3.8.6.3)
)

// data notes data of a half, whose message is going on or not; to is what the other
// side offers. away is how long it takes from the capture to that side and back.
func (p *pace) data(s *segment.Segment, own *half, to *tcp.Window, going bool, away, rtt time.Duration) {
	at := s.Mark()
	if to.Known && !own.view.Blind() && to.Edge.Sub(own.Nxt) < own.view.MSS {
		if p.filled = true; p.fullAt == 0 {
			p.fullAt = s.Packet
		}
	}
	switch {
	case !going || p.last == 0 || s.Seq != own.Una || s.End() != own.Nxt || own.Resending():
	case p.ack != 0 && at.Time.Sub(p.ack) <= rtt-away+5*time.Millisecond:
		p.holds.Add(p.late, at) // that ACK let it go (Nagle; RFC 9293 section 3.7.4)
	case at.Time.Sub(max(p.last, to.Moved)) >= max(leastStall, 3*rtt) && 2*to.Offered > to.Most: // else it waits for room
		p.stalls.Add(at.Time.Sub(p.last), at)
	}
	p.last, p.ack = at.Time, 0
	p.small = s.Len < own.view.MSS
}

// acked notes an ACK of a half's data, before it is counted.
func (p *pace) acked(s *segment.Segment, data *half, away time.Duration) {
	full := p.filled
	if p.acks++; full {
		p.full++
		p.filled = false
	}
	if data.Nxt != s.Ack || full { // else what comes has waited for room
		return
	}
	if late := s.Time.Sub(p.last) - away; s.Len == 0 && p.small && late >= leastDelay && late <= mostDelay && s.Ack.After(data.Una) {
		p.ack, p.late = s.Time, late
	}
}

// away returns how long it takes from the capture to the side that d's data goes to,
// and back, and the whole round trip; both as the handshake has shown them.
func (c *conn) away(d segment.Dir) (away, rtt time.Duration) {
	toServer, toClient := c.gaps()
	if d == c.client {
		return toServer, toServer + toClient
	}
	return toClient, toServer + toClient
}

// going reports whether a message of direction d has begun and not ended, as far as
// it can be read.
func (x *exchange) going(d segment.Dir) bool {
	if d == x.conn.client {
		return x.open > x.reading
	}
	return x.reading > 0
}
