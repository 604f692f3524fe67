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

	captured segment.Time // At, but on the capture's clock
	server   segment.Endpoint
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
	if len(o.Longest) == 0 {
		return
	}
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

// onDemand is how long before a SYN a client closes that looks at its connections only when
// it needs one: it closes what has idled for too long, or what is one too many, and dials. The
// two follow each other without a round trip between them; a few milliseconds are a busy
// machine's.
const onDemand = 5 * time.Millisecond

// An opening is a connection that its client has just opened.
type opening struct {
	conn *Conn // nil: none was opened
	at   segment.Time
}

// closed reports whether c, closed by the client at an instant, was closed for the sake of the
// one opened: after its SYN, and before the client is through with its first response and has
// put it to the idle ones, of which it was one too many.
func (o opening) closed(c *Conn, at segment.Time) bool {
	if o.conn == nil || at < o.at || !fitsSYN(o.conn.syn, c.syn) {
		return false
	}
	first := o.conn.lastEnd
	return o.conn.n <= 1 && !o.conn.ended && (!first.known || at.Sub(first.at) <= onDemand)
}

// opens notes that the client opens c at an instant. The pools there forget the idle times of
// what it closed just before: that was no timer of its own.
func (s *clientServer) opens(c *Conn, at segment.Time) {
	s.opening = opening{c, at}
	for _, p := range s.pools {
		if fitsSYN(s.client.identities[p.identity].SYN, c.syn) {
			p.detectors.idle.opened(s.server, at)
		}
	}
}

// opened forgets the idle times after which the client closed, just before an instant, what led
// to server.
func (t *idleTimes) opened(server segment.Endpoint, at segment.Time) {
	if closes := t.byClient; closes != nil {
		closes.Longest = slices.DeleteFunc(closes.Longest, func(i Idle) bool {
			return i.server == server && i.captured <= at && at.Sub(i.captured) <= onDemand
		})
		if n := len(closes.Longest); n > 0 && n < maxLongest {
			closes.Min = closes.Longest[n-1]
		}
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
	captured := c.closedAt.Add(c.clockOffset)
	if c.closedBy == event.Server {
		captured = c.closedAt.Add(-c.clockOffset)
	}
	if idle < max(atOnce, 2*c.rtt) || c.closedBy == event.Client && c.clientServer.opening.closed(c, captured) {
		return
	}
	if *closes == nil {
		*closes = w.free.closes.get()
		**closes = Closes{Longest: (*closes).Longest[:0]}
	}
	(*closes).add(Idle{idle, c.closedAt, c.id, c.closePacket, captured, c.server})
}

// ClientCloses returns the idle times after which the client closed, unasked; not those that
// came with another opening, and only the longest count.
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

// Hint returns the timeout that the server's latest Keep-Alive field announced, 0
// if none did.
func (p *Pool) KeepAlive() time.Duration { return p.detectors.idle.announced }

// LongestReuse returns the longest idle time after which a connection was used
// again; For is 0 if none was.
func (p *Pool) LongestReuse() Idle { return p.detectors.idle.longestReuse }
