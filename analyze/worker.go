package analyze

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"tcpwarm/analyze/flow"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// shards is fixed, so that results cannot depend on the number of workers: what
// is limited is limited by shard.
const shards = 64

// A worker follows the connections of some shards.
type worker struct {
	in     chan *batch
	index  int
	every  int // it owns shards index, index+every, ...
	shards [shards]shard
	out    outbox
	limit  int     // connections a shard may hold
	left   []*conn // at the end of the capture
}

// A shard holds the connections whose keys hash to it.
type shard struct {
	table  flow.Table[conn]
	over   queue[*conn] // ended by FINs, oldest first; they stay a little
	reset  queue[*conn] // ended by a reset; one of them may be forged, so they linger whole
	ghosts flow.Table[ghost]
	dead   queue[*ghost] // oldest first
}

// A ghost is a connection that has ended and is finished, but whose segments may
// still straggle in.
type ghost struct {
	key  segment.Key
	hash uint64
	laid bool // its key has begun a new connection
}

// A queue is first in, first out, and reuses its space. It holds times beside
// values: whether the first is due is asked for every segment, and to look at the
// value itself would be a cache miss each time.
type queue[T any] struct {
	list []timed[T]
	head int
}

type timed[T any] struct {
	at    segment.Time
	value T
}

func (q *queue[T]) push(at segment.Time, v T) { q.list = append(q.list, timed[T]{at, v}) }

// due reports whether the first has been there for longer than d.
func (q *queue[T]) due(now segment.Time, d time.Duration) bool {
	return q.head < len(q.list) && now.Sub(q.list[q.head].at) > d
}

func (q *queue[T]) pop() T {
	v := q.list[q.head].value
	q.list[q.head] = timed[T]{}
	if q.head++; q.head*2 > len(q.list) {
		n := copy(q.list, q.list[q.head:])
		clear(q.list[n:])
		q.list, q.head = q.list[:n], 0
	}
	return v
}

// An event is what a worker tells the collector: of packet when, about conn.
type event struct {
	kind eventKind
	when int64
	conn *conn
	pool pool.Event
}

type eventKind uint8

const (
	seen     eventKind = iota // conn's first packet
	forPool                   // for the pools
	finished                  // the worker is done with conn
	gaveUp                    // likewise, because there were too many
	stray                     // a segment of a connection long finished
)

// An outbox collects a worker's events of one batch.
type outbox struct {
	events []event
	now    segment.Mark
	full   *atomic.Bool // the collector keeps no more transactions
	spares pairers
}

func (o *outbox) seen(c *conn) {
	o.events = append(o.events, event{kind: seen, when: o.now.Packet, conn: c})
}

func (o *outbox) add(c *conn, e pool.Event) {
	o.events = append(o.events, event{kind: forPool, when: o.now.Packet, conn: c, pool: e})
}

func (o *outbox) done(c *conn, k eventKind) {
	o.events = append(o.events, event{kind: k, when: o.now.Packet, conn: c})
}

// stray counts a segment that belongs to no connection any more.
func (o *outbox) stray() {
	o.events = append(o.events, event{kind: stray, when: o.now.Packet})
}

func newWorker(i int, o Options, full *atomic.Bool) *worker {
	return &worker{in: make(chan *batch, inFlight), index: i, every: o.Workers,
		out: outbox{full: full}, limit: max(1, o.Limits.Connections/shards)}
}

func (w *worker) run() {
	for b := range w.in {
		w.out.events = b.events[w.index][:0]
		for i, h := range b.hashes {
			// The top bits choose the shard, the low ones the slot.
			if sh := int(h >> 58); sh%w.every == w.index {
				w.segment(&w.shards[sh], &b.Segments[i], h)
			}
		}
		if b.bound > 0 {
			w.finish(b.bound)
		}
		b.events[w.index] = w.out.events
		b.done.Done()
	}
}

func (w *worker) segment(sh *shard, s *segment.Segment, hash uint64) {
	w.out.now = s.Mark()
	sh.expire(s.Time, &w.out)
	c := sh.table.Get(&s.Key, hash)
	if c != nil && c.superseded(s) {
		c.end(c.last)
		sh.remove(c, &w.out, finished)
		c = nil
	}
	if c == nil {
		if g := sh.ghosts.Get(&s.Key, hash); g != nil {
			if !s.Flags.Has(segment.SYN) {
				w.out.stray()
				return
			}
			g.laid = true
			sh.ghosts.Delete(g.key, g.hash)
		}
		if sh.table.Len() >= w.limit {
			sh.evict(&w.out)
		}
		c = newConn(s, hash, &w.out)
		sh.table.Put(s.Key, hash, c)
	}
	over := c.over
	c.segment(s)
	switch {
	case !c.over || over:
	case c.half[0].SawRST || c.half[1].SawRST:
		c.queued = true
		sh.reset.push(c.overAt.Time, c)
	default:
		c.queued = true
		sh.over.push(c.overAt.Time, c)
	}
}

// bury remembers c's key.
func (sh *shard) bury(c *conn) {
	g := &ghost{key: c.key, hash: c.hash}
	sh.ghosts.Put(g.key, g.hash, g)
	sh.dead.push(c.overAt.Time, g)
}

// expire lets go of what has ended long enough ago.
func (sh *shard) expire(now segment.Time, out *outbox) {
	for sh.over.due(now, stay) {
		if c := sh.over.pop(); !c.gone {
			c.queued = false
			sh.bury(c)
			sh.remove(c, out, finished)
		}
	}
	for sh.reset.due(now, linger) {
		if c := sh.reset.pop(); !c.gone {
			c.queued = false
			sh.remove(c, out, finished)
		}
	}
	for sh.dead.due(now, linger) {
		if g := sh.dead.pop(); !g.laid {
			sh.ghosts.Delete(g.key, g.hash)
		}
	}
}

func (sh *shard) remove(c *conn, out *outbox, k eventKind) {
	c.gone = true
	sh.table.Delete(c.key, c.hash)
	out.done(c, k)
}

// evict gives up the eighth of the connections that has been idle longest. To
// do so for many at once keeps the sorting cheap.
func (sh *shard) evict(out *outbox) {
	all := slices.Collect(sh.table.All)
	slices.SortFunc(all, func(a, b *conn) int { return cmp.Compare(a.last.Packet, b.last.Packet) })
	for _, c := range all[:len(all)/8+1] {
		kind := finished
		if !c.over {
			kind = gaveUp
			c.end(c.last)
		}
		sh.remove(c, out, kind)
	}
}

// finish ends the connections that are left and begun before packet bound, in
// order of first packet.
func (w *worker) finish(bound int64) {
	w.out.now = segment.Mark{Packet: math.MaxInt64}
	if w.left == nil {
		for i := range w.shards {
			w.left = slices.AppendSeq(w.left, w.shards[i].table.All)
			w.shards[i] = shard{}
		}
		slices.SortFunc(w.left, byFirst)
	}
	for len(w.left) > 0 && w.left[0].first.Packet < bound {
		c := w.left[0]
		w.left[0], w.left = nil, w.left[1:]
		c.end(c.last)
		w.out.done(c, finished)
	}
}

func byFirst(a, b *conn) int { return cmp.Compare(a.first.Packet, b.first.Packet) }
