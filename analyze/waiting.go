package analyze

import (
	"time"

	"tcpwarm/capture/segment"
)

// After its end a connection still takes segments for a while: the last
// acknowledgement, a FIN sent again, what was on its way at a reset. Then it goes
// to the collector and only its key is remembered, so that stragglers do not make
// a new connection; that ends after linger, which is how long Linux keeps
// TIME-WAIT (RFC 9293 section 3.4.2 says four minutes).
const (
	stay   = time.Second
	linger = 60 * time.Second

	// Where many end, those of which nothing more is expected go sooner: a
	// shard's cold connections cost more than its live ones.
	maxSettled = 16
	maxReset   = 256
	stayLeast  = 50 * time.Millisecond
)

// A waitlist holds connections that have ended, in the order in which they are
// let go.
type waitlist struct {
	first, last *conn
	n           int
	since       segment.Time // of first: to look at the conn itself for each segment would be a cache miss
}

// place is where a conn waits.
type place struct {
	waits      *waitlist // nil: nowhere
	since      segment.Time
	prev, next *conn
}

// push puts c at the end of l; it leaves the list it is in.
func (l *waitlist) push(c *conn, now segment.Time) {
	if c.waits != nil {
		c.waits.remove(c)
	}
	c.place = place{waits: l, since: now, prev: l.last}
	if l.last == nil {
		l.first, l.since = c, now
	} else {
		l.last.next = c
	}
	l.last = c
	l.n++
}

func (l *waitlist) remove(c *conn) {
	if c.prev != nil {
		c.prev.next = c.next
	} else if l.first = c.next; l.first != nil {
		l.since = l.first.place.since
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.last = c.prev
	}
	c.place = place{}
	l.n--
}

// due reports whether the first has waited for longer than d, or long enough
// where there are more than enough.
func (l *waitlist) due(now segment.Time, d time.Duration, enough int) bool {
	if l.n > enough {
		d = min(d, stayLeast)
	}
	return l.n > 0 && now.Sub(l.since) > d
}

// ghosts remember which connections have ended and are finished, by the hash of
// their keys: a table with linear probing. Two keys with one hash are told apart
// by nobody, and then a connection begun midway loses segments: that is counted.
type ghosts struct {
	slots []ghost // length zero or a power of two
	n     int     // used ones
}

// A ghost holds until an instant; 0 stands for an unused slot.
type ghost struct {
	hash  uint64
	until segment.Time
}

// add remembers hash until an instant.
func (g *ghosts) add(hash uint64, until, now segment.Time) {
	if g.n*4 >= len(g.slots)*3 {
		g.sweep(now)
	}
	s := g.find(hash)
	if s.until == 0 {
		g.n++
	}
	*s = ghost{hash, max(until, 1)}
}

func (g *ghosts) has(hash uint64, now segment.Time) bool {
	return g.n > 0 && g.find(hash).until >= now
}

// drop forgets hash; its slot stays in use until the next sweep.
func (g *ghosts) drop(hash uint64) { g.find(hash).until = 1 }

// find returns the slot of hash, or the unused one where it belongs.
func (g *ghosts) find(hash uint64) *ghost {
	mask := uint64(len(g.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if s := &g.slots[i]; s.until == 0 || s.hash == hash {
			return s
		}
	}
}

// sweep makes room: what has run out goes, and the table fits what is left.
func (g *ghosts) sweep(now segment.Time) {
	old, live := g.slots, 0
	for i := range old {
		if old[i].until >= now {
			live++
		}
	}
	size := 16
	for size < 2*live+2 {
		size *= 2
	}
	g.slots, g.n = make([]ghost, size), live
	for i := range old {
		if old[i].until >= now {
			*g.find(old[i].hash) = old[i]
		}
	}
}
