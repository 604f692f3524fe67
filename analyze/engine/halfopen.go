package engine

import (
	"time"
	"unsafe"

	"tcpwarm/analyze/conn"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// A half-open connection, of which nothing but its SYN was seen, is followed like any other while its answer
// is likely to come. Then it rests: what it was followed with serves others, and its SYN is kept, by which it
// resumes with its next segment or at its end. No result depends on whether it has rested.

// restsAfter is how long it is followed where there are few: who sends SYNs takes one for lost
// after that (RFC 6298 section 2.1).
const restsAfter = time.Second

// await has e, which has taken s, wait for what it may wait for.
func (w *worker) await(sh *shard, e *entry, s *segment.Segment) {
	sh.awaitLate(e, s.Time)
	if s.Flags.Has(segment.SYN) && e.CanRest(s) {
		sh.halfOpen.push(e, s.Time)
		w.restHalfOpen(sh, s.Time)
	}
	if sh.open.n > w.mostUnpacked && s.Time.Sub(sh.open.since) > w.quietFor {
		w.packQuiet(sh, s.Time)
	}
}

// restHalfOpen has half-open connections rest that have waited long, or are too many.
func (w *worker) restHalfOpen(sh *shard, now segment.Time) {
	l := &sh.halfOpen
	for l.n > w.mostHalfOpen || l.n > 0 && now.Sub(l.since) > restsAfter {
		sh.rest(l.first)
	}
}

// rest has e rest, which waits among the half-open ones.
func (sh *shard) rest(e *entry) {
	sh.halfOpen.remove(e)
	e.halfOpen = e.Rest()
	keep(&sh.free.live, e.live)
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
	if e.packed != nil {
		sh.unpack(e)
		return
	}
	e.Resume(&e.halfOpen, &w.out.Env, &sh.readers, &e.handle.Identity, e, &sh.budget)
	e.halfOpen = conn.HalfOpen{}
}

// hash returns the hash of e's key.
func (e *entry) hash() uint64 { return e.handle.Key.Hash() }

// lastPacket returns e's latest packet.
func (e *entry) lastPacket() int64 {
	if e.packed != nil {
		return e.packed.LastPacket()
	}
	if e.live == nil {
		return e.halfOpen.LastPacket(e.handle.First.Packet)
	}
	return e.Last().Packet
}

// isOpen reports whether e has not ended.
func (e *entry) isOpen() bool { return e.live == nil || e.State() == conn.Open }

// memory returns how many bytes e takes beside overhead.
func (e *entry) memory() int {
	if e.packed != nil {
		return pool.CourseMemory + e.packed.Memory()
	}
	if e.live == nil {
		return e.halfOpen.Memory() + pool.ClientMemory // a flood's has nothing else
	}
	return int(unsafe.Sizeof(live{})-unsafe.Sizeof(conn.Conn{})) + pool.CourseMemory + e.live.Memory()
}
