package pool

import "slices"

// folded is what pools that are no longer kept come to.
type folded struct {
	count int64
	sums  Pool
	worst int // index in order
}

// A roll lists the pools that are kept, in the order in which they were begun.
type roll struct {
	first, last *Pool
	n           int
}

func (r *roll) add(p *Pool) {
	if p.prev = r.last; p.prev != nil {
		p.prev.next = p
	} else {
		r.first = p
	}
	r.last = p
	r.n++
}

func (r *roll) remove(j *Judge, p *Pool) {
	if j.hand == p {
		j.hand = p.next
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

// looks is how many pools are looked at for each new one beyond the limit.
const looks = 4

// makeRoom sums up pools of which nothing is open, the oldest first; those with
// avoidable connections only beyond twice the limit. A client that comes back
// begins a new pool, and what its old one held idle is forgotten.
func (j *Judge) makeRoom() {
	for i := 0; i < looks && j.roll.n >= j.KeepPools; i++ {
		p := j.hand
		if p == nil {
			p = j.roll.first
		}
		j.hand = p.next
		if p.alive > 0 || len(p.outstanding) > 0 || p.awaited() {
			continue
		}
		if j.decideAll(p); p.Avoidable == 0 || j.roll.n >= 2*j.KeepPools {
			j.fold(p)
		}
	}
}

// fold sums p up.
func (j *Judge) fold(p *Pool) {
	j.close(p)
	j.folded.add(p)
	j.forget(p)
	j.roll.remove(j, p)
	for _, serial := range p.parts {
		delete(j.moved, serial)
	}
	p.merged, p.into, p.folded = true, &j.folded.sums, true
	j.recycle(p)
}

// awaited reports whether a connection that has yet to speak may belong to p.
func (p *Pool) awaited() bool {
	for _, s := range p.sites {
		if s.silent.first != nil {
			return true
		}
	}
	return false
}

func (f *folded) add(p *Pool) {
	if f.count == 0 {
		f.worst = len(order) - 1
	}
	f.count++
	f.worst = min(f.worst, slices.Index(order, p.Verdict))
	f.sums.count(p)
}

// forget takes p out of all that could find it.
func (j *Judge) forget(p *Pool) {
	k := p.client
	if k.sites.len() == 1 && len(p.sites[0].pools) == 1 { // so it is with most: all names are p's
		k.named.reset()
	} else {
		for _, key := range p.names {
			if x := k.named.get(key); x != nil && x.Final() == p {
				k.named.delete(key)
			}
		}
	}
	for _, s := range p.sites {
		s.pools = slices.DeleteFunc(s.pools, func(x *Pool) bool { return x == p })
		j.leave(s)
	}
}

// Folded returns the sums of the pools that were not kept, and how many they
// were. Its Verdict is the worst of theirs; it has no name and no servers.
func (j *Judge) Folded() (*Pool, int64) {
	p := &j.folded.sums
	if j.folded.count > 0 {
		p.Verdict = order[j.folded.worst]
	}
	return p, j.folded.count
}
