package engine

import (
	"math"
	"unsafe"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/conn"
	"tcpwarm/analyze/flow"
	"tcpwarm/analyze/freelist"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// shards is fixed, so that results cannot depend on the number of workers: what
// is limited is limited by shard.
const shards = 64

// shardOf returns which shard keys with a hash are in. Where in its table is told by the
// low bits.
func shardOf(hash uint64) int { return int(hash >> 58) }

// A shard holds the connections whose keys hash to it.
type shard struct {
	table  flow.Table[entry]
	closed waitList // ended, but the last acknowledgements are still to come
	acked  waitList // ended, and both FINs acknowledged
	fresh  waitList // reset just now: that may yet turn out to have ended nothing
	reset  waitList // ended by a reset

	open     waitList // all others that have not ended: they rest once there are many, and nothing has happened for a while
	halfOpen waitList // all that was seen is a SYN: they rest once there are many, or after a while

	// timeWait is what connections that have ended and are finished were, by the hash of their
	// keys. Two keys with one hash are told apart by nobody, and then a connection begun
	// midway loses segments: that is counted.
	timeWait flow.Expiring[conn.Finished]

	store  conn.Store  // of those that rest
	budget conn.Budget // of transactions kept by connections that have not finished
	memory memory

	// What serves again does so in the same shard: what it has grown to counts as the memory of
	// those that it serves, and must not depend on which worker follows what.
	free struct { // of connections that are finished, or rest
		entries freelist.List[entry]
		live    freelist.List[live]

		most int // of each
	}
	readers app.Readers // and theirs
}

// An entry is a connection in a shard. It is the sink of what happens on it.
type entry struct {
	*live  // nil: it rests
	handle *handle
	size   int32        // bytes, as last measured
	noted  int32        // where it is among the shard's memory.grown, plus 1; 0: nowhere
	rest   conn.Resting // what is kept while it rests
}

// A live connection's are its parts that one which rests does without.
type live struct {
	conn.Conn
	waitLink // where it waits once it has ended, or while it is half-open
	out      *emitter
	contests *segment.Segment // a SYN that may begin another connection in its place, nil: none
	clients  int              // the shard of its client, valid once it has opened
}

// mostFree is how many of each a shard keeps to serve again, where there is room for four times as many: nobody charges them.
const mostFree = 32

// mostFreeOf returns mostFree where connections of a shard may take so many bytes. One that is followed takes about liveMemory.
func mostFreeOf(memory int) int { return max(4, min(mostFree, memory/4/liveMemory)) }

const liveMemory = int(unsafe.Sizeof(live{}) + 2*unsafe.Sizeof(tcp.SenderView{}) + unsafe.Sizeof(transaction.Pairer{}))

// newEntry returns the connection that s begins. It may have served before.
func (sh *shard) newEntry(s *segment.Segment, out *emitter) *entry {
	e := sh.free.entries.Get()
	*e = entry{live: sh.newLive(out), handle: newHandle()}
	e.Reset(s, &out.Env, &sh.readers, &e.handle.Identity, e, &sh.budget)
	return e
}

// newLive returns what a connection needs to be followed, for that to be readied.
func (sh *shard) newLive(out *emitter) *live {
	l := sh.free.live.Get()
	l.out, l.waitLink, l.contests, l.clients = out, waitLink{}, nil, 0
	return l
}

// recycle keeps e, which is finished, to serve again.
func (sh *shard) recycle(e *entry) {
	sh.free.live.PutAtMost(sh.free.most, e.live)
	e.live = nil
	sh.free.entries.PutAtMost(sh.free.most, e)
}

// awaitLate has e, which has ended, wait for late segments.
func (sh *shard) awaitLate(e *entry, now segment.Time) {
	switch e.State() {
	case conn.Open:
		if e.list != &sh.open {
			sh.open.push(e, now)
		}
	case conn.JustReset:
		if e.list != &sh.fresh {
			sh.fresh.push(e, now)
		}
	case conn.Reset:
		if e.list != &sh.reset {
			sh.reset.push(e, now)
		}
	case conn.FinsAcked:
		if e.list != &sh.acked {
			sh.acked.push(e, now)
		}
	case conn.Closed:
		if e.list == nil || e.list == &sh.open {
			sh.closed.push(e, now)
		}
	}
}

// due returns a connection that has ended long enough ago, nil if there is none.
func (sh *shard) due(now segment.Time) *entry {
	switch {
	case sh.closed.due(now, closeGrace, math.MaxInt):
		return sh.closed.first
	case sh.acked.due(now, closeGrace, maxAcked):
		return sh.acked.first
	case sh.fresh.due(now, resetGrace, maxReset):
		return sh.fresh.first
	case sh.reset.due(now, timeWaitFor, maxReset):
		return sh.reset.first
	}
	return nil
}

// find returns the connection with a key, nil if there is none.
func (sh *shard) find(key *segment.Key, hash uint64) *entry {
	e, at := sh.table.First(hash)
	for e != nil && e.handle.Key != *key {
		e, at = sh.table.Next(hash, at)
	}
	return e
}

// remove takes e out of the shard.
func (sh *shard) remove(e *entry) {
	if e.live != nil && e.list != nil {
		e.list.remove(e)
	}
	sh.table.Delete(e.hash(), e)
	sh.memory.forget(e)
}
