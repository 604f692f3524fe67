package analyze

import (
	"tcpwarm/analyze/app/proxy"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// handshake notes the three segments that open a connection, and by them who
// the client is: SYN, then SYN-ACK.
func (c *conn) handshake(s *segment.Segment, at segment.Mark) {
	syn, ack := s.Flags.Has(segment.SYN) && !s.Flags.Has(segment.RST), s.Flags.Has(segment.ACK)
	switch {
	case syn && !ack:
		if c.roleBasis == "" || c.roleBasis == "syn-ack" && c.client == s.Dir {
			c.client, c.roleBasis = s.Dir, "syn"
			if !c.opened { // then the collector reads it
				c.ticket.syn1 = synPrint{s.Seq, s.Options.TSVal}
				if !c.out.together {
					c.ticket.who.SYN = machine(s)
				}
			}
		}
		if c.client == s.Dir && (c.synAck.Packet == 0 || c.syn.Packet == 0) {
			c.synAgain = c.syn.Packet != 0
			c.syn = at // a resent one starts the clock anew: the answer is its
		}
	case syn:
		if c.roleBasis == "" {
			c.client, c.roleBasis = 1-s.Dir, "syn-ack"
		}
		if c.synAck.Packet == 0 && c.client != s.Dir {
			c.synAck = at
		}
	case ack && c.synAck.Packet != 0 && c.ack.Packet == 0 && c.isClient(s.Dir) && !s.Flags.Has(segment.RST):
		c.ack = at
	}
	if !c.opened && c.roleBasis != "" && !(syn && ack) { // the SYN may yet come: captured later, though sent before
		c.open()
	}
}

// machine returns what syn shows of the machine that sent it.
func machine(syn *segment.Segment) pool.SYN {
	o := &syn.Options
	return pool.SYN{Known: true, TTL: syn.TTL, SACK: o.SACKPermitted, Timestamps: o.HasTimestamps}
}

// payloadRole is told by the application who the client is. A handshake, where
// seen, knows better.
func (c *conn) payloadRole(clientIsB bool) { c.believe("payload", clientIsB) }

// portRole guesses the client when nothing else tells: the lower port serves.
func (c *conn) portRole() { c.believe("port", c.key.A.Port < c.key.B.Port) }

// believe takes it that the client is B, or A, unless it is known; nothing is waited for
// any more.
func (c *conn) believe(basis string, clientIsB bool) {
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

// proxied is told of a header of the PROXY protocol in direction dir: whom the proxy
// speaks for, which is the client here. A server sends none.
func (c *conn) proxied(dir int, h proxy.Header) bool {
	c.payloadRole(dir == int(segment.BtoA))
	if dir != int(c.client) {
		return false
	}
	c.speaksFor = c.key.Sender(c.client).Addr
	if h.Known {
		c.speaksFor = c.out.spares.redactor().Addr(h.Source)
	}
	if !c.out.together {
		c.ticket.who.For = c.speaksFor
	}
	return true
}

// clientIsB tells who the client is.
func (c *conn) clientIsB() bool {
	c.portRole()
	return c.client == segment.BtoA
}

func (c *conn) open() {
	c.opened = true
	c.ticket.client, c.ticket.midway = c.client, !c.half[c.client].SawSYN
	c.ward = c.out.ward(c.key.Sender(c.client).Addr)
	c.out.birth(c)
	c.out.event(c).open = true
}

func (c *conn) isClient(d segment.Dir) bool { return c.roleBasis != "" && d == c.client }

func (c *conn) side(d segment.Dir) pool.Side {
	if d == c.client {
		return pool.Client
	}
	return pool.Server
}
