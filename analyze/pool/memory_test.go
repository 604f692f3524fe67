package pool

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// audit counts anew what s has charged, and of how many of its pools no connection is open.
func (s *clientShard) audit() (taken, unopened int) {
	for _, table := range s.evicted.tables {
		taken += 4 * len(table)
	}
	for _, k := range s.clients {
		taken += clientSize + k.identitiesSize() + clientServerSize*k.servers.len()
		if k.limit != nil {
			taken += idleLimitSize
		}
	}
	for p := s.pools.first; p != nil; p = p.next {
		taken += poolSize*(1+len(p.mergedFrom)) + addressSize*len(p.clientServers) + p.waiting()
		for _, key := range p.keys {
			taken += key.size()
		}
		for _, q := range append([]*Pool{p}, p.mergedFrom...) {
			taken += q.detectorsSize()
		}
		taken += occupationSize * len(p.outstanding)
		for i := range p.queue {
			if p.queue[i].kind == occupationEnds {
				taken += occupationSize
			}
		}
		if p.conns.live == 0 {
			unopened++
		}
	}
	for _, p := range s.dirty {
		if p.evicted {
			taken += p.detectorsSize()
		}
	}
	return taken, unopened
}

// detectorsSize counts what p's detectors and curve take.
func (p *Pool) detectorsSize() (n int) {
	var s clientShard
	s.dischargeRecycled(p)
	return -s.taken
}

// many has clients go through histories at random, a few at a time, over names that are joined now and then, and those of
// them forgotten that are too many. It calls check now and then.
func many(t *testing.T, j *feeder, check func()) {
	t.Helper()
	var now segment.Time
	id, packet := int64(0), int64(0)
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 3))
		first := id
		for _, e := range randomHistory(r) {
			e.conn += first
			id, packet = max(id, e.conn), packet+1
			e.client.Addr.Lo = seed / 2 // it may come back
			e.Time, e.Packet = e.Time+now, packet
			e.syn = event.SYN{Known: true, TTL: uint8(r.IntN(30))}
			e.Name = [...]string{"", "a.example", "a.example", "b.example"}[r.IntN(4)]
			j.handle(&e)
		}
		now += 1e9
		if seed%5 == 0 {
			j.advance(now)
			j.Decisions(j.Done)
		}
		if seed%20 == 0 {
			check()
		}
	}
	j.Finish()
	check()
}

// What is charged is what is there, whatever has come and gone.
func TestTakenIsWhatIsThere(t *testing.T) {
	j := feed(New(0))
	j.KeepPools = 50
	most := 0
	many(t, j, func() {
		t.Helper()
		for i := range j.shards {
			s := &j.shards[i]
			if taken, unopened := s.audit(); taken != s.taken || unopened != s.unopened {
				t.Fatalf("shard %d has %d bytes and %d pools of which no connection is open; charged are %d, of %d pools", i, taken, unopened, s.taken, s.unopened)
			}
		}
		most = max(most, j.Memory())
		if open := j.MemoryOfOpen(); open > j.Memory() {
			t.Fatalf("of %d bytes %d are of pools with open connections", j.Memory(), open)
		}
	})
	if n, _ := j.Evicted(); n.Connections == 0 || most < 100*poolSize {
		t.Errorf("%d bytes at most, and nothing was evicted", most)
	}
	t.Log(most)
}

// What was charged for a close is discharged where nobody has closed after all.
func TestCloseTakenBackIsDischarged(t *testing.T) {
	j := feed(New(0))
	charged := map[int]bool{}
	for _, e := range parseHistory(t, "0:1:syn 1:1:req 5:1:ok 2000:1:sfin 2001:1:goes 3000:1:req 3005:1:ok") {
		j.handle(&e)
		for i := range j.shards {
			s := &j.shards[i]
			if taken, _ := s.audit(); taken != s.taken {
				t.Errorf("at %v %d bytes are charged, and %d are taken", e.Time, s.taken, taken)
			}
			charged[s.taken] = true
		}
	}
	if len(charged) < 4 {
		t.Error("no close was charged")
	}
}

// Settled pools are evicted, however few there are, where clients and pools take more than they may.
func TestPoolsAreKeptWithinMemory(t *testing.T) {
	for _, may := range []int{0, 400 << 10} {
		j := feed(New(0))
		j.KeepMemory = may
		most := 0
		many(t, j, func() { most = max(most, j.Memory()) })
		evicted, _ := j.Evicted()
		if within := most <= may*4/3; within != (may > 0) || (evicted.Connections > 0) != (may > 0) {
			t.Errorf("%d bytes may be taken: %d were, %d connections are of evicted pools", may, most, evicted.Connections)
		}
	}
}

// A client with one pool of one connection takes what is charged for it, and two kilobytes at most.
func TestPoolIsSmall(t *testing.T) {
	const each = 20_000
	j := feed(New(0))
	var packet int64
	open := func() (heap, charged int) {
		for range each {
			packet++
			client := segment.Endpoint{Addr: segment.Addr{Lo: uint64(packet)}, Port: 40000}
			server := segment.Endpoint{Addr: segment.Addr{Lo: 1<<40 + uint64(packet)}, Port: 80}
			for _, e := range []step{
				opens(packet, client, server),
				of(packet, event.Event{Kind: event.Requested, N: 1, Name: "a.example"}),
				of(packet, event.Event{Kind: event.Answered, N: 1}),
			} {
				e.Time, e.Packet = segment.Time(packet)*1e6, packet
				j.handle(&e)
			}
			clear(j.conns)
			if packet%1000 == 0 {
				j.advance(segment.Time(packet) * 1e6)
				j.Decisions(j.Done)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc), j.Memory()
	}
	heap, charged := open()
	heap2, charged2 := open()
	const conn = ConnMemory + 256 // with its course, which are counted with what follows it
	bytes, bytesCharged := (heap2-heap)/each-conn, (charged2-charged)/each
	t.Logf("%d bytes each, %d are charged", bytes, bytesCharged)
	if bytes > 2048 || bytesCharged < bytes*9/10 || bytesCharged > bytes*11/10 {
		t.Errorf("a pool takes %d bytes, want 2048 at most; %d are charged", bytes, bytesCharged)
	}
	runtime.KeepAlive(j)
}
