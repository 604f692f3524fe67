package engine

import (
	"cmp"
	"context"
	"io"
	"math/bits"
	"slices"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/build"
	"tcpwarm/capture/segment"
)

// Where more connections have ended than are kept, what is blamed may be among those that are
// not. Why a connection was avoidable is known late, often at the end only, and then it is gone. So
// the decisions are noted, a bounded number of them, and in the end the capture is read once more
// for the connections of the worst pools alone, where that can be done: they take the place of
// connections that nothing rests on. Where it cannot, the decisions themselves say which packets
// the blame rests on.

// Bounds of what is noted, and of what is read once more.
const (
	maxBlamed     = 8192 // decisions
	blamedMemory  = 512  // bytes that one takes, about
	firstOfPool   = 12   // as many of a pool are shown beside each other
	maxEvidence   = 1000 // connections
	followBuckets = 1 << 12
)

// blamed are decisions that connections were avoidable: of each pool the first few, and then each
// that doubles their number, so that of the worst pools there are some however many pools there are.
type blamed struct {
	list []pool.Decision
	most int
}

// note notes d, if it is one to keep.
func (b *blamed) note(d *pool.Decision) {
	if d.Nth == 0 || d.Nth > firstOfPool && bits.OnesCount64(uint64(d.Nth)) != 1 {
		return
	}
	b.list = append(b.list, *d)
	if len(b.list) >= 2*b.most {
		b.cut()
	}
}

// cut leaves the decisions that matter most: which these are does not depend on their order.
func (b *blamed) cut() {
	weight := func(d *pool.Decision) int64 {
		if bits.OnesCount64(uint64(d.Nth)) == 1 {
			return d.Nth
		}
		return -d.Nth
	}
	slices.SortFunc(b.list, func(x, y pool.Decision) int {
		return cmp.Or(cmp.Compare(weight(&y), weight(&x)), cmp.Compare(x.Conn, y.Conn))
	})
	b.list = b.list[:min(b.most, len(b.list))]
}

// worst returns the decisions noted of pools, those of the worst first, as many as may be looked at.
func (b *blamed) worst(pools []*pool.Pool, number func(serial int64) int64) (list []pool.Decision) {
	b.cut()
	byPool := map[int64][]pool.Decision{}
	for _, d := range b.list {
		id := number(d.Pool)
		byPool[id] = append(byPool[id], d)
	}
	pools = slices.Clone(pools)
	slices.SortFunc(pools, func(x, y *pool.Pool) int {
		return cmp.Or(cmp.Compare(x.Verdict.Severity(), y.Verdict.Severity()), cmp.Compare(y.Avoidable, x.Avoidable),
			cmp.Compare(y.Transactions, x.Transactions), cmp.Compare(x.ID, y.ID))
	})
	for _, p := range pools {
		of := byPool[p.ID]
		slices.SortFunc(of, func(x, y pool.Decision) int { return cmp.Compare(x.Conn, y.Conn) })
		for _, d := range of[:min(firstOfPool, len(of))] {
			if list = append(list, d); 2*len(list) >= maxEvidence {
				return list
			}
		}
	}
	return list
}

// evidence has what the worst of pools rest on in the report, and returns the decisions of which there
// is no more than themselves.
func (k *collector) evidence(ctx context.Context, pools []*pool.Pool) (alone []pool.Decision) {
	if k.o.Final != nil || k.lost.Connections+k.lost.Transactions == 0 {
		return nil
	}
	if d := k.o.Demands; d != nil {
		pools = d.Of(pools)
	}
	worst := k.blamed.worst(pools, k.judge.PoolID)
	have := make(map[int64]*report.Connection, len(k.kept))
	for _, r := range k.kept {
		have[r.ID] = r
	}
	k.faults.guard(func() { k.recall(ctx, worst, have) })
	return slices.DeleteFunc(worst, func(d pool.Decision) bool { return have[d.Conn] != nil })
}

// recall reads the capture once more for what worst rests on and is not among what we have.
func (k *collector) recall(ctx context.Context, worst []pool.Decision, have map[int64]*report.Connection) {
	if k.o.Again == nil || ctx.Err() != nil {
		return
	}
	wanted := map[int64]int64{} // IDs by first packet
	want := func(id, first int64) {
		if r := have[id]; id != 0 && (r == nil || r.TransactionCount > 0 && len(r.Judged()) == 0) {
			wanted[first] = id
		}
	}
	for i := range worst {
		first, instead := worst[i].FirstPackets()
		want(worst[i].Conn, first)
		want(worst[i].InsteadOf, instead)
	}
	if len(wanted) == 0 {
		return
	}
	src, err := k.o.Again()
	if err != nil { // what there is stands
		return
	}
	if c, ok := src.(io.Closer); ok {
		defer c.Close()
	}
	k.insert(worst, have, follow(ctx, src, k.o, wanted))
}

// A followed connection is one that was read once more.
type followed struct {
	record *report.Connection
	kept   int // its transactions
}

