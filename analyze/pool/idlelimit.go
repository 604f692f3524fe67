package pool

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// An idleLimit shows whether a client keeps only so many idle connections over all of its servers: it closes one, of
// whatever server, when another becomes idle or is opened, and the same number is left each time, which is the most that idle
// on. A timer closes at such instants too, where requests come at regular intervals; but then the time since the connection
// became idle is alike each time, and with a limit it is the time since the other came. A timer may be late, and if the
// program was not given the processor for a while, what it sends then comes at one instant; but it is never early.
type idleLimit struct {
	at      segment.Time // when a connection became idle last, on the client's clock
	most    int32        // connections that idled at once, at most
	n       int32        // closes as another came, when most idled
	soonest int32        // those of n after the least time idle, or little more
	others  int32        // closes at other times, when most idled: a limit leaves no such number for a while
	idle    span         // how long what was closed had idled
	delay   span         // how long after another had come it was closed, or before

	latest latestClose // of one that idled, which may turn out to have been for one that is opened
}

// A latestClose is one of a connection that had idled since an instant.
type latestClose struct {
	conn  *Conn // nil: there is none
	id    int64 // conn's, which may serve as another since
	since segment.Time
	other bool // it counts among the others
}

// A span is the least and the most of some durations.
type span struct{ least, most time.Duration }

// add adds d, which is the first of them or not.
func (s *span) add(d time.Duration, first bool) {
	if first {
		*s = span{d, d}
	}
	s.least, s.most = min(s.least, d), max(s.most, d)
}

func (s *span) width() time.Duration { return s.most - s.least }

// leastEvictions is how many closes show a limit: of fewer it is not known which instant they follow.
const leastEvictions = 3

// becameIdle notes that n connections idle, one of them from an instant on.
func (l *idleLimit) becameIdle(at segment.Time, n int32) {
	l.at = at
	if n > l.most { // whatever was closed before, it was not for a limit
		l.most, l.n, l.others = n, 0, 0
		l.latest.other = false
	}
}

// closed notes that c is closed, which has idled since an instant, with n that idle, c among them.
func (l *idleLimit) closed(c *Conn, since segment.Time, n int32) {
	switch {
	case l == nil || n < l.most:
	case near(c.closedAt, l.at) && since != l.at:
		l.note(c, since, c.closedAt.Sub(l.at))
	default:
		l.latest = latestClose{c, c.id, since, !near(c.closedAt, l.at)}
		if l.latest.other {
			l.others++
		}
	}
}

// opened notes that c is opened. What was closed just before, to another server, made room for it.
func (l *idleLimit) opened(c *Conn) {
	x := &l.latest
	if o := x.conn; o != nil && o.id == x.id && o.closedBy == event.Client && near(o.closedAt, c.opened) &&
		o.clientServer != c.clientServer {
		l.note(o, x.since, c.opened.Sub(o.closedAt))
		if x.other {
			l.others--
		}
		*x = latestClose{}
	}
}

// note notes that c, idle since an instant, was closed so long before or after another came.
func (l *idleLimit) note(c *Conn, since segment.Time, delay time.Duration) {
	least := l.idle.least
	if l.idle.add(c.closedAt.Sub(since), l.n == 0); l.n == 0 || l.idle.least < least-demandWithin {
		l.soonest = 0
	}
	if c.closedAt.Sub(since) <= l.idle.least+demandWithin {
		l.soonest++
	}
	l.delay.add(delay, l.n == 0)
	l.n++
	c.left = l.most - 1
}

// keeps reports whether the client keeps no more than n idle connections, and whether that is known: of the time that they had
// idled and the time since another came one must vary far less than the other. It is no limit where most had idled
// alike, and some longer, as with a timer that was late, nor where as many are seen to idle on.
func (l *idleLimit) keeps(n int32) (keeps, known bool) {
	if l == nil || n == 0 || n != l.most-1 {
		return false, true
	}
	idle, delay := l.idle.width(), l.delay.width()
	keeps = idle > 4*delay && l.soonest <= l.n/2 && l.others <= l.n/4
	return keeps, l.n >= leastEvictions && (keeps || delay > 4*idle)
}

// countIdle counts c among its client's idle connections from when it is one, until it is none any more.
func (s *clientShard) countIdle(c *Conn) {
	idles := c.pool != nil && c.isOpen() && !c.ended && c.idle()
	if idles == c.idles {
		return
	}
	c.idles = idles
	k := c.clientServer.client
	if !idles {
		k.idle--
		return
	}
	if k.idle++; k.idle > 1 && k.limit == nil {
		k.limit = s.free.idleLimits.Get()
		*k.limit = idleLimit{}
		s.taken += idleLimitSize
	}
	if k.limit != nil {
		k.limit.becameIdle(c.lastEnd.at, k.idle)
	}
}

// closedForLimit notes that the client has closed c, idle since an instant: perhaps because it keeps no more.
func (c *Conn) closedForLimit(since segment.Time) {
	if c.closedBy == event.Client && c.idles {
		k := c.clientServer.client
		k.limit.closed(c, since, k.idle)
	}
}

// OverallLimit returns how many connections were opened though one had idled that the client had closed because it keeps no more
// than so many over all servers, and the first that was closed so.
func (p *Pool) OverallLimit() (n int64, keeps int, conn, packet int64) {
	x := p.seen()
	return x.overLimit.n, int(x.keeps), x.overLimit.conn, x.overLimit.packet
}

// closedOverLimit revises d: what could have served was closed because the client keeps no more.
func (p *Pool) closedOverLimit(d *Decision) {
	p.changeCause(d, ClientClosed)
	d.atLimit, d.Confidence = true, Likely
	x := p.client.shard.rare(p)
	x.overLimit.add(d.InsteadOf, d.closePacket)
	x.keeps = d.left
}
