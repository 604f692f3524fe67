package pool

import (
	"slices"

	"tcpwarm/capture/segment"
)

// The Split detector looks, once for each pool, for a connection to the same address that the
// pool's first one could have done without, but for the name it is known by. That was idle;
// or it speaks HTTP/2, as the first one does, and had room.
type Split struct {
	HTTP2        bool
	Conn, Opened int64  // the one that was there, and the one opened
	Packet       int64  // of the opening
	Other        string // the name of the one that was there
}

// Split returns the first that was seen; Conn is 0 if none was.
func (p *Pool) Split() Split { return p.seen().split }

// findSplit looks for an idle connection of the same client to the same address in
// another pool, when c carries the first request of this one. It asks each pool
// only for the connection that has become idle last, or if both are HTTP/2's that was
// used last. A tunnel serves nobody else.
func (s *clientShard) findSplit(p *Pool, c *Conn, http2 bool) {
	for _, q := range c.clientServer.pools {
		if !p.couldShare(q) {
			continue
		}
		if r := q.detectors.lastStreams.conn; http2 && r.servesStill(c) && r.hadRoomFor(c) {
			s.rare(p).split = Split{true, r.id, c.id, c.packet, q.Name}
			return
		}
		if r := q.detectors.lastIdle.conn; r.servesStill(c) && r.wasIdleFor(c) {
			s.rare(p).split = Split{false, r.id, c.id, c.packet, q.Name}
			return
		}
	}
}

// couldShare reports whether connections of q could serve p, if it were not for the name.
func (p *Pool) couldShare(q *Pool) bool {
	return p != q && !q.merged &&
		p.identity == q.identity &&
		!p.seen().tunnels && !q.seen().tunnels
}

// servesStill reports whether r, which may be nil, leads where c does and nobody has ended it.
func (r *Conn) servesStill(c *Conn) bool {
	return r != nil && r.server() == c.server() && r.isOpen()
}

// hadRoomFor reports whether r's client knew when it opened c that r takes several
// transactions at once, and r has room for one.
func (r *Conn) hadRoomFor(c *Conn) bool {
	return r.limitKnownAt <= c.neededAt() && len(r.active) < int(r.streamLimit)
}

// wasIdleFor reports whether r was idle when c was opened, and is.
func (r *Conn) wasIdleFor(c *Conn) bool {
	return r.idle() && r.lastEnd.at <= c.neededAt()
}

// neededAt returns when c's client opened it, on its own clock.
func (c *Conn) neededAt() segment.Time { return c.opened.Add(-c.clockOffset) }

// unsplit forgets p's split if that is from q, which turns out to be the same pool.
func (p *Pool) unsplit(q *Pool) {
	x := p.detectors.rare
	if x == nil {
		return
	}
	other := x.split.Other
	if other == q.Name || slices.ContainsFunc(q.keys, func(k poolKey) bool { return k.name == other }) {
		x.split = Split{}
	}
}
