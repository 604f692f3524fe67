package pool

import "slices"

// folded is what pools that are no longer kept come to.
type folded struct {
	count int64
	sums  Pool
	worst int // index in order
}

// A roll lists a ward's pools that are kept, in the order in which they were begun.
type roll struct {
	first, last *Pool
	n           int
	hand        *Pool // where to look next for a pool to sum up, nil: at the first
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

func (r *roll) remove(p *Pool) {
	if r.hand == p {
		r.hand = p.next
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

// Share shares out among the wards how many pools are to be summed up, so that about
// KeepPools stay: those there are beyond that, and as many as have begun since the last
// call. Call it each time all wards have advanced, and not between: what a ward has not
// done by then is shared out anew.
func (j *Judge) Share() {
	n, begun := int64(0), int64(0)
	for i := range j.wards {
		n += int64(j.wards[i].roll.n)
		begun += int64(j.wards[i].begun)
	}
	surplus, before := max(0, n+begun-int64(j.KeepPools)), int64(0)
	for i := range j.wards {
		w := &j.wards[(i+j.shares)%Wards] // each time another is first: what is left over goes round
		own := before + int64(w.roll.n)
		part := func(of int64) int { return int(of*own/max(1, n) - of*before/max(1, n)) }
		w.begun, w.surplus, w.looks, w.full = 0, part(surplus), part(looks*begun), n >= 2*int64(j.KeepPools)
		before = own
	}
	j.shares++
}

// looks is how many pools are looked at for each new one beyond the limit.
const looks = 4

// makeRoom sums up pools of which nothing is open, the oldest first, if there are to be
// fewer, and looks at no more than most; those with avoidable connections only beyond
// twice the limit. A client that comes back begins a new pool, and what its old one held
// idle is forgotten.
func (w *ward) makeRoom(most int) {
	for ; most > 0 && w.surplus > 0 && w.looks > 0 && w.roll.n > 0; most-- {
		w.looks--
		p := w.roll.hand
		if p == nil {
			p = w.roll.first
		}
		w.roll.hand = p.next
		if p.alive > 0 || len(p.outstanding) > 0 || p.awaited() {
			continue
		}
		if w.decideAll(p); p.Avoidable == 0 || w.full {
			w.fold(p)
			w.surplus--
		}
	}
}

// fold sums p up.
func (w *ward) fold(p *Pool) {
	w.close(p)
	w.folded.add(p, 1)
	w.forget(p)
	w.roll.remove(p)
	p.merged, p.into, p.folded = true, &w.folded.sums, true
	for _, q := range p.parts {
		q.folded = true
		w.recycle(q)
	}
	w.recycle(p)
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

// add adds n pools that come to p.
func (f *folded) add(p *Pool, n int64) {
	if f.count == 0 {
		f.worst = len(order) - 1
	}
	f.count += n
	f.worst = min(f.worst, slices.Index(order, p.Verdict))
	f.sums.count(p)
}

// forget takes p out of all that could find it.
func (w *ward) forget(p *Pool) {
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
		w.leave(s)
	}
}

// Folded returns the sums of the pools that were not kept, and how many they
// were. Its Verdict is the worst of theirs; it has no name and no servers.
func (j *Judge) Folded() (*Pool, int64) {
	var all folded
	for i := range j.wards {
		if f := &j.wards[i].folded; f.count > 0 {
			f.sums.Verdict = order[f.worst]
			all.add(&f.sums, f.count)
		}
	}
	if all.count > 0 {
		all.sums.Verdict = order[all.worst]
	}
	return &all.sums, all.count
}
