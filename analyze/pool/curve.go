package pool

import (
	"cmp"
	"slices"
	"time"

	"tcpwarm/capture/segment"
)

// idleKept are the numbers of idle connections that the pool curve is drawn for.
var idleKept = [...]int{0, 1, 2, 4, 8, 16, 32, 64}

// A CurvePoint says how many connections a client would have opened that keeps
// at most IdleKept idle ones, and how long it must let them idle for that.
// Request times are taken as given.
type CurvePoint struct {
	IdleKept    int64
	Connections int64
	IdleTimeout time.Duration
}

// A curveReplay has clients carry a pool's transactions that keep at most so many idle
// connections each. It begins with the pool's second connection: most pools have one, and
// of one everything is known.
type curveReplay struct {
	clients     *keepingClients // nil while the pool has had one connection
	occupations int64           // that have begun
	longestIdle time.Duration   // before one of these, while the pool had one connection
}

// keepingClients keep as many idle connections as idleKept says.
type keepingClients [len(idleKept)]keepingClient

// A keepingClient keeps only so many idle connections: the one idle longest goes when there
// are more.
type keepingClient struct {
	idle        []idleConn
	opened      int64
	longestIdle time.Duration // of one that was used again
}

type idleConn struct {
	conn  *Conn
	since segment.Time
}

// put adds c to those that idle.
func (k *keepingClient) put(c *Conn, since segment.Time, keep int) {
	if k.idle == nil {
		k.idle = make([]idleConn, 0, min(keep, 3)+1)
	}
	k.idle = append(k.idle, idleConn{c, since})
	if len(k.idle) > keep {
		k.idle = k.idle[:copy(k.idle, k.idle[1:])]
	}
}

// take uses c again if it idles, else the one that became idle last; where none idles, it
// opens another.
func (k *keepingClient) take(c *Conn, at segment.Time) {
	n := len(k.idle) - 1
	for i := n; i >= 0; i-- {
		if k.idle[i].conn == c {
			n = i
			break
		}
	}
	if n < 0 {
		k.opened++
		return
	}
	k.longestIdle = max(k.longestIdle, at.Sub(k.idle[n].since))
	k.idle = slices.Delete(k.idle, n, n+1)
}

// drop takes c, which the server has closed, from those that idle.
func (k *keepingClient) drop(c *Conn) {
	for i := range k.idle {
		if k.idle[i].conn == c {
			k.idle = slices.Delete(k.idle, i, i+1)
			return
		}
	}
}

// merge adds what o opened and has idle; what has been so longest goes.
func (k *keepingClient) merge(o *keepingClient, keep int) {
	k.opened += o.opened
	k.longestIdle = max(k.longestIdle, o.longestIdle)
	k.idle = append(k.idle, o.idle...)
	slices.SortStableFunc(k.idle, func(a, b idleConn) int { return cmp.Compare(a.since, b.since) })
	k.idle = k.idle[:copy(k.idle, k.idle[max(0, len(k.idle)-keep):])]
}

// demanded notes that c is wanted again, of which the ideal client may have a token.
func (r *curveReplay) demanded(c *Conn, at segment.Time) {
	if t := c.token; r.clients == nil && t != nil && t.inUse == 0 {
		r.longestIdle = max(r.longestIdle, at.Sub(t.freedAt))
	}
}

// taken notes that c carries something again.
func (r *curveReplay) taken(c *Conn, at segment.Time) {
	r.occupations++
	if r.clients != nil {
		for i := range r.clients {
			r.clients[i].take(c, at)
		}
	}
}

// freed notes that c carries nothing any more.
func (r *curveReplay) freed(c *Conn, at segment.Time) {
	if r.clients != nil {
		for i := range r.clients {
			r.clients[i].put(c, at, idleKept[i])
		}
	}
}

// closed notes that the server has closed c.
func (r *curveReplay) closed(c *Conn) {
	if r.clients != nil {
		for i := range r.clients {
			r.clients[i].drop(c)
		}
	}
}

// merge adds what the clients of another pool's did; both have begun.
func (r *curveReplay) merge(o *curveReplay) {
	r.occupations += o.occupations
	for i := range r.clients {
		r.clients[i].merge(&o.clients[i], idleKept[i])
	}
}

// startCurve has the curve's clients begin, unless they have: they catch up with a pool that
// had one connection so far.
func (s *clientShard) startCurve(p *Pool) {
	r := &p.curve
	if r.clients != nil {
		return
	}
	r.clients = s.free.keepingClients.Get()
	s.taken += curveSize
	for i := range r.clients {
		k := &r.clients[i]
		*k = keepingClient{idle: k.idle[:0], opened: min(r.occupations, 1), longestIdle: r.longestIdle}
		if idleKept[i] == 0 {
			k.opened, k.longestIdle = r.occupations, 0
			continue
		}
		for t := p.tokens.bottom; t != nil; t = t.above {
			k.put(t.conn, t.freedAt, idleKept[i])
		}
	}
}

// points returns the curve, up to the first point that keeping more does not change.
func (r *curveReplay) points() []CurvePoint {
	if r.clients == nil { // one connection: any client that keeps one idle has it
		return []CurvePoint{{0, r.occupations, 0}, {1, min(r.occupations, 1), r.longestIdle}}
	}
	var list []CurvePoint
	least := r.clients[len(r.clients)-1].opened
	for i := range r.clients {
		k := &r.clients[i]
		list = append(list, CurvePoint{int64(idleKept[i]), k.opened, k.longestIdle})
		if i > 0 && k.opened == least {
			break
		}
	}
	return list
}
