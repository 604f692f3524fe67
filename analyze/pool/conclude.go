package pool

import (
	"slices"
)

const inferredOnly = "its transactions are inferred from encrypted records and can only be bounded"

func (p *Pool) verdict() (v Verdict, why string) {
	switch {
	case p.crowded():
		return NotKnown, "more clients were seen at its address than are told apart"
	case p.Fewer > 0 && (p.Avoidable > 0 || p.Reused <= p.Fewer):
		return NotKnown, inferredOnly
	case p.Avoidable > 0 && p.Avoidable == p.Excused:
		return NotKnown, "the client closed right after answers that could not be read: they may have said close"
	case p.Avoidable > 0 && p.Reused > 0:
		return PartlyReused, ""
	case p.Avoidable > 0:
		return NotReused, ""
	case p.Opaque > 0:
		return NotKnown, "what its connections carried is encrypted"
	case p.Gaps > 0:
		return NotKnown, "the capture lacks bytes that the client sent: requests may hide there"
	case p.blind > 0 && p.Used > 1:
		return NotKnown, "the capture lacks what the server sent"
	case p.midway > 0 && p.Used > 1:
		return NotKnown, "some connections were opened before the capture began"
	case p.Unsure > 0:
		return NotKnown, "the server closed right after its answers; whether the requests asked for that could not be read"
	case p.Reused > p.InVain:
		return Reused, ""
	case p.More > 0:
		return NotKnown, inferredOnly
	case p.InVain+p.Causes.Of(ServerClosed)+p.Causes.Of(ServerSaidClose)+p.Causes.Of(Reset) > 0:
		return ServerPrevents, ""
	}
	return NoOpportunity, ""
}

// order is from worst to best, for the whole.
var order = []Verdict{NotReused, PartlyReused, ServerPrevents, NotKnown, Reused, NoOpportunity}

// Worst returns the verdict of the whole: the worst pool's. Nothing seen is
// NoOpportunity.
func Worst(pools []*Pool) Verdict {
	worst := len(order) - 1
	for _, p := range pools {
		worst = min(worst, slices.Index(order, p.Verdict))
	}
	return order[worst]
}

// merge puts q into p: one connection carries both names. What was decided stays
// decided.
func (w *ward) merge(p, q *Pool) {
	if q.weight() > p.weight() { // the lighter goes, and the name stays: else each of many would move all before it
		q.Name, q.TLS = p.Name, p.TLS
		p, q = q, p
	}
	q.merged, q.into = true, p
	w.roll.remove(q)
	p.parts = append(append(p.parts, q), q.parts...)
	q.parts = q.parts[:0]
	for _, s := range q.sites {
		if !slices.Contains(s.pools, p) {
			p.sites = append(p.sites, s)
			p.Servers = append(p.Servers, s.server)
		}
		s.pools = slices.DeleteFunc(s.pools, func(x *Pool) bool { return x == q || x == p })
		s.pools = append(s.pools, p)
	}
	w.add(p, q)
}

// weight is how much a merge has to move.
func (p *Pool) weight() int { return int(p.Used) + len(p.sites) + len(p.names) }

// count adds q's sums to p's.
func (p *Pool) count(q *Pool) {
	p.Connections += q.Connections
	p.Unused += q.Unused
	p.Opaque += q.Opaque
	p.Gaps += q.Gaps
	p.Fewer += q.Fewer
	p.More += q.More
	p.Used += q.Used
	p.Transactions += q.Transactions
	p.Reused += q.Reused
	p.Warmths.Add(q.Warmths)
	p.Promised += q.Promised
	p.Shared += q.Shared
	p.Needed += q.Needed
	p.Unsure += q.Unsure
	p.Excused += q.Excused
	p.InVain += q.InVain
	p.Avoidable += q.Avoidable
	p.ServerEnded += q.ServerEnded
	p.ColdTrips += q.ColdTrips
	p.ColdCost += q.ColdCost
	p.SavedTrips += q.SavedTrips
	p.SavedCost += q.SavedCost
	for _, x := range q.Causes {
		p.Causes.Add(x.Cause, x.N)
	}
}

// add adds q's sums and state to p's.
func (w *ward) add(p, q *Pool) {
	p.count(q)
	p.FirstPacket = min(p.FirstPacket, q.FirstPacket)
	p.judged += q.judged
	p.Carried = max(p.Carried, q.Carried)
	p.midway += q.midway
	p.blind += q.blind
	p.open += q.open
	p.alive += q.alive
	p.names = append(p.names, q.names...)
	p.unsplit(q)
	q.unsplit(p)
	p.detectors.merge(&q.detectors)
	p.holding += q.holding
	p.shift = max(p.shift, q.shift)
	p.Peak = max(p.Peak, q.Peak)
	for _, i := range q.items {
		p.push(i)
	}
	for _, o := range q.outstanding {
		p.await(o)
	}
	p.tokens.join(&q.tokens)
	p.losses = append(p.losses, q.losses...)
	p.held = append(p.held, q.held...)
	for _, x := range [2]*Pool{p, q} {
		if x.sim == nil {
			w.startCurve(x)
		}
	}
	p.occupied += q.occupied
	for i := range p.sim {
		p.sim[i].merge(&q.sim[i], kept[i])
	}
	clear(q.items)
	clear(q.outstanding)
	clear(q.losses)
	q.items, q.outstanding, q.losses, q.held = q.items[:0], q.outstanding[:0], q.losses[:0], nil
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
