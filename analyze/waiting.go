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
	maxReset   = 64
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
