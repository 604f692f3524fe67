package pool

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Not every idle connection that a client closes is closed by a timer of its own. Some obey
// the server, which said how long it keeps a connection, or is seen to. Others look at their
// pool only when a request comes, and close then what has become too old.

// obeyedWithin is how much sooner than the server a client closes that obeys it: Node's undici
// does a second before the time that a Keep-Alive field announces.
const obeyedWithin = time.Second

// obeys reports whether a client that closed after idling so long closed when the server had
// announced that it would; announced is 0 if it has not. How long the server waits in truth
// it may only say in whole seconds.
func obeys(idle, announced time.Duration) bool {
	return announced > 0 && idle >= announced-obeyedWithin && idle <= announced+obeyedWithin
}

// obeys reports whether the client closed c, which had idled, when its server had announced that
// it would. One that closes right after use keeps nothing, whatever was announced.
func (c *Conn) obeys() bool {
	return c.closedBy == event.Client && !c.closedAtOnce(c.lastEnd.at) && obeys(c.closedAt.Sub(c.lastEnd.at), c.announced)
}

// asSeen reports whether a client that closed after idling so long closed when its server
// is seen to: that long, or up to a second or a quarter of it sooner. After a longer time the server, which had not
// closed, is seen to keep connections longer than it did where it has.
func (c Closes) asSeen(idle time.Duration) (seen Idle, ok bool) {
	for _, seen := range c.Longest {
		if idle >= seen.For-min(obeyedWithin, seen.For/4) && idle <= seen.For+timerVaries(seen.For) {
			return seen, true
		}
	}
	return Idle{}, false
}

// endedSooner reports whether the server would have ended the connection that d could have used before d was made,
// whatever its client had done to it: it had idled for longer than the server had announced that it keeps one, or than
// its closes show, which look like one timeout, and nothing shows that it keeps one longer. seen is not set if it was
// announced. Where the server is seen to close without that, or has kept one longer, it is not sure, but may be so.
func (p *Pool) endedSooner(d *Decision) (seen Idle, sure, may bool) {
	idle := &p.detectors.idle
	if !d.Cause.Avoidable() || d.Cause == Missed || d.Cause == OpenedAhead || !d.HasIdle || d.Idle <= idle.longestReuse.For {
		return Idle{}, false, false
	}
	if most := d.announced + obeyedWithin; d.announced > 0 && d.Idle > most && idle.longestKept <= most {
		return Idle{}, true, true
	}
	closes := valueOf(idle.byServer)
	timer := closes.Alike()
	if len(timer) == 0 {
		return Idle{}, false, false
	}
	most := timer[0].For + timerVaries(timer[0].For)
	if d.Idle <= most {
		return Idle{}, false, false
	}
	return timer[0], idle.longestKept <= most && closes.Timeout(idle.longestReuse.For) != nil, true
}

// demandWithin is how near to an opening a client closes another connection that it finds too
// old then.
const demandWithin = 5 * time.Millisecond

// near reports whether two instants are as near as what one look at a pool brings about.
func near(a, b segment.Time) bool { return a.Sub(b) <= demandWithin && b.Sub(a) <= demandWithin }

// closedFor reports whether the client, having let c idle since an instant, closed it
// because it wanted a connection, and opened another then.
func (c *Conn) closedFor(opened, idleSince segment.Time) bool {
	return c.closedBy == event.Client && near(c.closedAt, opened) && !c.closedAtOnce(idleSince)
}

// reviseByPool revises d, which is avoidable, by what its pool has shown since it was made: nothing
// can take back its blame any more.
func (p *Pool) reviseByPool(d *Decision) {
	if d.Cause.afterIdle() && d.dead {
		p.changeCause(d, SilentDrop)
		return
	}
	if d.Cause.afterIdle() && d.unread.N != 0 {
		u := p.prove(d.unread)
		// One that resets right after use says by it that it wanted no more, not that it left some.
		u.ByStops = u.ByStops && d.Cause != ClientClosed
		if u.ByReset || u.ByWindow || u.ByStops {
			p.changeCause(d, Undrained)
			d.Confidence, d.unread = Likely, u
		} else if d.unread.ByReset && d.unread.Shown && (d.Cause == Missed || d.Cause == OpenedAhead) {
			// It may have been left unread all the same: a client that ends all of its connections so does not tell.
			d.Confidence, d.mayBeUnread = Likely, true
		}
	}
	overLimit := false
	switch d.Cause {
	case ClientIdleTimeout:
		overLimit = p.reviseTimeout(d)
	case ClientClosed:
		keeps, known := p.client.limit.keeps(d.left)
		overLimit = keeps && known
	}
	seen, sure, may := p.endedSooner(d)
	if sure {
		p.changeCause(d, ServerClosed)
		if d.tooLate, d.seen = true, seen; seen.For == 0 {
			d.Confidence = Likely // a server may keep connections longer than it announces
		}
		return
	}
	if overLimit {
		p.closedOverLimit(d)
	}
	if may {
		d.Confidence, d.mayBeTooLate, d.seen = Likely, true, seen
	}
}

// reviseTimeout revises d, which is blamed on a timer of the client's. It reports whether it was a limit instead.
func (p *Pool) reviseTimeout(d *Decision) (overLimit bool) {
	announced := obeys(d.closedAfter, d.announced)
	if keeps, known := p.client.limit.keeps(d.left); !known {
		d.Confidence = Likely
	} else if keeps && !announced {
		return true
	}
	if seen, ok := valueOf(p.detectors.idle.byServer).asSeen(d.closedAfter); ok || announced {
		p.changeCause(d, ServerClosed)
		d.obeyed, d.seen = true, seen
	}
	return false
}
