package engine

import (
	"testing"
	"unsafe"

	"tcpwarm/analyze/flow"
	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
)

// A batch is full with so many segments, and with fewer that begin or end a connection each.
func TestBatchIsFull(t *testing.T) {
	for flags, most := range map[segment.Flags]int{segment.SYN: maxBeginnings, segment.FIN: maxEnds, segment.RST | segment.ACK: maxEnds, segment.ACK: maxSegments} {
		for _, n := range []int{most - 1, most} {
			var b batch
			list := make([]segment.Segment, n)
			for i := range list {
				list[i].Flags = flags
			}
			if b.add(list, nil); b.isFull() != (n == most) {
				t.Errorf("full with %d segments of flags %v: %v", n, flags, b.isFull())
			}
		}
	}
}

// Where memory is short a batch takes fewer segments, and what is told of its connections no more room than that needs.
func TestShortBatch(t *testing.T) {
	b := batch{short: true}
	if b.add(make([]segment.Segment, maxEnds-1), nil); b.isFull() {
		t.Errorf("full with %d segments", maxEnds-1)
	}
	if b.add(make([]segment.Segment, 1), nil); !b.isFull() {
		t.Errorf("not full with %d segments", maxEnds)
	}
	var o emitter
	o.workerOutput = new(workerOutput)
	for range 3 * maxEnds {
		o.ended.next(&o.freeEnded)
	}
	o.clear()
	if o.trim(0); len(o.freeEnded.chunks) != maxEnds/chunkSize {
		t.Errorf("%d chunks wait, want %d", len(o.freeEnded.chunks), maxEnds/chunkSize)
	}
}

// Where many connections of a batch were given up memory is short when it serves again.
func TestGivenUpIsShort(t *testing.T) {
	k := newCollector(Options{Workers: 1}, new(faults))
	for _, n := range []int{manyGivenUp - 1, manyGivenUp, 0} {
		b := &batch{output: make([]workerOutput, 1)}
		var free freeList[ended]
		for range n {
			*b.output[0].ended.next(&free) = ended{handle: new(handle), gaveUp: true, record: new(report.Connection)}
		}
		if k.take(b); b.short != (n >= manyGivenUp) {
			t.Errorf("%d given up: short: %v", n, b.short)
		}
	}
}

// What a connection takes is more than what it holds itself: its place in the table, and where it waits in the end.
func TestPlaceIsCounted(t *testing.T) {
	o := Options{Workers: 1}
	o.Limits.setDefaults()
	w := newWorker(0, o, new(faults))
	b := batch{output: make([]workerOutput, 1)}
	w.out.workerOutput = &b.output[0]
	g := &segment.Segment{Flags: segment.SYN, Packet: 1}
	hash := g.Key.Hash()
	sh := &w.shards[shardOf(hash)]
	w.segment(sh, g, hash)
	if e := sh.find(&g.Key, hash); sh.memory.taken < e.Memory()+int(unsafe.Sizeof(waitLink{}))+flow.SlotSize {
		t.Errorf("%d bytes are counted for a connection that holds %d", sh.memory.taken, e.Memory())
	}
}
