package analyze

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"

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
	limit  int // connections a shard may hold
}

// A shard holds the connections whose keys hash to it.
type shard struct {
	table    flow.Table[conn]
	over     []*conn // ended, oldest first, lingering
	overHead int
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
)

// An outbox collects a worker's events of one batch.
type outbox struct {
	events []event
	now    segment.Mark
	full   *atomic.Bool // the collector keeps no more transactions
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
		if b.last {
			w.finish()
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
		if sh.table.Len() >= w.limit {
			sh.evict(&w.out)
		}
		c = newConn(s, hash, &w.out)
		sh.table.Put(s.Key, hash, c)
	}
	over := c.over
	c.segment(s)
	if c.over && !over {
		sh.over = append(sh.over, c)
	}
}

// expire takes out the connections that have lingered long enough.
func (sh *shard) expire(now segment.Time, out *outbox) {
	for sh.overHead < len(sh.over) {
		c := sh.over[sh.overHead]
		if !c.gone && now.Sub(c.overAt.Time) <= linger {
			return
		}
		sh.over[sh.overHead] = nil
		sh.overHead++
		if !c.gone {
			sh.remove(c, out, finished)
		}
		if sh.overHead*2 > len(sh.over) {
			sh.over = sh.over[:copy(sh.over, sh.over[sh.overHead:])]
			sh.overHead = 0
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

// finish ends all connections with the capture, in order of first packet.
func (w *worker) finish() {
	w.out.now = segment.Mark{Packet: math.MaxInt64}
	var all []*conn
	for i := range w.shards {
		all = slices.AppendSeq(all, w.shards[i].table.All)
	}
	slices.SortFunc(all, byFirst)
	for _, c := range all {
		c.end(c.last)
		w.out.done(c, finished)
	}
}

func byFirst(a, b *conn) int { return cmp.Compare(a.first.Packet, b.first.Packet) }
