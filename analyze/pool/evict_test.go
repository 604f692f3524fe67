package pool

import (
	"math/rand/v2"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Pools beyond the limit are evicted; the totals and the worst verdict stay.
func TestPoolsAreEvicted(t *testing.T) {
	const clients = 5000
	j := feed(New(0))
	j.KeepPools = 100
	most := 0
	for i := range int64(clients) {
		at := segment.Time(i) * 1e9
		client := segment.Endpoint{Addr: segment.Addr{Lo: uint64(i + 1)}, Port: 40000}
		server := segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: 80}
		for k := range int64(2) { // the first closed at once, the second for nothing
			id := 2*i + k + 1
			at := at + segment.Time(k)*1e6
			for _, e := range []step{
				opens(id, client, server),
				of(id, event.Event{Kind: event.Requested, N: 1, Name: "a.example", Promises: true}),
				of(id, event.Event{Kind: event.Answered, N: 1}),
				of(id, event.Event{Kind: event.ConnClosing, By: event.Client}),
				of(id, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}),
			} {
				e.Time, e.Packet = at, id
				j.handle(&e)
			}
		}
		j.advance(at)
		most = max(most, len(j.pools()), len(j.all()))
	}
	j.Finish()
	n := 0
	j.Decisions(func(*Decision) { n++ })
	evicted, verdicts := j.Evicted()
	count := verdicts.Pools()
	kept := j.Pools()
	used, avoidable := evicted.Used, evicted.Avoidable
	for _, p := range kept {
		used += p.Used
		avoidable += p.Avoidable
	}
	if used != 2*clients || avoidable != clients || n != 2*clients || int(count)+len(kept) != clients {
		t.Errorf("used %d, avoidable %d, %d decisions, %d pools evicted and %d kept", used, avoidable, n, count, len(kept))
	}
	if most > 302 || most < 200 || // those with avoidable connections go beyond twice the limit alone
		verdicts.Whole() != NotReused {
		t.Errorf("at most %d at once, those evicted %s", most, verdicts.Whole())
	}
}

// What many clients leave behind serves those that come: none allocates, though pools
// are evicted before Advance has looked at them.
func TestClientsDoNotAllocate(t *testing.T) {
	j := New(0)
	j.KeepPools = 100
	server := segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: 80}
	n, end := int64(0), event.Ending{}
	client := func() {
		n++
		at := segment.Time(n) * 1e6
		c := j.Open(0, &event.Opening{ID: n, Time: at, Packet: n, Client: segment.Endpoint{Addr: segment.Addr{Lo: uint64(n)}, Port: 40000}, Server: server})
		for _, e := range [...]event.Event{
			{Kind: event.Requested, N: 1, Name: "a.example", Promises: true},
			{Kind: event.Answered, N: 1},
			{Kind: event.ConnClosing, By: event.Server},
			{Kind: event.ConnEnded, End: &end},
		} {
			e.Time, e.Packet = at, n
			j.Handle(c, &e)
		}
		if n%300 == 0 {
			j.advance(at)
		}
		j.Decisions(j.Done)
	}
	for range 5000 {
		client()
	}
	if a := testing.AllocsPerRun(5000, client); a != 0 {
		t.Errorf("%v allocations for a client of one connection, want 0", a)
	}
}

// All shards share one limit: a shard alone has all of it, and one that is full of what was
// once gives way to what the others bring.
func TestShardsShareTheLimit(t *testing.T) {
	j := feed(New(0))
	j.KeepPools = 1000
	id := int64(0)
	client := func(shard uint64) {
		id++
		at := segment.Time(id) * 1e6
		for _, e := range []step{
			opens(id, segment.Endpoint{Addr: segment.Addr{Lo: uint64(id)*ClientShards + shard}, Port: 40000}, segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: 80}),
			of(id, event.Event{Kind: event.Requested, N: 1, Name: "a.example"}),
			of(id, event.Event{Kind: event.Answered, N: 1}),
			of(id, event.Event{Kind: event.ConnClosing, By: event.Server}),
			of(id, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}),
		} {
			e.Time, e.Packet = at, id
			j.handle(&e)
		}
		if id%100 == 0 {
			j.advance(at)
		}
	}
	kept := func() (all, first int) { return len(j.pools()), j.shards[0].pools.n }
	for range 900 {
		client(0)
	}
	if all, _ := kept(); all != 900 {
		t.Errorf("%d of 900 pools are kept, the limit is 1000", all)
	}
	for range 4100 {
		client(0)
	}
	if all, _ := kept(); all < 1000 || all > 1100 {
		t.Errorf("%d pools of one shard are kept, the limit is 1000", all)
	}
	most := 0
	for k := range 5000 {
		client(uint64(1 + k%(ClientShards-1)))
		if k%50 == 0 {
			all, _ := kept()
			most = max(most, all)
		}
	}
	if all, first := kept(); most > 2000 || first > all/2 {
		t.Errorf("at most %d pools, in the end %d, %d of them in the shard where nobody comes any more", most, all, first)
	}
}

