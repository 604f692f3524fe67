package pool

import (
	"maps"
	"slices"
)

// folded is what pools that are no longer kept come to.
type folded struct {
	count int64
	sums  Pool
	worst int // index in order
}

// fold sums up pools of which nothing is open, to make room: first those without
// avoidable connections, the oldest first. A client that comes back begins a new
// pool, and what its old one held idle is forgotten.
func (j *Judge) fold() {
	j.all = slices.DeleteFunc(j.all, func(p *Pool) bool { return p.merged })
	for _, wasteful := range []bool{false, true} {
		tooMany := len(j.all) - j.KeepPools
		j.all = slices.DeleteFunc(j.all, func(p *Pool) bool {
			if tooMany <= 0 || p.Avoidable > 0 != wasteful || p.alive > 0 || len(p.outstanding) > 0 || p.awaited() {
				return false
			}
			j.close(p)
			j.folded.add(p)
			j.forget(p)
			p.merged, p.into = true, &j.folded.sums
			j.recycle(p)
			tooMany--
			return true
		})
	}
	maps.DeleteFunc(j.moved, func(from, _ int64) bool {
		_, kept := j.find(j.moved.end(from))
		return !kept
	})
	// Where most are in use, do not look through all of them at each new one.
	j.foldAt = max(2*j.KeepPools, len(j.all)+j.KeepPools)
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
	for _, key := range p.names {
		if x := p.client.named.get(key); x != nil && x.Final() == p {
			p.client.named.delete(key)
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
