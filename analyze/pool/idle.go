package pool

import (
	"cmp"
	"slices"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// An Idle is a connection that was closed, or used again, after idling.
type Idle struct {
	For    time.Duration
	At     segment.Time // when that was over
	Conn   int64
	Packet int64 // in which it was over

	captured segment.Time // At, but on the capture's clock
	server   segment.Endpoint
}

// Closes are the idle times after which one side closed connections, unasked. Closes right
// after use are not among them: no timeout shows there.
type Closes struct {
	Longest []Idle // the longest first, at most maxLongest
	Min     Idle   // the shortest of all, valid if there are any
}

// maxLongest bounds Closes.Longest.
const maxLongest = 32

// add adds an idle time.
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

// merge adds the idle times of o.
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

// The idleTimes detector watches how long a pool's connections idle before one side closes
// them, or before they are used again, for these show the timeouts of both sides.
type idleTimes struct {
	byClient, byServer *Closes       // nil: it closed none
	longestReuse       Idle          // the longest before a connection was used again; For is 0: none was
	announced          time.Duration // the timeout in the server's latest Keep-Alive field, 0: in none
	announcedIn        int64         // packet
}

// reused notes that a connection was used again after idling.
func (t *idleTimes) reused(i Idle) {
	if i.For > t.longestReuse.For {
		t.longestReuse = i
	}
}

// announce notes the timeout that the Keep-Alive field of a response announces, 0 for none.
// The response ended in packet; one that is told of later may have ended earlier.
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

// opens notes that the client opens c. The pools there forget the idle times of what it closed
// just before: that was no timer of its own.
func (cs *clientServer) opens(c *Conn) {
	cs.opening = opening{c, c.opened}
	for _, p := range cs.pools {
		if fitsSYN(cs.client.identities[p.identity].SYN, c.syn) {
			p.detectors.idle.opened(cs.server, c.opened)
		}
	}
}

// opened forgets the idle times after which the client closed, just before an instant, what led
// to server.
func (t *idleTimes) opened(server segment.Endpoint, at segment.Time) {
	closes := t.byClient
	if closes == nil {
		return
	}
	closes.Longest = slices.DeleteFunc(closes.Longest, func(i Idle) bool {
		return i.server == server && i.captured <= at && at.Sub(i.captured) <= onDemand
	})
	if n := len(closes.Longest); n > 0 && n < maxLongest {
		closes.Min = closes.Longest[n-1]
	}
}

// merge adds what was seen of a pool that is the same one. Of reuses after the same time the
// first counts.
func (t *idleTimes) merge(o *idleTimes) {
	mergeCloses(&t.byClient, &o.byClient)
	mergeCloses(&t.byServer, &o.byServer)
	switch a, b := &t.longestReuse, &o.longestReuse; {
	case b.For > a.For,
		b.For == a.For && b.Packet < a.Packet:
		*a = *b
	}
	t.announce(o.announced, o.announcedIn)
}

// mergeCloses adds what from points to; if to has nothing yet, it takes that over.
func mergeCloses(to, from **Closes) {
	switch {
	case *from == nil:
	case *to == nil:
		*to, *from = *from, nil
	default:
		(*to).merge(*from)
	}
}

// closedIdle notes that one side closed c, unasked, after it had idled since an instant.
func (s *clientShard) closedIdle(c *Conn, since segment.Time) {
	captured := c.closedAt.Add(c.clockOffset)
	if c.closedBy == event.Server {
		captured = c.closedAt.Add(-c.clockOffset)
	}
	if c.closedAtOnce(since) || c.closedBy == event.Client && c.clientServer.opening.closed(c, captured) {
		return
	}
	closes := &c.pool.detectors.idle.byServer
	if c.closedBy == event.Client {
		closes = &c.pool.detectors.idle.byClient
	}
	if *closes == nil {
		*closes = s.free.closes.get()
		**closes = Closes{Longest: (*closes).Longest[:0]}
	}
	(*closes).add(Idle{c.closedAt.Sub(since), c.closedAt, c.id, c.closePacket, captured, c.server})
}

// ClientCloses returns the idle times after which the client closed connections, unasked, and
// not for the sake of another that it opened.
func (p *Pool) ClientCloses() Closes { return valueOf(p.detectors.idle.byClient) }

// ServerCloses returns the idle times after which the server closed connections, unasked.
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
