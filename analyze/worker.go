package analyze

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/flow"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/redact"
	"tcpwarm/capture/segment"
)

// shards is fixed, so that results cannot depend on the number of workers: what
// is limited is limited by shard.
const shards = 64

// shardOf returns which shard keys with a hash are in. Where in its table is told by the
// low bits.
func shardOf(hash uint64) int { return int(hash >> 58) }

// A worker follows the connections of some shards.
type worker struct {
	in     chan *batch
	index  int
	every  int // it owns shards index, index+every, ...
	shards [shards]shard
	out    outbox
	limit  int     // connections a shard may hold
	left   []*conn // at the end of the capture

	touched int // what touch comes to: kept, or the compiler would leave it out
}

// A shard holds the connections whose keys hash to it.
type shard struct {
	table   flow.Table[conn]
	over    waitlist // ended, but the last acknowledgements are still to come
	settled waitlist // ended, and both FINs acknowledged
	reset   waitlist // ended by a reset, which may be forged

	// Ghosts are which connections have ended and are finished, by the hash of their
	// keys. Two keys with one hash are told apart by nobody, and then a connection begun
	// midway loses segments: that is counted.
	ghosts fading[struct{}]
}

// Mail is what a worker tells the collector of one batch. Its lists are in no order: the
// collector sorts them by packet.
type mail struct {
	births  []birth
	events  [pool.ClientShards]pile[connEvent] // by client
	ends    pile[farewell]
	strays  int64 // segments of connections long finished
	strayAt int64 // packet of the first
	chunks  []chunk
}

// clear empties the mail.
func (o *outbox) clear() {
	o.births, o.strays, o.chunks = o.births[:0], 0, o.chunks[:0]
	o.ends.clear(&o.spareEnds)
	for i := range o.events {
		o.events[i].clear(&o.spareEvents)
	}
}

// A birth is a connection's: its first packet, or later the one that showed its client.
type birth struct {
	when   int64 // packet
	ticket *ticket
	opened bool // its client is known
}

// A connEvent is one of a connection for the pools.
type connEvent struct {
	when   int64 // packet
	ticket *ticket
	open   bool // the first: there is no more to it
	pool   event.Event
}

// An outbox collects a worker's mail.
type outbox struct {
	*mail
	now       segment.Mark
	full      bool        // the collector keeps no more transactions
	none      bool        // nor records of connections
	kept      [shards]int // records of connections that have not finished, by shard
	most      int         // that a shard may keep
	oneClient bool
	together  bool // whatever the wire shows, an address is one client's
	spares    spares
	names     names

	spareEvents spare[connEvent]
	spareEnds   spare[farewell]

	series *series // nil: nobody wants it
}

// names are what hosts' names are shown as, made before: many connections carry the same
// few.
type names map[string]string

// Bounds of names: how many there are, then it begins anew; and how long one is (RFC
// 1035 section 2.3.4, and a port).
const (
	maxNames = 4096
	maxName  = 255 + len(":65535")
)

// of returns b as r shows it.
func (n *names) of(b []byte, r *redact.Redactor) string {
	b = b[:min(len(b), maxName)]
	if s, ok := (*n)[string(b)]; ok {
		return s
	}
	if *n == nil || len(*n) >= maxNames {
		*n = names{}
	}
	plain := string(b)
	s := r.Name(plain)
	(*n)[plain] = s
	return s
}

// ward returns in which ward a client at a is, the same in every run.
func (o *outbox) ward(a segment.Addr) int {
	if o.oneClient {
		return 0
	}
	h := (a.Hi ^ a.Lo) * 0x9E3779B97F4A7C15
	return int((h ^ h>>32) * 0xD6E8FEB86659FD93 >> 32 % pool.ClientShards)
}

// birth notes that c was seen or opened.
func (o *outbox) birth(c *conn) {
	o.births = append(o.births, birth{o.now.Packet, c.ticket, c.opened})
}

// event adds an event of c, whose event is not set: it is large, and written in
// place.
func (o *outbox) event(c *conn) *connEvent {
	e := o.events[c.ward].next(&o.spareEvents)
	e.when, e.ticket, e.open = o.now.Packet, c.ticket, false
	return e
}

// hand hands the lines of one direction to the collector.
func (o *outbox) hand(c *conn, d segment.Dir) {
	v := c.half[d].view
	if o.series != nil && len(v.lines) > 0 {
		o.chunks = append(o.chunks, chunk{c.ticket, d, o.now.Packet, v.lines})
		v.lines = nil
	}
}

// stray counts a segment that belongs to no connection any more.
func (o *outbox) stray() {
	if o.strays == 0 || o.now.Packet < o.strayAt { // shards come one after the other
		o.strayAt = o.now.Packet
	}
	o.strays++
}