// A pool that was joined to another serves again once that is evicted.
func TestJoinedPoolsServeAgain(t *testing.T) {
	j := feed(New(0))
	j.KeepPools = 100
	pools := map[*Pool]bool{}
	for i := range int64(5000) {
		at, a, b := segment.Time(i)*1e6, 2*i+1, 2*i+2
		client := segment.Endpoint{Addr: segment.Addr{Lo: uint64(i)}, Port: 40000}
		server := segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: 80}
		for _, e := range []step{
			opens(a, client, server), of(a, event.Event{Kind: event.Requested, N: 1, Name: "a"}), of(a, event.Event{Kind: event.Answered, N: 1}),
			opens(b, client, server), of(b, event.Event{Kind: event.Requested, N: 1, Name: "b"}), of(b, event.Event{Kind: event.Answered, N: 1}),
			of(b, event.Event{Kind: event.Requested, N: 2, Name: "a"}), of(b, event.Event{Kind: event.Answered, N: 2}), // here they join
			of(a, event.Event{Kind: event.ConnClosing, By: event.Server}), of(a, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}),
			of(b, event.Event{Kind: event.ConnClosing, By: event.Server}), of(b, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}),
		} {
			e.Time, e.Packet = at, a
			j.handle(&e)
			for _, c := range j.conns {
				if c.pool != nil {
					pools[c.pool] = true
				}
			}
		}
		if i%50 == 0 {
			j.advance(at)
		}
		j.Decisions(j.Done)
	}
	j.Finish()
	evicted, verdicts := j.Evicted()
	n := verdicts.Pools()
	if sum := int(n) + len(j.Pools()); sum != 5000 || evicted.Used+2*int64(len(j.Pools())) != 10_000 {
		t.Errorf("%d pools in all, %d connections in those summed up; want 5000, each of two connections", sum, evicted.Used)
	}
	if len(pools) > 2000 {
		t.Errorf("%d pools were made to keep 100 for 10000", len(pools))
	}
}

// A client comes back under another name just as its old pool is evicted: it stays the
// same client.
func TestWhoComesBackStays(t *testing.T) {
	j := feed(New(0))
	j.KeepPools = 2
	at := segment.Time(0)
	ask := func(id int64, client uint64, name string) {
		at += 1e6
		for _, e := range []step{
			opens(id, segment.Endpoint{Addr: segment.Addr{Lo: client * ClientShards}, Port: uint16(id)}, segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: 80}),
			of(id, event.Event{Kind: event.Requested, N: 1, Name: name}),
			of(id, event.Event{Kind: event.Answered, N: 1}),
			of(id, event.Event{Kind: event.ConnClosing, By: event.Client}),
			of(id, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}),
		} {
			e.Time, e.Packet = at, id
			j.handle(&e)
		}
	}
	ask(1, 1, "a")
	ask(2, 3, "c")
	j.advance(at) // two more are to be expected: the next new pool evicts these
	ask(3, 1, "b")
	ask(4, 2, "d") // other clients
	ask(5, 4, "e")
	ask(6, 1, "b") // could have had #3
	j.Finish()
	got := map[int64]Cause{}
	j.Decisions(func(d *Decision) { got[d.Conn] = d.Cause })
	if got[6] != ClientClosed {
		t.Errorf("the second connection to b was opened because of %q, want %q; all: %v", got[6], ClientClosed, got)
	}
}

// The parts of what is shared out make the whole, whoever is first.
func TestPartsMakeTheWhole(t *testing.T) {
	j := New(0)
	j.KeepPools = 1000
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		n, begun := 0, 0
		for i := range j.shards {
			w := &j.shards[i]
			w.pools.n, w.newPools = r.IntN(30), r.IntN(5)
			n, begun = n+w.pools.n, begun+w.newPools
		}
		j.ShareEvictions()
		surplus, looked := 0, 0
		for i := range j.shards {
			w := &j.shards[i]
			if w.toEvict > 0 && w.pools.n == 0 {
				t.Fatalf("shard %d has no pools and is to evict %d", i, w.toEvict)
			}
			surplus, looked = surplus+w.toEvict, looked+w.toInspect
		}
		if surplus != max(0, n+begun-1000) || looked != inspectPerNew*begun {
			t.Fatalf("of %d pools, %d of them new, %d are to be evicted and %d to be looked at", n, begun, surplus, looked)
		}
	}
}

// A client that goes from port to port leaves nothing behind at those that it has left.
func TestPortsAreLeft(t *testing.T) {
	const ports = 2000
	j := feed(New(0))
	j.KeepPools = 10
	client := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: 40000}
	for i := range int64(ports) {
		server := segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: uint16(1000 + i)}
		for _, e := range []step{
			opens(i+1, client, server), of(i+1, event.Event{Kind: event.Requested, N: 1, Name: "a.example"}),
			of(i+1, event.Event{Kind: event.Answered, N: 1}), of(i+1, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}),
		} {
			e.Time, e.Packet = segment.Time(i)*1e9, i+1
			j.handle(&e)
		}
		j.advance(segment.Time(i) * 1e9)
	}
	for _, k := range j.all() {
		if n := k.unused.len(); n > k.servers.len() || n > ports/2 {
			t.Errorf("%d ports, %d servers", n, k.servers.len())
		}
	}
}

// So many pools that have begun in all shards are many.
func TestCrowdOfPools(t *testing.T) {
	j := New(0)
	j.shards[0].newPools = crowd - 1
	if j.Crowded() {
		t.Errorf("%d pools are no crowd", crowd-1)
	}
	if j.shards[1].newPools = 1; !j.Crowded() {
		t.Errorf("%d pools are a crowd", crowd)
	}
}
