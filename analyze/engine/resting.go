package engine

import (
	"unsafe"

	"tcpwarm/analyze/conn"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// An open connection on which nothing has happened for a while is packed, where there are many: what it was followed with
// serves others, and it resumes with its next segment or at its end. What is known of it does not depend on whether it has
// rested; how many have room in the memory does.

// packQuiet packs what is quiet of a shard's open connections. Each may have gone on since it was looked at last.
func (w *worker) packQuiet(sh *shard, now segment.Time) {
	l := &sh.open
	for n := l.n; n > 0 && l.n > w.mostUnpacked && now.Sub(l.since) > w.quietFor; n-- {
		switch e := l.first; {
		case now.Sub(e.Last().Time) <= w.quietFor:
			l.push(e, e.Last().Time)
		case e.canPack():
			w.guarded(sh, e, func() { sh.pack(e, now) })
		default:
			l.push(e, now)
		}
	}
}

// canPack reports whether e, which is followed, may be packed.
func (e *entry) canPack() bool { return e.contests == nil && e.CanPack() }

// pack has e rest, which is open, from now on.
func (sh *shard) pack(e *entry, now segment.Time) {
	sh.open.remove(e)
	e.rest = e.Pack(&sh.store, now)
	sh.rests(e)
}

// rests has others be followed with what e was.
func (sh *shard) rests(e *entry) {
	sh.free.live.PutAtMost(sh.free.most, e.live)
	e.live = nil
	sh.memory.measure(e)
}

// resume has e go on, if it rests.
func (w *worker) resume(sh *shard, e *entry) {
	if e.live != nil {
		return
	}
	e.live = sh.newLive(&w.out)
	e.clients = w.out.clientShard(e.handle.Key.Sender(e.handle.Client).Addr)
	e.Resume(&e.rest, &sh.store, &w.out.Env, &sh.readers, &e.handle.Identity, e, &sh.budget)
}

// hash returns the hash of e's key.
func (e *entry) hash() uint64 { return e.handle.Key.Hash() }

// lastPacket returns e's latest packet.
func (e *entry) lastPacket() int64 {
	if e.live == nil {
		return e.rest.LastPacket(e.handle.First.Packet)
	}
	return e.Last().Packet
}

// isOpen reports whether e has not ended.
func (e *entry) isOpen() bool { return e.live == nil || e.State() == conn.Open }

// hasEnded reports whether e has ended, and nothing that may come can change that.
func (e *entry) hasEnded() bool { return !e.isOpen() && e.State() != conn.JustReset }

// isHalfOpen reports whether all that was seen of e is a SYN.
func (e *entry) isHalfOpen() bool {
	if e.live == nil {
		return e.rest.HalfOpen()
	}
	return e.HalfOpen()
}

// memory returns how many bytes e takes beside overhead.
func (e *entry) memory() int {
	switch {
	case e.live != nil:
		return int(unsafe.Sizeof(live{})-unsafe.Sizeof(conn.Conn{})) + pool.CourseMemory + e.live.Memory()
	case e.rest.HalfOpen(): // a flood's has a client of its own, too: so fewer wait than the judge would have room for
		return e.rest.Memory() + pool.ClientMemory
	}
	return e.rest.Memory() + pool.CourseMemory
}