func newWorker(i int, o Options, lines *series) *worker {
	return &worker{in: make(chan *batch, inFlight), index: i, every: o.Workers,
		out: outbox{most: o.Limits.KeptTransactions, oneClient: o.OneClient, together: o.OneClient || o.Judged != nil, series: lines, spares: spares{keys: o.Keys.On(), ignore: o.Ignore, redact: o.Redact}}, limit: max(1, o.Limits.Connections/shards)}
}

func (w *worker) run() {
	for b := range w.in {
		w.out.mail = &b.mail[w.index]
		w.out.clear()
		w.out.full, w.out.none = b.full, b.none
		for i := range b.blocks {
			for _, log := range b.blocks[i].Secrets {
				w.out.spares.keys.Add(bytes.NewReader(log)) // as far as it is one
			}
		}
		// One shard after the other: what its connections need stays in the cache.
		for i := w.index; i < shards; i += w.every {
			for list := range slices.Chunk(b.shards[i], ahead) {
				w.touched += touch(list)
				for _, s := range list {
					w.segment(&w.shards[i], s.Segment, s.hash)
				}
			}
		}
		if b.bound > 0 {
			w.finish(b.bound, b.clock)
		}
		b.done.Done()
	}
}

// ahead is how many segments, or births or ends of connections, are asked for at once.
const ahead = 16

// touch reads where the segments of list and their payload lie. They come from memory: a
// processor waits for many of such reads as long as for one, where they follow each other.
func touch(list []hashed) (sum int) {
	for _, s := range list {
		sum += int(s.Packet) + int(s.Dir) + int(s.Options.SACK[3].End)
	}
	for _, s := range list {
		for k := 0; k < len(s.Payload) && k < 256; k += 64 { // most heads are no longer
			sum += int(s.Payload[k])
		}
	}
	return sum
}

func (w *worker) segment(sh *shard, s *segment.Segment, hash uint64) {
	w.out.now = s.Mark()
	sh.expire(s.Time, &w.out)
	c := sh.table.Get(&s.Key, hash)
	if c != nil && c.superseded(s) {
		c.end(c.last)
		sh.remove(c, &w.out, false)
		c = nil
	}
	if c == nil {
		if sh.ghosts.get(hash, s.Time) != nil {
			if !s.Flags.Has(segment.SYN) {
				w.out.stray()
				return
			}
			sh.ghosts.drop(hash)
		}
		if sh.table.Len() >= w.limit {
			sh.evict(&w.out)
		}
		c = newConn(s, hash, &w.out)
		sh.table.Put(s.Key, hash, c)
		if c.segment(s); !c.opened {
			w.out.birth(c)
		}
	} else {
		c.segment(s)
	}
	if c.over {
		sh.await(c, s.Time)
	}
}

// await has c, which has ended, wait for stragglers.
func (sh *shard) await(c *conn, now segment.Time) {
	switch {
	case c.half[0].SawRST || c.half[1].SawRST:
		if c.waits != &sh.reset {
			sh.reset.push(c, now)
		}
	case c.half[0].FinAcked() && c.half[1].FinAcked():
		if c.waits != &sh.settled {
			sh.settled.push(c, now)
		}
	case c.waits == nil:
		sh.over.push(c, now)
	}
}

// expire lets go of what has ended long enough ago.
func (sh *shard) expire(now segment.Time, out *outbox) {
	for sh.over.due(now, stay, math.MaxInt) {
		sh.bury(sh.over.first, out)
	}
	for sh.settled.due(now, stay, maxSettled) {
		sh.bury(sh.settled.first, out)
	}
	for sh.reset.due(now, linger, maxReset) {
		sh.bury(sh.reset.first, out)
	}
}

// bury lets go of c, which has ended, and remembers its key.
func (sh *shard) bury(c *conn, out *outbox) {
	sh.ghosts.put(c.hash, struct{}{}, c.overAt.Time.Add(linger), out.now.Time)
	sh.remove(c, out, false)
}

func (sh *shard) remove(c *conn, out *outbox, gaveUp bool) {
	if c.waits != nil {
		c.waits.remove(c)
	}
	sh.table.Delete(c.key, c.hash)
	out.finish(c, gaveUp)
}

// evict gives up the eighth of the connections that has been idle longest. To
// do so for many at once keeps the sorting cheap.
func (sh *shard) evict(out *outbox) {
	all := slices.Collect(sh.table.All)
	slices.SortFunc(all, func(a, b *conn) int { return cmp.Compare(a.last.Packet, b.last.Packet) })
	for _, c := range all[:len(all)/8+1] {
		live := !c.over
		c.end(c.last)
		sh.remove(c, out, live)
	}
}

// finish ends the connections that are left at the end of the capture and begun before
// packet bound, in order of first packet.
func (w *worker) finish(bound int64, end segment.Time) {
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
		w.out.now = segment.Mark{Time: end, Packet: c.first.Packet}
		c.end(c.last)
		w.out.finish(c, false)
	}
}

func byFirst(a, b *conn) int { return cmp.Compare(a.first.Packet, b.first.Packet) }
