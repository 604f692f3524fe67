package analyze

import (
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// window tells c's estimators of a segment. The order matters: an ACK opens the
// window that the data behind it uses.
func (c *conn) window(s *segment.Segment, own, peer *half, kind tcp.Kind) {
	if s.Flags.Has(segment.RST) {
		return
	}
	if v := peer.view; v != nil && s.Flags.Has(segment.ACK) && own.Window.Known {
		v.Ack(s, s.Ack.Add(own.Window.Offered), &peer.Half, c.path(1-s.Dir))
	}
	if s.Len == 0 || kind != tcp.Ordinary {
		return
	}
	if own.view == nil {
		if !c.app.texts && c.out.series == nil {
			return // nobody will see it
		}
		own.view = c.watch(s.Dir)
	}
	own.view.Data(s, &own.Half, &peer.Window, c.http.inMessage(s.Dir), c.path(s.Dir))
	if len(own.view.Samples()) >= maxSamples {
		c.out.hand(c, s.Dir)
	}
}

// watch begins the view of direction d with its first data.
func (c *conn) watch(d segment.Dir) *tcp.SenderView {
	v := c.spare[d]
	if v == nil {
		v = new(tcp.SenderView)
		c.spare[d] = v
	}
	v.Begin(&c.half[d].Half, &c.half[1-d].Half, &c.shake, d == c.client, c.out.series != nil)
	return v
}

// path returns how long packets of direction d take, as the handshake has shown it.
func (c *conn) path(d segment.Dir) tcp.Path {
	toServer, toClient := c.shake.RTTs()
	p := tcp.Path{RTT: toServer + toClient, RTTToReceiver: toClient}
	if d == c.client {
		p.RTTToReceiver = toServer
	}
	return p
}

// inMessage reports whether a message of direction d has begun and not ended, as far as
// it can be read.
func (x *exchange) inMessage(d segment.Dir) bool {
	if d == x.conn.client {
		return x.open > x.reading
	}
	return x.reading > 0
}
