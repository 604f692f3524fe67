package engine

import (
	"time"

	"tcpwarm/capture/segment"
)

// After its end a connection still takes segments for a while: the last
// acknowledgement, a FIN sent again, what was on its way at a reset. Then it goes
// to the collector and only its key and numbers are remembered, so that late segments do
// not make a new connection; that ends after timeWaitFor, which is how long Linux keeps
// TIME-WAIT. What can only belong to it, such as a FIN or RST, is known for longer: a FIN
// that nobody acknowledges is sent again for minutes, up to two apart (RFC 6298 section
// 5.7 bounds them so; RFC 9293 section 3.4.2 has TIME-WAIT last four).
const (
	closeGrace  = time.Second
	timeWaitFor = 60 * time.Second
	lateEndsFor = 4 * time.Minute
	maxLateEnds = 4096 // remembered for so long by a shard; more go after timeWaitFor

	// A client may try again after it was refused, as Windows does half a second later, and
	// one that has not heeded a RST speaks again within some round trips.
	resetGrace = time.Second

	// Where many end, those of which nothing more is expected go sooner: a
	// shard's cold connections cost more than its live ones.
	maxAcked   = 16
	maxReset   = 64
	leastGrace = 50 * time.Millisecond
)

// A waitList holds connections that have ended, in the order in which they are
// let go.
type waitList struct {
	first, last *entry
	n           int
	since       segment.Time // of first: to look at the entry itself for each segment would be a cache miss
}

// A waitLink is where an entry waits.
type waitLink struct {
	list       *waitList // nil: nowhere
	since      segment.Time
	prev, next *entry
}

// push puts e at the end of l; it leaves the list it is in.
func (l *waitList) push(e *entry, now segment.Time) {
	if e.list != nil {
		e.list.remove(e)
	}
	e.waitLink = waitLink{list: l, since: now, prev: l.last}
	if l.last == nil {
		l.first, l.since = e, now
	} else {
		l.last.next = e
	}
	l.last = e
	l.n++
}

func (l *waitList) remove(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else if l.first = e.next; l.first != nil {
		l.since = l.first.waitLink.since
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		l.last = e.prev
	}
	e.waitLink = waitLink{}
	l.n--
}

// due reports whether the first has waited for longer than d, or long enough
// where there are more than enough.
func (l *waitList) due(now segment.Time, d time.Duration, enough int) bool {
	if l.n > enough {
		d = min(d, leastGrace)
	}
	return l.n > 0 && now.Sub(l.since) > d
}
