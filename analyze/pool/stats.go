package pool

import (
	"cmp"
	"slices"
	"time"

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

// Alike returns those of the longest that may be one timeout's, within a twentieth: a
// close sooner than that had another reason.
func (c *Closes) Alike() []Idle {
	n := 0
	for n < len(c.Longest) && c.Longest[0].For-c.Longest[n].For <= max(c.Longest[0].For/20, 20*time.Millisecond) {
		n++
	}
	return c.Longest[:n]
}

// gaps are a pool's idle times.
type gaps struct {
	byClient, byServer *Closes       // nil: none
	longest            Idle          // used again after
	hint               time.Duration // of the latest Keep-Alive field
}

func (g *gaps) reuse(d time.Duration, conn, packet int64) {
	if d > g.longest.For {
		g.longest = Idle{For: d, Conn: conn, Packet: packet}
	}
}

// idledOut notes that one side closed c, unasked, after it had idled since an instant.
func (w *ward) idledOut(p *Pool, c *Conn, since segment.Time) {
	closes := &p.gaps.byServer
	if c.by == Client {
		closes = &p.gaps.byClient
	}
	idle := max(0, c.closedAt.Sub(since))
	if idle < max(atOnce, 2*c.rtt) {
		return
	}
	if *closes == nil {
		*closes = w.spare.closes.get()
		**closes = Closes{Longest: (*closes).Longest[:0]}
	}
	(*closes).add(Idle{idle, c.closedAt, c.id, c.closedIn})
}

// ClientCloses returns the idle times after which the client closed, unasked.
func (p *Pool) ClientCloses() Closes { return valueOf(p.gaps.byClient) }

// ServerCloses returns those after which the server did.
func (p *Pool) ServerCloses() Closes { return valueOf(p.gaps.byServer) }

// valueOf returns what x points to, the zero value if to nothing.
func valueOf[T any](x *T) (v T) {
	if x != nil {
		v = *x
	}
	return v
}

// Hint returns the timeout that the server's latest Keep-Alive field announced, 0
// if none did.
func (p *Pool) Hint() time.Duration { return p.gaps.hint }

// LongestReuse returns the longest idle time after which a connection was used
// again; For is 0 if none was.
func (p *Pool) LongestReuse() Idle { return p.gaps.longest }

// waves tell how many connections a client left open each time it had closed
// some and then opened new ones.
type waves struct {
	closing  int // since the last opening
	count    int64
	min, max int
	first    *Conn // opened although others had just been closed
}

func (w *waves) closed() { w.closing++ }

func (w *waves) opened(open int) {
	if w.closing == 0 {
		return
	}
	if w.count == 0 || open < w.min {
		w.min = open
	}
	w.max = max(w.max, open)
	w.count++
	w.closing = 0
}

func (w *waves) again(c *Conn) {
	if w.first == nil {
		w.first = c
	}
}

// Waves returns how often the client opened connections after it had closed
// others, the fewest and the most it had left open then, and the first such
// connection that could have been saved, 0 if none.
func (p *Pool) Waves() (count int64, min, max int, conn, packet int64) {
	w := &p.wave
	if w.first != nil {
		conn, packet = w.first.id, w.first.packet
	}
	return w.count, w.min, w.max, conn, packet
}

// A tally counts something and keeps the first.
type tally struct {
	n            int64
	conn, packet int64
}

func (t *tally) add(conn, packet int64) {
	if t.n++; t.n == 1 {
		t.conn, t.packet = conn, packet
	}
}

// join adds what o counts.
func (t *tally) join(o *tally) {
	if t.n == 0 || o.n > 0 && o.packet < t.packet {
		t.conn, t.packet = o.conn, o.packet
	}
	t.n += o.n
}

// Tunnels reports whether p's connections are CONNECT's, to one target.
func (p *Pool) Tunnels() bool { return p.tunnels }

// AtLimit returns how many transactions brought their HTTP/2 connection to the
// streams that the server permits at once, and the first.
func (p *Pool) AtLimit() (n, conn, packet int64) {
	return p.atLimit.n, p.atLimit.conn, p.atLimit.packet
}

// Probed returns how many connections were kept alive by TCP's probes and never carried
// a second transaction, the first, and the packet of its first probe.
func (p *Pool) Probed() (n, conn, packet int64) {
	return p.probed.n, p.probed.conn, p.probed.packet
}

// Declined returns how many connections offered HTTP/2 in vain, and the first.
func (p *Pool) Declined() (n, conn, packet int64) {
	return p.declined.n, p.declined.conn, p.declined.packet
}

// maxSamples bounds Spans.Conns.
const maxSamples = 8

// Spans are how much connections had carried, and how old they were, when the server
// ended them right after a response, or with one that said so.
type Spans struct {
	Count            int64
	Fewest, Most     int64 // transactions
	Youngest, Oldest time.Duration
	Conns, Packets   []int64 // the first few, and where they ended
}

// spanned notes how long c lived if the server ended it so.
func (w *ward) spanned(p *Pool, c *Conn) {
	said := c.saysClose && !c.asksClose
	if !c.complete || c.asksClose || !said && (c.by != Server || c.closedAt.Sub(c.lastEnd.at) >= atOnce) {
		return
	}
	if p.spans == nil {
		p.spans = w.spare.spans.get()
		*p.spans = Spans{Conns: p.spans.Conns[:0], Packets: p.spans.Packets[:0]}
	}
	s := p.spans
	at, packet := c.lastEnd.at, c.lastEnd.packet
	if !said {
		at, packet = c.closedAt, c.closedIn
	}
	age := at.Sub(c.opened)
	if s.Count == 0 {
		s.Fewest, s.Youngest = int64(c.n), age
	}
	s.Count++
	s.Fewest, s.Most = min(s.Fewest, int64(c.n)), max(s.Most, int64(c.n))
	s.Youngest, s.Oldest = min(s.Youngest, age), max(s.Oldest, age)
	if len(s.Conns) < maxSamples {
		s.Conns, s.Packets = append(s.Conns, c.id), append(s.Packets, packet)
	}
}

// ServerSpans returns those of p's connections.
func (p *Pool) ServerSpans() Spans { return valueOf(p.spans) }

// A Split is a connection to the same endpoint that a pool's first one did without:
// it is known by another name. It was idle; or it speaks HTTP/2, as the first one
// does, and had room.
type Split struct {
	HTTP2        bool
	Conn, Opened int64 // the idle one, and the one opened
	Packet       int64 // of the opening
	Other        string
}

// split looks for an idle connection of the same client to the same endpoint in
// another pool, when c carries the first request of this one. It asks each pool
// only for the connection that has become idle last, or if both are HTTP/2's that was
// used last. A tunnel serves nobody else.
func (p *Pool) split(c *Conn, http2 bool) {
	for _, q := range c.site.pools {
		if p.tunnels || q.tunnels || p.who != q.who {
			continue
		}
		if r := q.multiplexed; http2 && q != p && !q.merged && r != nil && r.server == c.server && r.by == Nobody && !r.ended &&
			r.known <= c.opened.Add(-c.shift) && len(r.active) < int(r.limit) {
			p.Split = Split{true, r.id, c.id, c.packet, q.Name}
			return
		}
		r := q.idleLast
		if q == p || q.merged || r == nil || r.server != c.server {
			continue
		}
		if len(r.active) == 0 && r.by == Nobody && !r.ended && r.lastEnd.known && r.lastEnd.at <= c.opened.Add(-c.shift) {
			p.Split = Split{false, r.id, c.id, c.packet, q.Name}
			return
		}
	}
}
