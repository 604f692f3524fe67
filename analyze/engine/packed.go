package engine

import "tcpwarm/capture/segment"

// An open connection on which nothing happens is packed, where there are many: no result depends on it.

// packQuiet packs what is quiet of a shard's open connections. Since it was looked at last, each may have gone on.
func (w *worker) packQuiet(sh *shard, now segment.Time) {
	l := &sh.open
	for range l.n { // each once
		if l.n <= w.mostUnpacked || now.Sub(l.since) <= w.quietFor {
			return
		}
		switch e := l.first; {
		case now.Sub(e.Last().Time) <= w.quietFor:
			l.push(e, e.Last().Time)
		case e.contests == nil && e.CanPack():
			w.guarded(sh, e, func() { sh.pack(e) })
		default:
			l.push(e, now)
		}
	}
}

// pack packs e.
func (sh *shard) pack(e *entry) {
	sh.open.remove(e)
	e.packed = e.Pack(&sh.store)
	keep(&sh.free.live, e.live)
	e.live = nil
	sh.memory.measure(e)
}

// unpack has e go on, which is given room to.
func (sh *shard) unpack(e *entry) {
	e.Unpack(e.packed, &sh.store, &sh.readers, &e.handle.Identity, e)
	e.packed = nil
}
