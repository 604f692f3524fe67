package pool

import "slices"

// Pools that are settled give way to new ones where there are too many: they are evicted in
// the order of a clock, and only their totals are kept.
type eviction struct {
	totals         evictedTotals
	newPools       int  // that have begun since ShareEvictions
	toEvict        int  // how many are to be evicted until the next
	toInspect      int  // how many may be looked at for that
	evictAvoidable bool // those with avoidable connections are evicted too
	spent          bool // memory is: see Judge.KeepMemory
	evicted        fingerprintSet
	idleTokens     int // on the stacks of the pools
	toShed         int // how many of them are to go
}

// The evictedTotals are what the pools that were evicted come to.
type evictedTotals struct {
	verdicts Verdicts
	sums     Pool // of which only Sums count

	// The same, should the capture turn out to lack packets: that is told at its end.
	withheld         Verdicts
	withheldUnjudged int64
}

// add adds p, which is forgotten then.
func (t *evictedTotals) add(p *Pool) {
	t.verdicts.Add(p)
	t.sums.Add(&p.Sums)
	if p.Avoidable == 0 {
		p.withhold("")
	}
	t.withheld.Add(p)
	t.withheldUnjudged += p.Unjudged
}

// A poolList lists a shard's pools that are kept, in the order in which they were begun.
type poolList struct {
	first, last *Pool
	n           int
	clockHand   *Pool // where to look next for a pool to evict, nil: at the first
}

func (l *poolList) add(p *Pool) {
	if p.prev = l.last; p.prev != nil {
		p.prev.next = p
	} else {
		l.first = p
	}
	l.last = p
	l.n++
}

func (l *poolList) remove(p *Pool) {
	if l.clockHand == p {
		l.clockHand = p.next
	}
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		l.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		l.last = p.prev
	}
	p.prev, p.next = nil, nil
	l.n--
}

// advance returns the pool that the clock hand points to, and moves it on.
func (l *poolList) advance() *Pool {
	p := l.clockHand
	if p == nil {
		p = l.first
	}
	l.clockHand = p.next
	return p
}

// inspectPerNew is how many pools are looked at for each new one beyond the limit.
const inspectPerNew = 4

// ShareEvictions shares out among the shards how many pools are to be evicted, so that about
// KeepPools stay: those there are beyond that, and as many as have begun since the last
// call; fewer where they take more than KeepMemory. Call it each time all shards have advanced, and not between: what a shard has not
// done by then is shared out anew.
func (j *Judge) ShareEvictions() {
	kept, begun, idle := int64(0), int64(0), 0
	for i := range j.shards {
		kept += int64(j.shards[i].pools.n)
		begun += int64(j.shards[i].newPools)
		idle += j.shards[i].idleTokens
	}
	surplus, inspect, beyond := max(0, kept+begun-int64(j.KeepPools)), inspectPerNew*begun, j.Beyond()
	if beyond > 0 { // of pools of any size, as large a part as all have to give back
		surplus = max(surplus, kept*int64(beyond)/int64(j.KeepMemory+beyond)+begun)
		inspect = max(inspect, kept/2)
	}
	before := int64(0) // pools of the shards before
	for i := range j.shards {
		s := &j.shards[(i+j.rotation)%ClientShards] // each time another is first: the remainder goes round
		upTo := before + int64(s.pools.n)
		part := func(of int64) int { return int(of*upTo/max(1, kept) - of*before/max(1, kept)) }
		s.newPools, s.toEvict, s.toInspect = 0, part(surplus), part(inspect)
		s.spent = beyond > 0
		s.evictAvoidable = kept >= 2*int64(j.KeepPools) || s.spent
		before = upTo
		if idle > j.KeepIdle {
			s.toShed = s.idleTokens - s.idleTokens*(j.KeepIdle/2)/idle
		}
	}
	j.rotation++
}

// shedTokens takes tokens off the stacks if there are to be fewer, of each pool those that have
// been idle longest. What the ideal client would have done with them is not known then.
func (s *clientShard) shedTokens() {
	for p := s.pools.first; p != nil && s.toShed > 0; p = p.next {
		for n := min(s.toShed, (p.tokens.n+1)/2); n > 0; n-- {
			p.loseToken(p.tokens.bottom)
			p.OutOfOrder++
			s.decidedEarly++
			s.toShed--
		}
	}
	s.toShed = 0
}

// evictSettled evicts pools of which nothing is open, the oldest first, if there are to be
// fewer, and looks at no more than most; those with avoidable connections only beyond
// twice the limit. A client that comes back begins a new pool, and what its old one held
// idle is forgotten.
func (s *clientShard) evictSettled(most int) {
	for ; most > 0 && s.evicts(); most-- {
		s.toInspect--
		p := s.pools.advance()
		if !p.nothingOpen() {
			continue
		}
		if s.decideRest(p); p.Avoidable == 0 || s.evictAvoidable {
			s.evict(p)
			s.toEvict--
		}
	}
}

// evicts reports whether another pool is to be looked at.
func (s *clientShard) evicts() bool {
	return s.toEvict > 0 &&
		s.toInspect > 0 &&
		s.pools.n > 0
}

// nothingOpen reports whether nothing of p is open, and no connection that has yet to carry a
// request may belong to it.
func (p *Pool) nothingOpen() bool {
	if p.conns.live > 0 || len(p.outstanding) > 0 {
		return false
	}
	for _, cs := range p.clientServers {
		if cs.unused.first != nil {
			return false
		}
	}
	return true
}

// evict adds p to the totals and forgets it.
func (s *clientShard) evict(p *Pool) {
	s.conclude(p)
	s.totals.add(p)
	s.rememberEvicted(p)
	s.dischargeEvicted(p)
	s.unopened--
	for p.tokens.top != nil {
		p.tokens.remove(p.tokens.top)
	}
	s.unlink(p)
	s.pools.remove(p)
	p.merged, p.into, p.evicted = true, &s.totals.sums, true
	for _, q := range p.mergedFrom {
		q.evicted = true
		s.recycle(q)
	}
	s.recycle(p)
}

// unlink takes p out of all that could find it.
func (s *clientShard) unlink(p *Pool) {
	k := p.client
	if k.servers.len() == 1 && len(p.clientServers[0].pools) == 1 { // so it is with most: all keys are p's
		k.byKey.reset()
	} else {
		for _, key := range p.keys {
			if x := k.byKey.get(key); x != nil && x.Final() == p {
				k.byKey.delete(key)
			}
		}
	}
	for _, cs := range p.clientServers {
		cs.pools = slices.DeleteFunc(cs.pools, func(x *Pool) bool { return x == p })
		s.leaveServer(cs)
	}
}

// Evicted returns the sums of the pools that were not kept, and their verdicts. The Pool has
// no name and no servers, and its verdict is NotKnown where that of one of them is, else "".
func (j *Judge) Evicted() (*Pool, *Verdicts) {
	var all evictedTotals
	for i := range j.shards {
		t := &j.shards[i].totals
		all.sums.Add(&t.sums.Sums)
		if j.WithheldBecause == "" {
			all.verdicts.Merge(&t.verdicts)
			continue
		}
		all.verdicts.Merge(&t.withheld)
		all.sums.Unjudged += t.withheldUnjudged - t.sums.Unjudged
	}
	if all.verdicts.Of(NotKnown) > 0 {
		all.sums.Verdict = NotKnown
	}
	return &all.sums, &all.verdicts
}
