package engine

import (
	"bytes"
	"cmp"
	"slices"
	"time"
	"unsafe"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/compact"
	"tcpwarm/analyze/conn"
	"tcpwarm/capture/segment"
)

// A worker follows the connections of some shards.
type worker struct {
	in           chan *batch
	index        int
	every        int // it owns shards index, index+every, ...
	shards       [shards]shard
	out          emitter
	batch        *batch // that is worked on
	limit        int    // connections a shard may hold
	mostHalfOpen int    // of them followed, by shard
	mostUnpacked int    // open connections that are followed though they are quiet, by shard
	quietFor     time.Duration
	left         []*entry // at the end of the capture
	faults       *faults
	latest       *entry // that was given a segment: if that panics, it is given up

	packer compact.Packer

	fetched int // what prefetch comes to: kept, or the compiler would leave it out
}

func newWorker(i int, o Options, f *faults) *worker {
	w := &worker{in: make(chan *batch, inFlight), index: i, every: o.Workers, faults: f, limit: max(1, o.Limits.Connections/shards),
		mostHalfOpen: o.Limits.HalfOpen / shards, mostUnpacked: o.Limits.Unpacked / shards, quietFor: o.Limits.QuietFor}
	w.out = emitter{oneClient: o.OneClient, Env: conn.Env{
		Readers:     app.Readers{Keys: o.Keys.On(), Ignore: o.Ignore, Names: o.Redact.Names()},
		KeepSamples: o.Series != nil || o.Samples != nil,
		KeepSteps:   o.Steps != nil,
		OneClient:   o.OneClient || o.Judged != nil,
	}}
	for i := range w.shards {
		sh := &w.shards[i]
		sh.readers, sh.store.Packer = w.out.Readers, &w.packer
		sh.budget.Most = o.Limits.KeptTransactions
		sh.memory.most = int(o.Limits.share(liveShare) / shards)
		sh.free.most = mostFreeOf(sh.memory.most)
		sh.readers.MostFree = sh.free.most
		sh.budget.Room = sh.memory.most / 4 * 3
		sh.timeWait.Most = int(o.Limits.share(timeWaitShare)/shards) / int(unsafe.Sizeof(conn.Finished{}))
	}
	return w
}

func (w *worker) run() {
	for b := range w.in {
		w.batch = b
		w.out.workerOutput = &b.output[w.index]
		w.out.clear()
		if b.short {
			w.out.trim(b.fewer)
		}
		w.out.KeepTargets, w.out.none = !b.full, b.none
		w.mayTake(b.live)
		for i := range b.blocks {
			for _, log := range b.blocks[i].Secrets {
				w.out.Readers.Keys.Add(bytes.NewReader(log)) // as far as it is one
			}
		}
		// One shard after the other: what its connections need stays in the cache.
		for i := w.index; i < shards; i += w.every {
			for list := range slices.Chunk(b.shards[i], ahead) {
				w.fetched += prefetch(list)
				for len(list) > 0 {
					list = list[w.segments(&w.shards[i], list):]
				}
			}
		}
		w.concludeResets(b.clock)
		if b.bound > 0 {
			w.finish(b.bound, b.clock)
		} else {
			w.keepWithin(b.clock)
		}
		w.out.taken = w.taken()
		b.done.Done()
	}
}

// ahead is how many segments, or openings or ends of connections, are asked for at once.
const ahead = 16

// prefetch reads where the segments of list and their payload lie. They come from memory: a
// processor waits for many of such reads as long as for one, where they follow each other.
func prefetch(list []hashed) (sum int) {
	for _, s := range list {
		sum += int(s.Packet) + int(s.Dir) + int(s.Options.SACK[3].End)
	}
	for _, s := range list {
		for k := range (headOf(s.Segment) + 63) / 64 {
			sum += int(s.Payload[64*k])
		}
	}
	return sum
}

