package pool

import (
	"slices"
)

const inferredOnly = "its transactions are inferred from encrypted records and can only be bounded"

func (p *Pool) verdict() (v Verdict, why string) {
	switch {
	case p.ambiguousClient():
		return NotKnown, "more clients were seen at its address than are told apart"
	case p.MaxOver > 0 && (p.Avoidable > 0 || p.Reused <= p.MaxOver):
		return NotKnown, inferredOnly
	case p.Avoidable > 0 && p.Avoidable == p.PerhapsNeeded:
		return NotKnown, "the client closed right after answers that could not be read: they may have said close"
	case p.Avoidable > 0 && p.Reused > 0:
		return PartlyReused, ""
	case p.Avoidable > 0:
		return NotReused, ""
	case p.Opaque > 0:
		return NotKnown, "what its connections carried is encrypted"
	case p.Gaps > 0:
		return NotKnown, "the capture lacks bytes that the client sent: requests may hide there"
	case p.serverUnseen > 0 && p.Used > 1:
		return NotKnown, "the capture lacks what the server sent"
	case p.midstream > 0 && p.Used > 1:
		return NotKnown, "some connections were opened before the capture began"
	case p.PerhapsAvoidable > 0:
		return NotKnown, "the server closed right after its answers; whether the requests asked for that could not be read"
	case p.Reused > p.ReusedUnanswered:
		return Reused, ""
	case p.MaxUnder > 0:
		return NotKnown, inferredOnly
	case p.ReusedUnanswered+p.Causes.Of(ServerClosed)+p.Causes.Of(ServerSaidClose)+p.Causes.Of(Reset) > 0:
		return ServerPrevents, ""
	}
	return NoOpportunity, ""
}

// order is from worst to best, for the whole.
var worstFirst = []Verdict{NotReused, PartlyReused, ServerPrevents, NotKnown, Reused, NoOpportunity}

// Worst returns the verdict of the whole: the worst pool's. Nothing seen is
// NoOpportunity.
func Worst(pools []*Pool) Verdict {
	worst := len(worstFirst) - 1
	for _, p := range pools {
		worst = min(worst, slices.Index(worstFirst, p.Verdict))
	}
	return worstFirst[worst]
}

// merge puts q into p: one connection carries both names. What was decided stays
// decided.
func (w *clientShard) merge(p, q *Pool) {
	if q.weight() > p.weight() { // the lighter goes, and the name stays: else each of many would move all before it
		q.Name, q.TLS = p.Name, p.TLS
		p, q = q, p
	}
	q.merged, q.into = true, p
	w.pools.remove(q)
	p.mergedFrom = append(append(p.mergedFrom, q), q.mergedFrom...)
	q.mergedFrom = q.mergedFrom[:0]
	for _, s := range q.clientServers {
		if !slices.Contains(s.pools, p) {
			p.clientServers = append(p.clientServers, s)
			p.Servers = append(p.Servers, s.server)
		}
		s.pools = slices.DeleteFunc(s.pools, func(x *Pool) bool { return x == q || x == p })
		s.pools = append(s.pools, p)
	}
	w.mergeState(p, q)
}

// weight is how much a merge has to move.
func (p *Pool) weight() int { return int(p.Used) + len(p.clientServers) + len(p.keys) }

// count adds q's sums to p's.
func (p *Pool) count(q *Pool) {
	p.Connections += q.Connections
	p.Unused += q.Unused
	p.Opaque += q.Opaque
	p.Gaps += q.Gaps
	p.MaxOver += q.MaxOver
	p.MaxUnder += q.MaxUnder
	p.Used += q.Used
	p.Transactions += q.Transactions
	p.Reused += q.Reused
	p.Warmths.Add(q.Warmths)
	p.Promised += q.Promised
	p.Shared += q.Shared
	p.Needed += q.Needed
	p.PerhapsAvoidable += q.PerhapsAvoidable
	p.PerhapsNeeded += q.PerhapsNeeded
	p.ReusedUnanswered += q.ReusedUnanswered
	p.Avoidable += q.Avoidable
	p.ServerEnded += q.ServerEnded
	p.ColdRoundTrips += q.ColdRoundTrips
	p.ColdCost += q.ColdCost
	p.SavedRoundTrips += q.SavedRoundTrips
	p.SavedCost += q.SavedCost
	for _, x := range q.Causes {
		p.Causes.Add(x.Cause, x.N)
	}
}

// add adds q's sums and state to p's.
func (w *clientShard) mergeState(p, q *Pool) {
	p.count(q)
	p.FirstPacket = min(p.FirstPacket, q.FirstPacket)
	p.decided += q.decided
	p.MostOnOne = max(p.MostOnOne, q.MostOnOne)
	p.midstream += q.midstream
	p.serverUnseen += q.serverUnseen
	p.openConns += q.openConns
	p.liveConns += q.liveConns
	p.keys = append(p.keys, q.keys...)
	p.unsplit(q)
	q.unsplit(p)
	p.detectors.merge(&q.detectors)
	p.deferred += q.deferred
	p.clockOffset = max(p.clockOffset, q.clockOffset)
	p.Peak = max(p.Peak, q.Peak)
	for _, i := range q.queue {
		p.push(i)
	}
	for _, o := range q.outstanding {
		p.addOutstanding(o)
	}
	p.tokens.merge(&q.tokens)
	p.losses = append(p.losses, q.losses...)
	p.provisional = append(p.provisional, q.provisional...)
	for _, x := range [2]*Pool{p, q} {
		if x.simulated == nil {
			w.startCurve(x)
		}
	}
	p.occupations += q.occupations
	for i := range p.simulated {
		p.simulated[i].merge(&q.simulated[i], idleKept[i])
	}
	clear(q.queue)
	clear(q.outstanding)
	clear(q.losses)
	q.queue, q.outstanding, q.losses, q.provisional = q.queue[:0], q.outstanding[:0], q.losses[:0], nil
}

// Final returns the pool that p was joined to, p itself if to none. Names and
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
