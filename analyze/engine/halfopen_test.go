package engine

import (
	"runtime"
	"testing"
	"time"

	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// newTestWorker returns a worker that follows so many half-open connections in each shard.
func newTestWorker(halfOpen int) *worker {
	o := Options{Workers: 1, Limits: Limits{HalfOpen: shards*halfOpen + 1}}
	o.Limits.setDefaults()
	w := newWorker(0, o, new(faults))
	w.batch = &batch{output: make([]workerOutput, 1)}
	w.out.workerOutput = &w.batch.output[0]
	return w
}

// take gives w a segment and returns the connection that it is of, nil if there is none any more.
func (w *worker) take(s *segment.Segment) *entry {
	hash := s.Key.Hash()
	sh := &w.shards[shardOf(hash)]
	w.segment(sh, s, hash)
	return sh.find(&s.Key, hash)
}

// A half-open connection rests a second after its SYN, or where there are more of them than are followed; then less
// than a quarter is counted. With its next segment it goes on.
func TestHalfOpenRests(t *testing.T) {
	s, err := script.Parse("0 > S 0:0(0) <mss 1460>\n+3 > S 0:0(0) <mss 1460>\n+1 < S. 0:0(0) ack 1 <mss 1460>\n+0 > . 1:1(0) ack 1\n")
	if err != nil {
		t.Fatal(err)
	}
	for most := range 2 {
		w := newTestWorker(most)
		all := s.Segments()
		var live int
		for i := range all {
			g := &all[i]
			e := w.take(g)
			m := &w.shards[shardOf(e.hash())].memory
			if syn := i < 2; e.live == nil != (syn && most == 0) {
				t.Fatalf("%d are followed: after segment %d it rests: %v", most, i+1, e.live == nil)
			}
			w.keepWithin(g.Time.Add(restsAfter))
			if most > 0 && e.live == nil {
				t.Fatalf("segment %d: it rests at once", i+1)
			}
			w.keepWithin(g.Time.Add(restsAfter + 1))
			if e.live == nil != (i < 2) {
				t.Fatalf("%d are followed: some time after segment %d it rests: %v", most, i+1, e.live == nil)
			}
			if i == 0 {
				live = m.taken
			}
			if i == 2 && m.taken < 4*live {
				t.Errorf("%d bytes are counted at rest, %d else", live, m.taken)
			}
		}
	}
}

// A half-open connection takes three hundred bytes in all, and what it takes is counted.
func TestHalfOpenIsSmall(t *testing.T) {
	o := Options{Workers: 1, Limits: Limits{Memory: 1 << 40}}
	o.Limits.setDefaults()
	w, k := newWorker(0, o, new(faults)), newCollector(o, new(faults))
	b := &batch{output: make([]workerOutput, 1)}
	w.batch, w.out.workerOutput = b, &b.output[0]
	g := segment.Segment{Flags: segment.SYN, Time: 1e18, Options: segment.Options{HasMSS: true, MSS: 1460}}
	open := func(n int) (heap, counted int) {
		for range n {
			g.Packet, g.Time, g.Seq = g.Packet+1, g.Time+1, g.Seq+7
			client := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(g.Packet)}
			server := segment.Endpoint{Addr: segment.Addr{Lo: 2 + uint64(g.Packet>>16)}, Port: 80}
			g.Key, g.Dir = segment.MakeKey(client, server)
			w.take(&g)
			if g.Packet%1000 == 0 {
				k.clock = g.Time
				w.keepWithin(g.Time)
				k.take(b)
				w.out.clear()
			}
		}
		return w.takes()
	}
	// Tables double as they fill: they are about as full both times.
	heap, counted := open(50_000)
	heap2, counted2 := open(50_000)
	each, eachCounted := (heap2-heap)/50_000, (counted2-counted)/50_000
	t.Logf("%d bytes each, %d are counted", each, eachCounted)
	if each > 300 {
		t.Errorf("%d bytes each, want 300 at most", each)
	}
	if eachCounted < each {
		t.Errorf("%d bytes are counted for each, it takes %d", eachCounted, each)
	}
	runtime.KeepAlive(w)
	runtime.KeepAlive(k)
}

// To rest and to go on allocates nothing, once others have done so.
func TestRestingDoesNotAllocate(t *testing.T) {
	if raced {
		t.Skip("with the race detector a sync.Pool drops some of what it is given")
	}
	s, err := script.Parse("0 > S 0:0(0) <mss 1460>\n+0.1 < R. 0:0(0) ack 1\n")
	if err != nil {
		t.Fatal(err)
	}
	w := newTestWorker(0)
	all := s.Segments()
	packet, rested := int64(0), 0
	round := func() {
		for i := range all {
			g := &all[i]
			g.Key.A.Addr.Lo += 1 << 40 // another client
			g.Key.B.Addr.Lo += 1 << 40
			packet++
			g.Packet, g.Time = packet, g.Time.Add(2*time.Minute)
			if e := w.take(g); e.live == nil {
				rested++
			}
			w.keepWithin(g.Time)
			for sh := range w.shards {
				w.expire(&w.shards[sh], g.Time)
			}
		}
		w.forgetEnded()
	}
	for range 200 {
		round()
	}
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations for a connection that rests and is refused, want 0", n)
	}
	if rested < 1000 {
		t.Errorf("%d have rested", rested)
	}
}

// forgetEnded has what has ended serve again, as a collector that is told nothing would.
func (w *worker) forgetEnded() {
	for _, chunk := range w.out.ended.chunks {
		for i := range chunk {
			freeHandles.Put(chunk[i].handle)
		}
	}
	w.out.none = true
	w.out.clear()
}

// takes returns how many bytes all that lives takes, and how many are counted for w's connections.
func (w *worker) takes() (heap, counted int) {
	for i := range w.shards {
		counted += w.shards[i].memory.taken
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc), counted
}
