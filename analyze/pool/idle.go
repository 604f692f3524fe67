package pool

import (
	"cmp"
	"slices"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// An Idle is a connection closed, or used again, after idling.
type Idle struct {
	For    time.Duration
	At     segment.Time // when that was over
	Conn   int64
	Packet int64
}

// Closes are the idle times after which one side closed, unasked. Those at once are not
// among them: who closes right after use has not idled.
type Closes struct {
	Longest []Idle // the longest first, at most maxLongest
	Min     Idle   // valid if there are any
}

// maxLongest bounds Closes.Longest.
const maxLongest = 32

func (c *Closes) add(i Idle) {
	if len(c.Longest) == 0 || i.For < c.Min.For {
		c.Min = i
	}
	at, _ := slices.BinarySearchFunc(c.Longest, i, func(a, b Idle) int { return cmp.Compare(b.For, a.For) })
	if len(c.Longest) < maxLongest {
		c.Longest = slices.Insert(c.Longest, at, i)
	} else if at < maxLongest {
		copy(c.Longest[at+1:], c.Longest[at:])
		c.Longest[at] = i
	}
}

// merge adds those of o.
func (c *Closes) merge(o *Closes) {
	least := o.Min
	if len(c.Longest) > 0 && c.Min.For <= least.For {
		least = c.Min
	}
	for _, i := range o.Longest {
		c.add(i)
	}
	c.Min = least
}

// Alike returns those of the longest that may be one timeout's, within a twentieth: a
// close sooner than that had another reason.
func (c *Closes) Alike() []Idle {
	n := 0
	for n < len(c.Longest) && c.Longest[0].For-c.Longest[n].For <= max(c.Longest[0].For/20, 20*time.Millisecond) {
		n++
	}
	return c.Longest[:n]
}

// Idle times show timeouts: a pool's connections that were closed after idling, and those
// that were used again nevertheless.
type idleTimes struct {
	byClient, byServer *Closes       // nil: none
	longestReuse       Idle          // For is 0: none
	announced          time.Duration // by the server's latest Keep-Alive field, 0: by none
	announcedIn        int64         // packet
}

// reused notes that a connection was used again after idling.
func (t *idleTimes) reused(i Idle) {
	if i.For > t.longestReuse.For {
		t.longestReuse = i
	}
}

// announce notes what the Keep-Alive field of a response says that ended in a packet, 0 for
// nothing. Responses may be told of in another order than they ended.
func (t *idleTimes) announce(timeout time.Duration, packet int64) {
	if timeout > 0 && packet >= t.announcedIn {
		t.announced, t.announcedIn = timeout, packet
	}
}

// merge adds those of a pool that is the same one.
func (t *idleTimes) merge(o *idleTimes) {
	mergeCloses(&t.byClient, &o.byClient)
	mergeCloses(&t.byServer, &o.byServer)
	if r := o.longestReuse; r.For > t.longestReuse.For || r.For == t.longestReuse.For && r.Packet < t.longestReuse.Packet {
		t.longestReuse = r
	}
	t.announce(o.announced, o.announcedIn)
}

func mergeCloses(to, from **Closes) {
	switch {
	case *from == nil:
	case *to == nil:
		*to, *from = *from, nil
	default:
		(*to).merge(*from)
	}
}

// idledOut notes that one side closed c, unasked, after it had idled since an instant.
func (w *clientShard) closedIdle(p *Pool, c *Conn, since segment.Time) {
	closes := &p.detectors.idle.byServer
	if c.closedBy == event.Client {
		closes = &p.detectors.idle.byClient
	}
	idle := max(0, c.closedAt.Sub(since))
	if idle < max(atOnce, 2*c.rtt) {
		return
	}
	if *closes == nil {
		*closes = w.free.closes.get()
		**closes = Closes{Longest: (*closes).Longest[:0]}
	}
	(*closes).add(Idle{idle, c.closedAt, c.id, c.closePacket})
}

// ClientCloses returns the idle times after which the client closed, unasked.
func (p *Pool) ClientCloses() Closes { return valueOf(p.detectors.idle.byClient) }

// ServerCloses returns those after which the server did.
func (p *Pool) ServerCloses() Closes { return valueOf(p.detectors.idle.byServer) }

// valueOf returns what x points to, the zero value if to nothing.
func valueOf[T any](x *T) (v T) {
	if x != nil {
		v = *x
	}
	return v
}

// KeepAlive returns the timeout that the server's latest Keep-Alive field announced, 0
// if none did.
func (p *Pool) KeepAlive() time.Duration { return p.detectors.idle.announced }

// LongestReuse returns the longest idle time after which a connection was used
// again; For is 0 if none was.
func (p *Pool) LongestReuse() Idle { return p.detectors.idle.longestReuse }
