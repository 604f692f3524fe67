package conn

import (
	"tcpwarm/analyze/app/proxy"
	"tcpwarm/analyze/app/socks"
	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// handshake notes the three segments that open a connection, and by them who
// the client is: SYN, then SYN-ACK.
func (c *Conn) handshake(s *segment.Segment, at segment.Mark) {
	syn, ack := s.Flags.Has(segment.SYN) && !s.Flags.Has(segment.RST), s.Flags.Has(segment.ACK)
	switch {
	case syn && !ack:
		if c.roleBasis == "" || c.roleBasis == "syn-ack" && c.client == s.Dir {
			c.client, c.roleBasis = s.Dir, "syn"
			if !c.opened {
				c.id.SYN = SYNFingerprint{s.Seq, s.Options.TSVal}
				if !c.env.OneClient {
					c.id.Traits = synTraits(s)
					c.who.SYN = c.id.Traits
				}
			}
		}
		if c.client == s.Dir && (c.shake.SYN.Packet == 0 || c.shake.SYNACK.Packet == 0 && c.mayBeSentAgain(s)) {
			c.shake.SYNResent = c.shake.SYN.Packet != 0
			c.shake.SYN = at // a resent one starts the clock anew: the answer is its
		}
	case syn:
		if c.roleBasis == "" {
			c.client, c.roleBasis = 1-s.Dir, "syn-ack"
		}
		if c.shake.SYNACK.Packet == 0 && c.client != s.Dir {
			c.shake.SYNACK = at
		}
	case ack && c.shake.SYNACK.Packet != 0 && c.shake.ACK.Packet == 0 && c.isClient(s.Dir) && !s.Flags.Has(segment.RST):
		c.shake.ACK = at
	}
	if !c.opened && c.roleBasis != "" && !(syn && ack) { // the SYN may yet come: captured later, though sent before
		c.open()
	}
}

// lateSYN reports whether s, which own sends, is a SYN that comes once more, behind the answer to it, and carries bytes: these
// are not taken any more (RFC 9293 section 3.10.7.4).
func (c *Conn) lateSYN(s *segment.Segment, own *Half) bool {
	return s.Flags&(segment.SYN|segment.ACK) == segment.SYN && s.Len > 0 && own.SawSYN && c.shake.SYNACK.Packet != 0
}

// synTraits returns what syn shows of the machine that sent it.
func synTraits(syn *segment.Segment) event.SYN {
	o := &syn.Options
	if o.Bad || o.Cut { // what is not there may be cut off, or damaged
		return event.SYN{}
	}
	return event.SYN{Known: true, TTL: syn.TTL, SACK: o.SACKPermitted, Timestamps: o.HasTimestamps}
}

// PayloadRole is told by the application who the client is. A handshake, where
// seen, knows better.
func (c *Conn) PayloadRole(clientIsB bool) { c.believe("payload", clientIsB) }

// portRole guesses the client when nothing else tells: the lower port serves; of two alike that
// of who was not seen first.
func (c *Conn) portRole() {
	a, b := c.id.Key.A.Port, c.id.Key.B.Port
	c.believe("port", a < b || a == b && c.first == segment.BtoA)
}

// believe takes it that the client is B, or A, unless it is known; nothing is waited for
// any more.
func (c *Conn) believe(basis string, clientIsB bool) {
	if c.roleBasis == "" {
		c.client, c.roleBasis = segment.AtoB, basis
		if clientIsB {
			c.client = segment.BtoA
		}
	}
	if !c.opened {
		c.open()
	}
}

// Proxied is told of a header of the PROXY protocol in direction dir: whom the proxy
// speaks for, which is the client here. A server sends none.
func (c *Conn) Proxied(dir int, h proxy.Header) bool {
	c.PayloadRole(dir == int(segment.BtoA))
	if dir != int(c.client) {
		return false
	}
	c.proxiedClient = c.id.Key.Sender(c.client).Addr
	if h.Known {
		c.proxiedClient = c.env.Readers.Names.Addr(h.Source)
	}
	if !c.env.OneClient {
		c.who.ProxiedClient = c.proxiedClient
	}
	return true
}

// Tunneled is told of a SOCKS proxy that has connected the client to a target.
func (c *Conn) Tunneled(h socks.Handshake) {
	c.http.target = c.env.Readers.Names.Host(h.Target)
	c.http.targetRoundTrips += h.RoundTrips
}

// ClientIsB tells who the client is.
func (c *Conn) ClientIsB() bool {
	c.portRole()
	return c.client == segment.BtoA
}

func (c *Conn) open() {
	c.opened = true
	c.id.Client, c.id.SYNUnseen = c.client, !c.half[c.client].SawSYN
	// The answer to a SYN is not a round trip away: who sees it knows when the connection was opened.
	c.id.Midstream = c.id.SYNUnseen && c.shake.SYNACK.Packet == 0
	c.sink.Opened()
}

func (c *Conn) isClient(d segment.Dir) bool { return c.roleBasis != "" && d == c.client }

// bothSides returns the directions, the client's first; while that is not known, that of who was seen
// first. Which address is the lower one must decide nothing: redacted it is another.
func (c *Conn) bothSides() [2]segment.Dir {
	if c.roleBasis != "" {
		return [2]segment.Dir{c.client, 1 - c.client}
	}
	return [2]segment.Dir{c.first, 1 - c.first}
}

func (c *Conn) side(d segment.Dir) event.Side {
	if d == c.client {
		return event.Client
	}
	return event.Server
}

// Refused reports an attempt that the server never took: answered by RST, or
// not at all.
func (c *Conn) Refused() bool {
	server := &c.half[1-c.client]
	return c.shake.SYN.Packet != 0 && c.shake.SYNACK.Packet == 0 && server.PayloadBytes == 0
}

// Contests reports whether s, by which c is superseded, may be forged or an older connection's: nobody
// has ended c, and both its sides have spoken, or its server has not answered yet. The receiver of s
// answers with a challenge ACK (RFC 5961 section 4.2) or acknowledges one of the two SYNs, and only
// what follows tells; see Decides.
func (c *Conn) Contests(s *segment.Segment) bool {
	if s.Flags.Has(segment.ACK) || c.State() != Open {
		return false
	}
	if c.shake.SYN.Packet != 0 && c.shake.SYNACK.Packet == 0 {
		return s.Dir == c.client && c.half[1-s.Dir].Packets == 0
	}
	return c.half[0].Packets > 0 && c.half[1].Packets > 0
}

// SameSYN reports whether b is a copy of a, a SYN of the same two ends, or was sent again.
func SameSYN(a, b *segment.Segment) bool { return a.Dir == b.Dir && a.Seq == b.Seq }

// MayBegin reports whether s may be the first of a connection that is seen from its beginning.
func MayBegin(s *segment.Segment) bool { return s.Flags.Has(segment.SYN) }

// MayEnd reports whether s may end a connection, or half of it.
func MayEnd(s *segment.Segment) bool { return s.Flags&(segment.FIN|segment.RST) != 0 }

// Decides reports what s shows of syn, which contests c: that it begins another connection, for
// it is answered or its sender goes on from it; or that it begins none, for its sender goes on
// with c, or resets that first. Where its number leaves both open, what it acknowledges tells: another
// connection's server would have begun anew. Who acknowledges what the server of c has sent may have sent
// nothing: that waits for the server.
func (c *Conn) Decides(syn, s *segment.Segment) (begins, none bool) {
	own, peer := &c.half[s.Dir], &c.half[1-s.Dir]
	within := !s.Seq.Before(own.Una) && !s.Seq.After(own.Nxt) // what is sent again too
	goesOn := s.Flags&(segment.SYN|segment.RST|segment.ACK) == segment.ACK &&
		within && !s.Ack.Before(peer.Una) && !s.Ack.After(peer.Nxt)
	switch bySender := s.Dir == syn.Dir; {
	case !bySender && s.Flags.Has(segment.RST) && s.Seq == own.Nxt && s.Seq != 0:
		return false, true // it ends c: what refuses a SYN has number 0 (RFC 9293 section 3.10.7.1)
	case !bySender:
		return !goesOn && s.Flags.Has(segment.ACK) && s.Ack.After(syn.Seq) && s.Ack.Sub(syn.End()) <= mostBehindSYN, false
	case s.Flags.Has(segment.SYN):
		return false, false // who forges one can forge it twice
	case s.Flags.Has(segment.RST):
		return false, true
	}
	if s.Seq != syn.End() || goesOn {
		return false, true
	}
	return !peer.has(s.Ack), false
}

// mostBehindSYN is how many bytes the answer to a SYN may acknowledge behind it where the SYN-ACK was not captured: the
// window of that is not scaled (RFC 7323 section 2.2).
const mostBehindSYN = 1<<16 - 1

// has reports whether ack acknowledges something that h has sent: of another connection with the same four numbers it would
// acknowledge a SYN with another number.
func (h *Half) has(ack segment.Seq) bool { return h.SawSYN && ack.After(h.ISN) && !ack.After(h.Nxt) }

// Damaged reports whether nobody takes s, for its checksum: it belongs to c and is to be counted, no more.
func (c *Conn) Damaged(s *segment.Segment) bool { return c.half[s.Dir].Damaged(s) }

// SupersededBy reports whether s begins another connection with the same four
// numbers. A SYN sent again is not one.
func (c *Conn) SupersededBy(s *segment.Segment) bool {
	h := &c.half[s.Dir]
	if !s.Flags.Has(segment.SYN) || s.Flags.Has(segment.RST) {
		return false
	}
	if h.Copy(s) {
		return false
	}
	again := h.SawSYN && h.ISN == s.Seq
	over := c.ended || c.reset.exists() && !c.reset.doubtful
	if s.Flags.Has(segment.ACK) {
		return over && !again && h.SawSYN && !c.half[1-s.Dir].has(s.Ack)
	}
	switch {
	case again && c.shake.SYNACK.Packet != 0:
		return false // come late: no other connection would begin with the same number
	case h.SawSYN && !again:
		return true
	case !h.SawSYN && c.roleBasis == "syn-ack" && c.client == s.Dir && h.Una == s.Seq.Add(1):
		return false // the SYN-ACK was captured first
	case !h.SawSYN && c.roleBasis == "syn":
		return over // split handshake or simultaneous open (RFC 9293 section 3.5)
	case !h.SawSYN:
		return true
	}
	return c.ended // one that was refused just now may be tried again with the same number
}
