package pool

import (
	"cmp"
	"slices"
)

// merge makes one pool of p and q: one connection carries both names. What was decided
// stays decided.
func (s *clientShard) merge(p, q *Pool) {
	name, tls := p.Name, p.TLS
	if name == "" && !p.proxied {
		name, tls = q.Name, q.TLS
	}
	if q.weight() > p.weight() { // the lighter goes, and the name stays: else each of many would move all before it
		p, q = q, p
	}
	p.Name, p.TLS = name, tls
	q.merged, q.into = true, p
	s.pools.remove(q)
	p.mergedFrom = append(append(p.mergedFrom, q), q.mergedFrom...)
	q.mergedFrom = q.mergedFrom[:0]
	s.taken -= addressSize * len(q.clientServers)
	s.taken += addressSize * p.takeServers(q)
	p.keys = append(p.keys, q.keys...)
	p.FirstPacket = min(p.FirstPacket, q.FirstPacket)
	p.moreNames = p.moreNames || q.moreNames
	p.cameBack = p.cameBack || q.cameBack
	p.endsFIN = p.endsFIN || q.endsFIN
	p.Agent = cmp.Or(p.Agent, q.Agent)

	p.Sums.Add(&q.Sums)
	p.MostOnOne = max(p.MostOnOne, q.MostOnOne)
	p.Peak = max(p.Peak, q.Peak)
	if p.conns.live == 0 || q.conns.live == 0 { // not both: a request joins them
		s.unopened--
	}
	p.conns.add(&q.conns)
	p.unsplit(q)
	q.unsplit(p)
	p.detectors.merge(&q.detectors)
	s.startCurve(p) // each from its own tokens
	s.startCurve(q)
	waiting := p.waiting() + q.waiting()
	p.replay.merge(&q.replay)
	s.boundProvisional(p)
	s.taken += p.waiting() - waiting
}

// weight is how much merging p into another pool has to move.
func (p *Pool) weight() int { return int(p.Used) + len(p.clientServers) + len(p.keys) }

// takeServers has p found, as the latest, where q was, and returns at how many addresses it was not before.
func (p *Pool) takeServers(q *Pool) (n int) {
	for _, cs := range q.clientServers {
		if !slices.Contains(cs.pools, p) {
			p.clientServers = append(p.clientServers, cs)
			p.Servers = append(p.Servers, cs.server)
			n++
		}
		cs.pools = slices.DeleteFunc(cs.pools, func(x *Pool) bool { return x == q || x == p })
		cs.pools = append(cs.pools, p)
	}
	return n
}

// merge has r act on what o would have, which is left empty.
func (r *replay) merge(o *replay) {
	for _, a := range o.queue {
		r.queue.push(a)
	}
	if o.forced && (!r.forced || o.forcedUntil > r.forcedUntil) {
		r.forced, r.forcedUntil = true, o.forcedUntil
	}
	for _, occ := range o.outstanding {
		r.addOutstanding(occ)
	}
	r.deferredCloses += o.deferredCloses
	r.clockOffset = max(r.clockOffset, o.clockOffset)
	r.curve.merge(&o.curve)
	r.tokens.merge(&o.tokens)
	r.addLoss(o.losses...)
	r.decided += o.decided
	r.handed += o.handed
	if len(o.provisional) > 0 {
		r.provisional = append(r.provisional, o.provisional...)
		slices.SortStableFunc(r.provisional, func(a, b *Decision) int {
			return cmp.Compare(a.openPacket, b.openPacket)
		})
	}
	clear(o.queue)
	clear(o.outstanding)
	clear(o.losses)
	o.queue, o.outstanding, o.losses, o.provisional = o.queue[:0], o.outstanding[:0], o.losses[:0], nil
}

// Final returns the pool that p was merged into in the end, p itself if into none. Keys and
// connections keep pointing to the old one; each look-up shortens the way.
func (p *Pool) Final() *Pool {
	end := p
	for end.merged {
		end = end.into
	}
	for p != end {
		p, p.into = p.into, end
	}
	return end
}
