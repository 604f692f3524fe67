package pool

import (
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Split is a connection to the same endpoint that a pool's first one did without:
// it is known by another name. It was idle; or it speaks HTTP/2, as the first one
// does, and had room.
type Split struct {
	HTTP2        bool
	Conn, Opened int64 // the idle one, and the one opened
	Packet       int64 // of the opening
	Other        string
}

// Split returns the first that was seen; Conn is 0 if none was.
func (p *Pool) Split() Split { return p.detectors.split }

// findSplit looks for an idle connection of the same client to the same endpoint in
// another pool, when c carries the first request of this one. It asks each pool
// only for the connection that has become idle last, or if both are HTTP/2's that was
// used last. A tunnel serves nobody else.
func (p *Pool) findSplit(c *Conn, http2 bool) {
	needed := c.opened.Add(-c.clockOffset)
	for _, q := range c.clientServer.pools {
		if p.detectors.tunnels || q.detectors.tunnels || p.identity != q.identity || q == p || q.merged {
			continue
		}
		if r := q.detectors.lastStreams.conn; http2 && r.servesStill(c.server) &&
			r.limitKnownAt <= needed && len(r.active) < int(r.streamLimit) {
			p.detectors.split = Split{true, r.id, c.id, c.packet, q.Name}
			return
		}
		if r := q.detectors.lastIdle.conn; r.servesStill(c.server) && len(r.active) == 0 && r.lastEnd.known && r.lastEnd.at <= needed {
			p.detectors.split = Split{false, r.id, c.id, c.packet, q.Name}
			return
		}
	}
}

// servesStill reports whether c, which may be nil, leads to server and nobody has ended it.
func (c *Conn) servesStill(server segment.Endpoint) bool {
	return c != nil && c.server == server && c.closedBy == event.Nobody && !c.ended
}

// unsplit forgets p's split if that is from q, which turns out to be the same pool.
func (p *Pool) unsplit(q *Pool) {
	if p.detectors.split.Other == q.Name || slices.ContainsFunc(q.keys, func(k poolKey) bool { return k.name == p.detectors.split.Other }) {
		p.detectors.split = Split{}
	}
}
