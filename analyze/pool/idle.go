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
	for n < len(c.Longest) && c.Longest[0].For-c.Longest[n].For <= timerVaries(c.Longest[0].For) {
		n++
	}
	return c.Longest[:n]
}

// Timeout returns those that look like one timeout, the longest first, nil if none do. They are several, and most of all.
// No connection was used again after a longer time. And they were not all over at one moment, for a program that ends
// closes all it has.
func (c *Closes) Timeout(longestReuse time.Duration) []Idle {
	alike := c.Alike()
	if len(alike) < 2 || 2*len(alike) <= len(c.Longest) || longestReuse > alike[0].For {
		return nil
	}
	first, last := alike[0].At, alike[0].At
	for _, i := range alike {
		first, last = min(first, i.At), max(last, i.At)
	}
	if last.Sub(first) < alike[len(alike)-1].For/2 {
		return nil
	}
	return alike
}

// timerVaries returns by how much the idle times of one timeout differ.
func timerVaries(timeout time.Duration) time.Duration { return max(timeout/20, 20*time.Millisecond) }

// The idleTimes detector watches how long a pool's connections idle before one side closes
// them, or before they are used again, for these show the timeouts of both sides.
type idleTimes struct {
	byClient, byServer *Closes       // nil: it closed none
	longestReuse       Idle          // the longest before a connection was used again; For is 0: none was
	longestKept        time.Duration // the longest that the server kept one, until its client closed it
	announced          time.Duration // the timeout in the server's latest Keep-Alive field, 0: in none
	announcedIn        int64         // packet

	closes []Idle         // the client's latest, which may yet turn out to be none of a timer's
	looks  []segment.Time // when it looked at its pool lately, on its own clock
}

// These bound idleTimes.closes and looks.
const (
	maxRecent = 8
	maxLooks  = 16
)

// looked notes that the client looked at its pool at an instant on its own clock, for it
// opened a connection then or put a new one there: what it closed then it closed because of
// that, not because a timer ran out.
func (t *idleTimes) looked(at segment.Time) {
	t.closes = slices.DeleteFunc(t.closes, func(i Idle) bool { return near(i.At, at) })
	t.addLook(at)
}

// addLook remembers an instant instead of the earliest.
func (t *idleTimes) addLook(at segment.Time) {
	if len(t.looks) < maxLooks {
		t.looks = append(t.looks, at)
		return
	}
	if least := slices.Index(t.looks, slices.Min(t.looks)); at > t.looks[least] {
		t.looks[least] = at
	}
}

// lookedNear reports whether the client looked at its pool when it closed a connection.
func (t *idleTimes) lookedNear(closed segment.Time) bool {
	return slices.ContainsFunc(t.looks, func(at segment.Time) bool { return near(closed, at) })
}

// reused notes that a connection was used again after idling.
func (t *idleTimes) reused(i Idle) {
	if i.For > t.longestReuse.For {
		t.longestReuse = i
	}
}

// kept notes that the server had not closed a connection that had idled so long.
func (t *idleTimes) kept(idle time.Duration) { t.longestKept = max(t.longestKept, idle) }

// announce notes the timeout that the Keep-Alive field of a response announces, 0 for none.
// The response ended in packet; one that is told of later may have ended earlier.
func (t *idleTimes) announce(timeout time.Duration, packet int64) {
	if timeout > 0 && packet >= t.announcedIn {
		t.announced, t.announcedIn = timeout, packet
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
	t.kept(o.longestKept)
	t.announce(o.announced, o.announcedIn)
	t.closes = append(t.closes, o.closes...)
	t.closes = slices.DeleteFunc(t.closes, func(i Idle) bool { return t.lookedNear(i.At) || o.lookedNear(i.At) })
	for _, at := range o.looks {
		t.addLook(at)
	}
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
	if g := c.goAway; c.closedAtOnce(since) || g != nil && (g.Code != 0 || g.ForAge) { // that was no timeout
		return
	}
	t, i := &c.pool.detectors.idle, Idle{c.closedAt.Sub(since), c.closedAt, c.id, c.closePacket}
	switch {
	case c.closedBy == event.Server:
		s.addClose(&t.byServer, i)
	case c.obeyed, t.lookedNear(c.closedAt): // that is no timer of the client's
	default:
		if t.closes = append(t.closes, i); len(t.closes) > maxRecent {
			s.addClose(&t.byClient, t.closes[0])
			t.closes = slices.Delete(t.closes, 0, 1)
		}
	}
}

// takeBack forgets that conn was closed in a packet: that has ended nothing. It returns of how many sides nothing is left.
func (t *idleTimes) takeBack(conn, packet int64) (none int) {
	is := func(i Idle) bool { return i.Conn == conn && i.Packet == packet }
	t.closes = slices.DeleteFunc(t.closes, is)
	for _, c := range [...]**Closes{&t.byClient, &t.byServer} {
		if *c == nil {
			continue
		}
		(*c).Longest = slices.DeleteFunc((*c).Longest, is)
		if n := len((*c).Longest); n == 0 {
			*c = nil
			none++
		} else if is((*c).Min) {
			(*c).Min = (*c).Longest[n-1]
		}
	}
	return none
}

// addClose adds a close to those of one side.
func (s *clientShard) addClose(to **Closes, i Idle) {
	if *to == nil {
		*to = s.free.closes.Get()
		s.taken += closesSize
		**to = Closes{Longest: (*to).Longest[:0]}
	}
	(*to).add(i)
}

// commitCloses takes it that no opening is still to come which belongs to a close of p's client.
func (s *clientShard) commitCloses(p *Pool) {
	t := &p.detectors.idle
	for _, i := range t.closes {
		s.addClose(&t.byClient, i)
	}
	t.closes = t.closes[:0]
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
