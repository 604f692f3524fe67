package analyze

import (
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// closing is how a connection's end began.
type closing struct {
	by    pool.Side
	reset bool
	at    segment.Mark
}

// close follows FIN and RST. A direction ends for the application once its
// stream has reached the FIN, or at once by a reset.
func (c *conn) close(s *segment.Segment, own *half, at segment.Mark) {
	if c.over || !s.Flags.Has(segment.FIN|segment.RST) && !own.SawFIN && !c.half[1-s.Dir].SawFIN {
		return
	}
	if s.Flags.Has(segment.FIN | segment.RST) {
		c.portRole()
		c.closes(c.side(s.Dir), s.Flags.Has(segment.RST), at)
	}
	if s.Flags.Has(segment.RST) {
		c.end(at)
		return
	}
	for d := range c.half {
		if h := &c.half[d]; h.SawFIN && !h.ended && (!h.stream.Started() || !h.stream.Next().Before(h.FinSeq)) {
			h.ended = true
			c.app.close(d, at)
		}
	}
	if c.half[0].ended && c.half[1].ended {
		c.end(at)
	}
}

// closes notes who ends the connection: the side of the first FIN, RST or
// close_notify.
func (c *conn) closes(by pool.Side, reset bool, at segment.Mark) {
	if c.closing.by != pool.Nobody {
		return
	}
	if s := c.app.secure; s != nil {
		if client, bye := s.goodbye(); bye.Packet != 0 {
			by, reset, at = speaker(client), false, bye
		}
	}
	c.closing = closing{by, reset, at}
	if by == pool.Server && !reset {
		c.http.crossed()
	}
	c.http.alone()
	c.emit(&pool.Event{Kind: pool.ConnClosing, By: by, Reset: reset, Waiting: by == pool.Client && c.http.open > 0, Time: at.Time, Packet: at.Packet})
}

// closeNotify is told of TLS's close_notify.
func (c *conn) closeNotify(fromClient bool, at segment.Mark) {
	c.closes(speaker(fromClient), false, at)
}

func speaker(client bool) pool.Side {
	if client {
		return pool.Client
	}
	return pool.Server
}

// end concludes the application's part: no bytes come any more.
func (c *conn) end(at segment.Mark) {
	if c.over {
		return
	}
	for d := range c.half {
		h := &c.half[d]
		h.stream.Flush(at, h)
	}
	c.portRole()
	// The client first: an answer may need its request's end to be complete.
	for _, d := range [2]segment.Dir{c.client, 1 - c.client} {
		if h := &c.half[d]; !h.ended {
			h.ended = true
			c.app.close(int(d), at)
		}
	}
	for d := range c.half {
		if v := c.half[d].view; v != nil {
			v.End()
			c.out.hand(c, segment.Dir(d))
		}
	}
	c.over, c.overAt = true, at
	c.http.conclude(at)
	c.app.release()
	carrier := c.http.carrier()
	fewest, most := carrier.bounds()
	if c.http.inside { // what was asked before is sure
		fewest, most = fewest+int64(c.http.tunnel.before), most+int64(c.http.tunnel.before)
	}
	c.ticket.ending = pool.Ending{Refused: c.refused(), Unread: c.http.unread(), Fewer: c.http.facts.count - fewest, More: most - c.http.facts.count,
		Declined: carrier.declined(), Warmth: c.warmths(), Probes: c.http.facts.probes, Probe: c.http.facts.firstProbe.Packet, Gaps: c.half[c.client].missing() > 0 || c.unseen(c.client)}
	c.concluded = true
	c.emit(&pool.Event{Kind: pool.ConnEnded, Time: at.Time, Packet: at.Packet, End: &c.ticket.ending})
}
