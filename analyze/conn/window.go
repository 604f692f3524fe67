package conn

import (
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// MaxSamples is how many samples a direction keeps before it hands them on: some 64 kB, a small part of what the
// connections of a shard may take, or one that goes on for long would be given up for them.
const MaxSamples = 512

// flushSamples hands on how the window of direction d has grown.
func (c *Conn) flushSamples(d segment.Dir) {
	if v := c.half[d].View; c.env.KeepSamples && len(v.Samples()) > 0 {
		c.sink.Samples(d, v.TakeSamples())
	}
}

// watch begins the view of direction d with its first data.
func (c *Conn) watch(d segment.Dir) *tcp.SenderView {
	v := c.views[d]
	if v == nil {
		v = new(tcp.SenderView)
		c.views[d] = v
	}
	v.Begin(&c.half[d].Half, &c.half[1-d].Half, &c.shake, d == c.client, c.env.KeepSamples)
	return v
}

// way returns the way of what direction d sends.
func (c *Conn) way(d segment.Dir) tcp.Way {
	return tcp.Way{Handshake: &c.shake, FromClient: d == c.client}
}

// part says what data of direction d is part of, as far as it can be read. Whether all that was asked
// has been asked to its end is looked at only after a rest: many may be waiting.
func (x *httpTracker) part(d segment.Dir, rested bool) tcp.Part {
	switch {
	case d == x.conn.client && x.open <= x.reading, d != x.conn.client && x.reading == 0:
		return tcp.OfNone
	case d == x.conn.client && rested && !x.conn.app.Sealed() && !x.asks(): // where a sealed request ends does not show
		return tcp.OfNext
	}
	return tcp.OfMessage
}

// asks reports whether a request has begun and not ended.
func (x *httpTracker) asks() bool {
	for _, t := range x.judgedApp().PayloadLayer().Waiting() {
		if !t.RequestDone {
			return true
		}
	}
	return false
}

// message says what is known of what direction d sends: a server has nothing left to send when all that it was
// asked is answered.
func (x *httpTracker) message(d segment.Dir) tcp.Message {
	switch {
	case d == x.conn.client:
	case x.reading > 0:
		return tcp.UnderWay
	case x.open == 0 && x.facts.Count > 0:
		return tcp.Complete
	}
	return tcp.MessageUnknown
}