// follow reads src for connections by their first packets, and returns them by ID.
func follow(ctx context.Context, src Source, o Options, wanted map[int64]int64) map[int64]followed {
	found := map[int64]followed{}
	o.Series, o.Samples, o.Steps = nil, nil, nil
	r := newReader(src, o)
	r.only = newOnly(wanted)
	r.take = func(b *batch) {
		for i := range b.output {
			for _, chunk := range b.output[i].ended.chunks {
				for n := range chunk {
					e := &chunk[n]
					if id := wanted[e.handle.First.Packet]; id != 0 && !e.gaveUp && e.record != nil {
						e.record.ID = id
						found[id] = followed{e.record, e.kept}
					}
					freeHandles.Put(e.handle)
				}
			}
		}
	}
	r.run(ctx) // what it comes to is known: it has been read before
	return found
}

// insert puts what was found in the place of connections that nothing rests on. worst is in order of
// what matters most: where there is no room the rest is left out.
func (k *collector) insert(worst []pool.Decision, have map[int64]*report.Connection, found map[int64]followed) {
	needed := map[int64]bool{} // what is not to make room
	for i := range worst {
		needed[worst[i].Conn], needed[worst[i].InsteadOf] = true, true
	}
	for i := range worst {
		d := &worst[i]
		for _, id := range []int64{d.Conn, d.InsteadOf} {
			f, ok := found[id]
			if !ok || !k.makeRoom(f, have, needed) {
				continue
			}
			delete(found, id)
			k.transactions += f.kept
			k.lost.Transactions -= int64(f.kept)
			if old := have[id]; old != nil {
				k.memory += int64(f.record.Memory() - old.Memory())
				f.record.Pool, f.record.OpenedBecause, f.record.Other = old.Pool, old.OpenedBecause, old.Other
				*old = *f.record
				continue
			}
			k.memory += int64(f.record.Memory())
			k.lost.Connections--
			k.kept = append(k.kept, f.record)
			k.placed = append(k.placed, build.Placed{Record: f.record, Pool: d.Pool})
			have[id] = f.record
		}
		if r := have[d.Conn]; r != nil && r.OpenedBecause == nil {
			r.OpenedBecause = build.OpenedBecause(d)
		}
	}
}

// makeRoom has connections go that nothing rests on, the latest first, until f has its place, or
// takes that of the record of it without transactions. It reports whether it has.
func (k *collector) makeRoom(f followed, have map[int64]*report.Connection, needed map[int64]bool) bool {
	old := have[f.record.ID]
	size, more := int64(f.record.Memory()), 1
	if old != nil {
		size, more = size-int64(old.Memory()), 0
	}
	fits := func() bool {
		return len(k.kept)+more <= k.o.Limits.KeptConnections && k.transactions+f.kept <= k.o.Limits.KeptTransactions &&
			k.memory+size <= k.mostMemory()
	}
	for i := len(k.kept) - 1; i >= 0 && !fits(); i-- {
		r := k.kept[i]
		if needed[r.ID] || r.OpenedBecause != nil && r.OpenedBecause.Cause.Avoidable() {
			continue
		}
		k.forget(i, have)
	}
	return fits()
}

// forget gives up the i-th of those that are kept: its totals stay.
func (k *collector) forget(i int, have map[int64]*report.Connection) {
	r := k.kept[i]
	delete(have, r.ID)
	k.memory -= int64(r.Memory())
	k.lost.Connections++
	n := len(r.Transactions)
	if r.Tunnel != nil {
		n += len(r.Tunnel.Transactions)
	}
	k.transactions -= n
	k.lost.Transactions += int64(n)
	k.kept = slices.Delete(k.kept, i, i+1)
	k.placed = slices.DeleteFunc(k.placed, func(p build.Placed) bool { return p.Record == r })
}

// only lets through what belongs to connections that begin with certain packets.
type only struct {
	firsts  []int64 // of those still to come, in order
	keys    map[segment.Key]struct{}
	buckets [followBuckets]bool // where a key may be, by its hash: nearly all segments are told by it
}

func newOnly(wanted map[int64]int64) *only {
	o := &only{keys: map[segment.Key]struct{}{}}
	for first := range wanted {
		o.firsts = append(o.firsts, first)
	}
	slices.Sort(o.firsts)
	return o
}

// passes reports whether s, whose key's hash is h, is let through. A nil only lets all through.
func (o *only) passes(s *segment.Segment, h uint64) bool {
	if o == nil {
		return true
	}
	for len(o.firsts) > 0 && o.firsts[0] < s.Packet {
		o.firsts = o.firsts[1:]
	}
	if len(o.firsts) > 0 && o.firsts[0] == s.Packet {
		o.keys[s.Key] = struct{}{}
		o.buckets[h%followBuckets] = true
		return true
	}
	if !o.buckets[h%followBuckets] {
		return false
	}
	_, ok := o.keys[s.Key]
	return ok
}
