package engine

import (
	"sort"
	"sync"

	"tcpwarm/analyze/conn"
	"tcpwarm/capture/segment"
)

// inFlight is how many batches may be on their way between the source and the collector.
const inFlight = 2

// Bounds of a batch. It takes what the source gives at once, and as long as that is many
// small packets some more: the more there are of each connection, the more often what is
// known of it is still in the cache.
const (
	maxBlocks     = 16      // the source's: inFlight times as many are all the memory for payload
	many          = 2048    // segments of one block
	maxSegments   = 1 << 15 // then no more blocks
	maxBeginnings = 1 << 12 // likewise: segments that may each begin a connection
	maxEnds       = 1 << 13 // likewise: that may end one
	manyGivenUp   = 1 << 11 // connections, in one batch
)

// A batch is a run of segments on its way to all workers. Each reads those of its own
// shards.
type batch struct {
	blocks     [maxBlocks]segment.Batch
	shards     [shards][]hashed // the blocks' segments
	clock      segment.Time     // of the latest
	n          int              // segments ...
	beginnings int              // ... those that may begin a connection ...
	ends       int              // ... and those that may end one
	bound      int64            // the capture has ended: connections begun before this packet end now; 0: it has not

	// full says that no more transactions are kept: texts need not be copied, nor windows
	// followed; none that no more connections are: they need not be written down. The
	// collector sets them as it gives b back, and they hold from b's next use on: the same
	// batch in every run.
	full, none bool
	live       int // bytes that connections may take which have not ended; likewise, 0: their share

	// fewer says by how many bits the bounds are less, as Options.Limits.Memory is less than its default: what is on its way,
	// and what connections grow within a batch, is charged to nothing.
	fewer int

	// short says that memory is: so many connections were given up that a segment may end one, and begin another. What
	// is told of them takes more than they do, so b takes fewer segments. Likewise.
	short bool

	output []workerOutput // by worker; the collector reads it once all have finished
	done   sync.WaitGroup
}

// A hashed segment comes with its key's hash.
type hashed struct {
	*segment.Segment
	hash uint64
}

func (b *batch) clear() {
	for i := range b.blocks {
		b.blocks[i].Segments, b.blocks[i].Secrets = b.blocks[i].Segments[:0], nil
	}
	for i := range b.shards {
		b.shards[i] = b.shards[i][:0]
	}
	b.bound, b.n, b.beginnings, b.ends = 0, 0, 0, 0
}

// isFull reports whether b takes no more blocks.
func (b *batch) isFull() bool {
	return b.n >= maxSegments>>b.fewer || b.beginnings >= maxBeginnings>>b.fewer ||
		b.ends >= maxEnds>>b.fewer || b.short && b.n >= maxEnds>>b.fewer
}

// fewer returns that of batches where so much memory is permitted.
func fewer(memory int64) (bits int) {
	for memory<<bits < DefaultMemory && maxSegments>>bits > many {
		bits++
	}
	return bits
}

// last returns the latest packet.
func (b *batch) last() int64 {
	for i := len(b.blocks) - 1; i >= 0; i-- {
		if list := b.blocks[i].Segments; len(list) > 0 {
			return list[len(list)-1].Packet
		}
	}
	return 0
}

// firstAfter returns the first packet that is later than t, but none behind most. The packets'
// times are taken to ascend.
func (b *batch) firstAfter(t segment.Time, most int64) int64 {
	for i := range b.blocks {
		list := b.blocks[i].Segments
		if at := sort.Search(len(list), func(i int) bool { return list[i].Time > t }); at < len(list) {
			return min(list[at].Packet, most)
		}
	}
	return most
}

// add adds the segments of a block to their shards, those that only lets through.
func (b *batch) add(list []segment.Segment, only *only) {
	for i := range list {
		h := list[i].Key.Hash()
		if !only.passes(&list[i], h) {
			continue
		}
		to := &b.shards[shardOf(h)]
		*to = append(*to, hashed{&list[i], h})
		if conn.MayBegin(&list[i]) {
			b.beginnings++
		}
		if conn.MayEnd(&list[i]) {
			b.ends++
		}
	}
	b.n += len(list)
	if n := len(list); n > 0 {
		b.clock = list[n-1].Time
	}
}
