package pool

import "slices"

// folded is what pools that are no longer kept come to.
type evictedTotals struct {
	count int64
	sums  Pool
	worst int // index in order
}

// A roll lists a ward's pools that are kept, in the order in which they were begun.
type poolList struct {
	first, last *Pool
	n           int
	clockHand   *Pool // where to look next for a pool to sum up, nil: at the first
}

func (r *poolList) add(p *Pool) {
	if p.prev = r.last; p.prev != nil {
		p.prev.next = p
	} else {
		r.first = p
	}
	r.last = p
	r.n++
}

func (r *poolList) remove(p *Pool) {
	if r.clockHand == p {
		r.clockHand = p.next
	}
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		r.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		r.last = p.prev
	}
	p.prev, p.next = nil, nil
	r.n--
}

// ShareEvictions shares out among the shards how many pools are to be summed up, so that about
// KeepPools stay: those there are beyond that, and as many as have begun since the last
// call. Call it each time all shards have advanced, and not between: what a shard has not
// done by then is shared out anew.
func (j *Judge) ShareEvictions() {
	n, begun := int64(0), int64(0)
	for i := range j.shards {
		n += int64(j.shards[i].pools.n)
		begun += int64(j.shards[i].newPools)
	}
	surplus, before := max(0, n+begun-int64(j.KeepPools)), int64(0)
	for i := range j.shards {
		w := &j.shards[(i+j.rotation)%ClientShards] // each time another is first: what is left over goes round
		own := before + int64(w.pools.n)
		part := func(of int64) int { return int(of*own/max(1, n) - of*before/max(1, n)) }
		w.newPools, w.toEvict, w.toInspect, w.evictAvoidable = 0, part(surplus), part(inspectPerNew*begun), n >= 2*int64(j.KeepPools)
		before = own
	}
	j.rotation++
}

// looks is how many pools are looked at for each new one beyond the limit.
const inspectPerNew = 4

// makeRoom sums up pools of which nothing is open, the oldest first, if there are to be
// fewer, and looks at no more than most; those with avoidable connections only beyond
// twice the limit. A client that comes back begins a new pool, and what its old one held
// idle is forgotten.
func (w *clientShard) evictSettled(most int) {
	for ; most > 0 && w.toEvict > 0 && w.toInspect > 0 && w.pools.n > 0; most-- {
		w.toInspect--
		p := w.pools.clockHand
		if p == nil {
			p = w.pools.first
		}
		w.pools.clockHand = p.next
		if p.liveConns > 0 || len(p.outstanding) > 0 || p.mayGetConn() {
			continue
		}
		if w.decideRest(p); p.Avoidable == 0 || w.evictAvoidable {
			w.evict(p)
			w.toEvict--
		}
	}
}

// fold sums p up.
func (w *clientShard) evict(p *Pool) {
	w.conclude(p)
	w.evicted.add(p, 1)
	w.unlink(p)
	w.pools.remove(p)
	p.merged, p.into, p.evicted = true, &w.evicted.sums, true
	for _, q := range p.mergedFrom {
		q.evicted = true
		w.recycle(q)
	}
	w.recycle(p)
}

// awaited reports whether a connection that has yet to speak may belong to p.
func (p *Pool) mayGetConn() bool {
	for _, s := range p.clientServers {
		if s.unused.first != nil {
			return true
		}
	}
	return false
}

// add adds n pools that come to p.
func (f *evictedTotals) add(p *Pool, n int64) {
	if f.count == 0 {
		f.worst = len(worstFirst) - 1
	}
	f.count += n
	f.worst = min(f.worst, slices.Index(worstFirst, p.Verdict))
	f.sums.count(p)
}

// forget takes p out of all that could find it.
func (w *clientShard) unlink(p *Pool) {
	k := p.client
	if k.servers.len() == 1 && len(p.clientServers[0].pools) == 1 { // so it is with most: all names are p's
		k.byKey.reset()
	} else {
		for _, key := range p.keys {
			if x := k.byKey.get(key); x != nil && x.Final() == p {
				k.byKey.delete(key)
			}
		}
	}
	for _, s := range p.clientServers {
		s.pools = slices.DeleteFunc(s.pools, func(x *Pool) bool { return x == p })
		w.leaveServer(s)
	}
}

// Evicted returns the sums of the pools that were not kept, and how many they
// were. Its Verdict is the worst of theirs; it has no name and no servers.
func (j *Judge) Evicted() (*Pool, int64) {
	var all evictedTotals
	for i := range j.shards {
		if f := &j.shards[i].evicted; f.count > 0 {
			f.sums.Verdict = worstFirst[f.worst]
			all.add(&f.sums, f.count)
		}
	}
	if all.count > 0 {
		all.sums.Verdict = worstFirst[all.worst]
	}
	return &all.sums, all.count
}
