package engine

import (
	"cmp"
	"slices"
	"unsafe"

	"tcpwarm/analyze/conn"
	"tcpwarm/analyze/flow"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// A memory is what the connections of one shard take, in bytes. It is measured after each
// batch: within one they grow by what the batch brings. Where more is taken than there is,
// connections give up what they hold, those first that have been idle longest; then their place.
type memory struct {
	taken, most int
	store       int      // of taken, what the packed have in common
	grown       []*entry // since they were last measured; nil: gone
}

// overhead is what a connection takes beside what it is followed with: its entry and handle, what
// the judge has of it, and its slot of a table that is at least three eighths full.
const overhead = int(unsafe.Sizeof(entry{})+(unsafe.Sizeof(handle{})+15)&^15) + pool.ConnMemory + flow.SlotSize*8/3

// note notes that e has taken a segment.
func (m *memory) note(e *entry) {
	if e.noted == 0 {
		m.grown = append(m.grown, e)
		e.noted = int32(len(m.grown))
	}
}

// begin notes that e begins: many may within one batch.
func (m *memory) begin(e *entry) {
	m.note(e)
	m.measure(e)
}

// measure measures e.
func (m *memory) measure(e *entry) {
	n := overhead + e.memory()
	m.taken += n - int(e.size)
	e.size = int32(n)
}

// forget gives back what e has taken.
func (m *memory) forget(e *entry) {
	if e.noted > 0 {
		m.grown[e.noted-1] = nil
	}
	m.taken -= int(e.size)
	e.size, e.noted = 0, 0
}

// measureGrown measures what has taken segments since it was last called.
func (m *memory) measureGrown() {
	for _, e := range m.grown {
		if e != nil {
			m.measure(e)
			e.noted = 0
		}
	}
	clear(m.grown)
	m.grown = m.grown[:0]
}

// measureStore measures what connections that are packed have in common.
func (m *memory) measureStore(st *conn.Store) {
	n := st.Memory()
	m.taken += n - m.store
	m.store = n
}

// mayTake bounds what connections take of each shard by what those of all may; 0: as before.
func (w *worker) mayTake(all int) {
	for i := w.index; all > 0 && i < shards; i += w.every {
		w.shards[i].memory.most = all / shards
	}
}

// taken returns what w's connections take.
func (w *worker) taken() (n int) {
	for i := w.index; i < shards; i += w.every {
		n += w.shards[i].memory.taken
	}
	return n
}

// keepWithin has each shard take no more than it may.
func (w *worker) keepWithin(now segment.Time) {
	w.out.Now = segment.Mark{Time: now, Packet: w.batch.last()}
	for i := w.index; i < shards; i += w.every {
		sh := &w.shards[i]
		w.restHalfOpen(sh, now)
		w.packQuiet(sh, now)
		sh.memory.measureGrown()
		sh.memory.measureStore(&sh.store)
		if sh.memory.taken > sh.memory.most {
			w.relieve(sh)
		}
		sh.budget.Room = sh.memory.most/4*3 - sh.memory.taken
	}
}

// relieve has connections give up what they hold until an eighth of the shard's memory is free:
// to do so for many at once keeps the sorting cheap.
func (w *worker) relieve(sh *shard) {
	m, enough := &sh.memory, sh.memory.most/8*7
	m.measureGrown()
	var open []*entry // of all that there are few are followed: most rest
	for e := sh.open.first; e != nil; e = e.next {
		open = append(open, e)
	}
	sortIdle(open)
	m.give(open, enough, func(e *entry) {
		if e.canPack() {
			w.guarded(sh, e, func() { sh.pack(e, w.out.Now.Time) })
		}
	})
	if m.taken <= enough {
		return
	}
	all := slices.Collect(sh.table.All)
	sortIdle(all)
	m.give(all, enough, func(e *entry) {
		if e.live != nil && e.hasEnded() { // all that it waits for is late segments
			w.enterTimeWait(sh, e)
		}
	})
	m.give(all, enough, func(e *entry) {
		if e.live != nil && w.guarded(sh, e, func() { e.GiveUpWaiting(w.out.Now) }) {
			m.measure(e)
		}
	})
	m.give(all, enough, func(e *entry) { w.end(sh, e, e.isOpen()) })
}

// give does what may free memory with one connection of list after the other, until no more than enough is taken.
func (m *memory) give(list []*entry, enough int, do func(*entry)) {
	for _, e := range list {
		if m.taken <= enough {
			return
		}
		if e.size > 0 { // else it has gone
			do(e)
		}
	}
}

// sortIdle sorts connections by how long they have been idle. Half-open ones come first: a flood of SYNs must not cost others
// their place.
func sortIdle(list []*entry) {
	halfOpen := func(e *entry) int {
		if e.isHalfOpen() {
			return 0
		}
		return 1
	}
	slices.SortFunc(list, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(halfOpen(a), halfOpen(b)), cmp.Compare(a.lastPacket(), b.lastPacket()))
	})
}
