package analyze

import (
	"bytes"
	"cmp"
	"math"
	"slices"

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
	faults *faults
	latest *conn // that was given a segment: if that panics, it is given up

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
	events  [pool.Wards]pile[event] // by client
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

// An event is one of a connection for the pools.
type event struct {
	when   int64 // packet
	ticket *ticket
	open   bool // the first: there is no more to it
	pool   pool.Event
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

	spareEvents spare[event]
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
	return int((h ^ h>>32) * 0xD6E8FEB86659FD93 >> 32 % pool.Wards)
}

// birth notes that c was seen or opened.
func (o *outbox) birth(c *conn) {
	o.births = append(o.births, birth{o.now.Packet, c.ticket, c.opened})
}

// event adds an event of c, whose pool.Event is not set: it is large, and written in
// place.
func (o *outbox) event(c *conn) *event {
	e := o.events[c.ward].next(&o.spareEvents)
	e.when, e.ticket, e.open = o.now.Packet, c.ticket, false
	return e
}

// hand hands the lines of one direction to the collector.
func (o *outbox) hand(c *conn, d segment.Dir) {
	v := c.half[d].view
	if o.series != nil && len(v.Samples()) > 0 {
		o.chunks = append(o.chunks, chunk{c.ticket, d, o.now.Packet, v.TakeSamples()})
	}
}

// stray counts a segment that belongs to no connection any more.
func (o *outbox) stray() {
	if o.strays == 0 || o.now.Packet < o.strayAt { // shards come one after the other
		o.strayAt = o.now.Packet
	}
	o.strays++
}

func newWorker(i int, o Options, lines *series, f *faults) *worker {
	return &worker{in: make(chan *batch, inFlight), index: i, every: o.Workers, faults: f,
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
				for len(list) > 0 {
					list = list[w.segments(&w.shards[i], list):]
				}
			}
		}
		if b.bound > 0 {
			w.finish(b.bound, b.clock)
		}
		b.done.Done()
	}
}

// segments takes the segments of list and returns how many it is through with: all of
// them, or those up to one that ended in a panic.
func (w *worker) segments(sh *shard, list []hashed) (n int) {
	defer func() {
		if v := recover(); v != nil {
			w.faults.add(list[n-1].Packet, v)
			w.giveUp(sh, w.latest)
		}
	}()
	w.latest = nil
	for n < len(list) {
		s := &list[n]
		n++
		w.segment(sh, s.Segment, s.hash)
	}
	return n
}

// giveUp leaves off following c, which is broken, if it is not nil.
func (w *worker) giveUp(sh *shard, c *conn) {
	if c != nil {
		sh.remove(c)
		w.out.abandon(c)
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
	w.expire(sh, s.Time)
	c := sh.table.Get(&s.Key, hash)
	if c != nil && c.superseded(s) {
		w.end(sh, c, false)
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
			w.evict(sh)
		}
		c = newConn(s, hash, &w.out)
		sh.table.Put(s.Key, hash, c)
		w.latest = c
		if c.segment(s); !c.opened {
			w.out.birth(c)
		}
	} else {
		w.latest = c
		c.segment(s)
	}
	if c.over {
		sh.await(c, s.Time)
	}
	w.latest = nil
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
func (w *worker) expire(sh *shard, now segment.Time) {
	for sh.over.due(now, stay, math.MaxInt) {
		w.bury(sh, sh.over.first)
	}
	for sh.settled.due(now, stay, maxSettled) {
		w.bury(sh, sh.settled.first)
	}
	for sh.reset.due(now, linger, maxReset) {
		w.bury(sh, sh.reset.first)
	}
}

// bury lets go of c, which has ended, and remembers its key.
func (w *worker) bury(sh *shard, c *conn) {
	sh.ghosts.put(c.hash, struct{}{}, c.overAt.Time.Add(linger), w.out.now.Time)
	w.end(sh, c, false)
}

// remove takes c out of the shard.
func (sh *shard) remove(c *conn) {
	if c.waits != nil {
		c.waits.remove(c)
	}
	sh.table.Delete(c.key, c.hash)
}

// evict gives up the eighth of the connections that has been idle longest. To
// do so for many at once keeps the sorting cheap.
func (w *worker) evict(sh *shard) {
	all := slices.Collect(sh.table.All)
	slices.SortFunc(all, func(a, b *conn) int { return cmp.Compare(a.last.Packet, b.last.Packet) })
	for _, c := range all[:len(all)/8+1] {
		w.end(sh, c, !c.over)
	}
}

// end ends c, unless it has ended, and leaves to the collector what that needs of it. c
// then serves again; unless something goes wrong with it: then it is given up.
func (w *worker) end(sh *shard, c *conn, gaveUp bool) {
	defer func() {
		if v := recover(); v != nil {
			w.faults.add(c.last.Packet, v)
			w.out.abandon(c)
		}
	}()
	sh.remove(c)
	c.end(c.last)
	w.out.finish(c, gaveUp)
}

// finish ends the connections that are left at the end of the capture and begun before
// packet bound, in order of first packet.
func (w *worker) finish(bound int64, end segment.Time) {
	if w.left == nil {
		for i := range w.shards {
			w.left = slices.AppendSeq(w.left, w.shards[i].table.All)
		}
		slices.SortFunc(w.left, byFirst)
	}
	for len(w.left) > 0 && w.left[0].first.Packet < bound {
		c := w.left[0]
		w.left[0], w.left = nil, w.left[1:]
		w.out.now = segment.Mark{Time: end, Packet: c.first.Packet}
		w.end(&w.shards[shardOf(c.hash)], c, false)
	}
}

func byFirst(a, b *conn) int { return cmp.Compare(a.first.Packet, b.first.Packet) }