// headOf returns how many bytes of s's payload are likely to be read: of a long one that does not end a write only where
// it begins, for most are content, which is counted and not looked at.
func headOf(s *segment.Segment) int {
	const (
		most  = 256 // few heads are longer
		long  = 1024
		first = 64
	)
	if len(s.Payload) > long && !s.Flags.Has(segment.PSH) {
		return first
	}
	return min(len(s.Payload), most)
}

// segments takes the segments of list and returns how many it is through with: all of
// them, or those up to one that ended in a panic.
func (w *worker) segments(sh *shard, list []hashed) (n int) {
	defer func() {
		if v := recover(); v != nil {
			w.faults.add(list[n-1].Packet, v)
			if w.latest != nil {
				sh.remove(w.latest)
				w.out.abandon(w.latest)
			}
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

// segment gives s to its connection, which it may begin.
func (w *worker) segment(sh *shard, s *segment.Segment, hash uint64) {
	w.out.Now = s.Mark()
	w.expire(sh, s.Time)
	e := sh.find(&s.Key, hash)
	if e != nil {
		w.resume(sh, e)
		if e.Damaged(s) {
			e.Unacceptable(s.Packet)
			return
		}
		if e.contests != nil {
			e = w.decideContest(sh, e, s)
			w.resume(sh, e)
		}
	}
	if e != nil && e.SupersededBy(s) {
		if e.Contests(s) {
			e.contest(s)
			sh.open.push(e, s.Time) // a half-open one does not rest until that is decided
			return
		}
		w.end(sh, e, false)
		e = nil
	}
	if e == nil {
		if w.late(sh, s, hash) {
			return
		}
		w.begin(sh, s, hash)
		return
	}
	w.latest = e
	e.Segment(s)
	sh.memory.note(e)
	w.await(sh, e, s)
	w.latest = nil
}

// begin begins a connection with s.
func (w *worker) begin(sh *shard, s *segment.Segment, hash uint64) *entry {
	if sh.table.Len() >= w.limit {
		w.evict(sh)
	}
	if sh.memory.taken > sh.memory.most {
		w.relieve(sh)
	}
	e := sh.newEntry(s, &w.out)
	sh.table.Put(hash, e)
	sh.memory.begin(e)
	w.latest = e
	if e.Segment(s); !e.ClientKnown() {
		w.out.seen(e)
	}
	w.await(sh, e, s)
	w.latest = nil
	return e
}

// late counts s if it belongs to a connection that is finished, and reports whether it does.
func (w *worker) late(sh *shard, s *segment.Segment, hash uint64) bool {
	f := sh.timeWait.Get(hash, s.Time)
	if f == nil {
		return false
	}
	if !f.Has(s) {
		sh.timeWait.Drop(hash)
		return false
	}
	w.out.late.Add(1, s.Packet)
	if conn.MayComeAgain(s) {
		sh.timeWait.Put(hash, *f, s.Time.Add(lateEndsFor), s.Time)
	}
	return true
}

// contest keeps s, a SYN that may begin another connection in the place of e. One kept before,
// that it is no copy of, has begun none.
func (e *entry) contest(s *segment.Segment) {
	if before := e.contests; before != nil {
		if conn.SameSYN(before, s) {
			return
		}
		e.Unacceptable(before.Packet)
	}
	syn := *s
	syn.Payload = bytes.Clone(s.Payload) // the batch's
	e.contests = &syn
}

// decideContest begins the connection of the SYN that contests e, if s shows that it does, and
// returns the one that s belongs to.
func (w *worker) decideContest(sh *shard, e *entry, s *segment.Segment) *entry {
	syn := e.contests
	begins, none := e.Decides(syn, s)
	switch {
	case none:
		e.contests = nil
		e.Unacceptable(syn.Packet)
	case begins:
		e.contests = nil
		hash := e.hash()
		w.end(sh, e, false)
		return w.begin(sh, syn, hash)
	}
	return e
}

// expire lets go of what has ended long enough ago, and remembers its key.
func (w *worker) expire(sh *shard, now segment.Time) {
	for e := sh.due(now); e != nil; e = sh.due(now) {
		if e.State() == conn.JustReset {
			w.concludeReset(sh, e)
		} else {
			w.enterTimeWait(sh, e)
		}
	}
}

// concludeResets concludes what was reset a while ago in all shards: pools wait for it.
func (w *worker) concludeResets(now segment.Time) {
	for i := w.index; i < shards; i += w.every {
		sh := &w.shards[i]
		for sh.fresh.due(now, resetGrace, maxReset) {
			w.out.Now = segment.Mark{Time: now, Packet: w.batch.last()}
			w.concludeReset(sh, sh.fresh.first)
		}
	}
}

// concludeReset concludes e, which was reset a while ago. Late segments still find it. It does so as if
// at the first packet behind that while, whichever packet shows that it is over: where a batch
// ends, and what else is in e's shard, must not decide it.
func (w *worker) concludeReset(sh *shard, e *entry) {
	now := w.out.Now
	defer func() { w.out.Now = now }()
	due := min(e.waitLink.since.Add(resetGrace), now.Time)
	w.out.Now = segment.Mark{Time: due, Packet: w.batch.firstAfter(due, now.Packet)}
	sh.fresh.remove(e) // first: whatever it becomes, it is concluded once
	if w.guarded(sh, e, e.ConcludeReset) {
		sh.awaitLate(e, due)
	}
}

// guarded does f, which is of e, and reports whether it did: where it panics, e is given up.
func (w *worker) guarded(sh *shard, e *entry, f func()) (done bool) {
	defer func() {
		if v := recover(); v != nil {
			w.faults.add(e.lastPacket(), v)
			sh.remove(e)
			w.out.abandon(e)
		}
	}()
	f()
	return true
}

// enterTimeWait lets go of e, which has ended, and remembers its key.
func (w *worker) enterTimeWait(sh *shard, e *entry) {
	keep := timeWaitFor
	if sh.timeWait.Len() < maxLateEnds {
		keep = lateEndsFor
	}
	ended := e.EndedAt().Time
	sh.timeWait.Put(e.hash(), e.Finished(ended.Add(timeWaitFor)), ended.Add(keep), w.out.Now.Time)
	w.end(sh, e, false)
}

// evict gives up the eighth of the connections that has been idle longest. To
// do so for many at once keeps the sorting cheap.
func (w *worker) evict(sh *shard) {
	all := slices.Collect(sh.table.All)
	slices.SortFunc(all, func(a, b *entry) int { return cmp.Compare(a.lastPacket(), b.lastPacket()) })
	for _, e := range all[:len(all)/8+1] {
		w.end(sh, e, e.isOpen())
	}
}

// end ends e, unless it has ended, and leaves to the collector what that needs of it. e
// then serves again; unless something goes wrong with it: then it is given up.
func (w *worker) end(sh *shard, e *entry, gaveUp bool) {
	defer func() {
		if v := recover(); v != nil {
			w.faults.add(e.lastPacket(), v)
			w.out.abandon(e)
		}
	}()
	sh.remove(e)
	w.resume(sh, e)
	if e.contests != nil { // nothing has followed
		e.Unacceptable(e.contests.Packet)
	}
	if gaveUp {
		e.GiveUp()
	} else {
		e.End()
	}
	w.out.finish(e, gaveUp)
	sh.recycle(e)
}

// finish ends the connections that are left at the end of the capture and begun before
// packet bound, in order of first packet.
func (w *worker) finish(bound int64, end segment.Time) {
	if w.left == nil {
		for i := range w.shards {
			w.left = slices.AppendSeq(w.left, w.shards[i].table.All)
		}
		slices.SortFunc(w.left, func(a, b *entry) int { return cmp.Compare(a.handle.First.Packet, b.handle.First.Packet) })
	}
	for len(w.left) > 0 && w.left[0].handle.First.Packet < bound {
		e := w.left[0]
		w.left[0], w.left = nil, w.left[1:]
		w.out.Now = segment.Mark{Time: end, Packet: e.handle.First.Packet}
		w.end(&w.shards[shardOf(e.hash())], e, false)
	}
}
