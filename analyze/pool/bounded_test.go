package pool

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// One request is outstanding for ever, and much goes on beside it.
func TestPendingIsBounded(t *testing.T) {
	const limit, transactions = 100, 100_000
	const ms = segment.Time(time.Millisecond)
	j := feed(New(limit))
	now, packet := segment.Time(0), int64(0)
	handle := func(e step) {
		now += ms / 10
		packet++
		e.Time, e.Packet, e.Name = now, packet, "a"
		j.handle(&e)
		for _, p := range j.pools() {
			if len(p.queue) > limit+2 {
				t.Fatalf("packet %d: %d items wait, the limit is %d", packet, len(p.queue), limit)
			}
		}
		if packet%50 == 0 {
			j.advance(now)
		}
	}
	open := func(id int64) {
		handle(opens(id, testEndpoint(1, uint16(id)), testEndpoint(10, 80)))
	}
	open(1)
	handle(of(1, event.Event{Kind: event.Requested, N: 1}))
	id, n, decided, most := int64(1), int32(0), 0, 0
	for k := range transactions {
		if k%10 == 0 { // the one before closes at once
			if id > 1 {
				handle(of(id, event.Event{Kind: event.ConnClosing, By: event.Client}))
				handle(of(id, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}))
			}
			id, n = id+1, 0
			open(id)
		}
		n++
		handle(of(id, event.Event{Kind: event.Requested, N: n}))
		handle(of(id, event.Event{Kind: event.Answered, N: n}))
		j.Decisions(func(*Decision) { decided++ })
		p := j.pools()[0]
		most = max(most, len(p.queue)+len(p.outstanding)+p.tokens.len()+len(p.losses)+len(p.provisional)+len(j.conns))
	}
	if j.DecidedEarly() == 0 {
		t.Error("nothing was forced")
	}
	// The ideal client holds one connection beside the outstanding one; what may
	// be taken back has its own bound.
	if most > limit+maxProvisional+20 {
		t.Errorf("a pool held %d things", most)
	}
	handle(of(1, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}))
	handle(of(id, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}))
	j.Finish()
	j.Decisions(func(*Decision) { decided++ })
	p := j.Pools()[0]
	if err := addsUp(p); err != nil {
		t.Error(err)
	}
	if p.Used != transactions/10+1 || decided != int(p.Used) || p.Transactions != transactions+1 {
		t.Errorf("used %d, decided %d, transactions %d", p.Used, decided, p.Transactions)
	}
	if p.Needed != 2 || p.Verdict != PartlyReused {
		t.Errorf("needed %d, %s; want 2, %s: forced early, but nothing was missing", p.Needed, p.Verdict, PartlyReused)
	}
	t.Logf("forced %d times, at most %d things held", j.DecidedEarly(), most)
}

// Connections that never carry anything hold others up, but only so long.
func TestUnusedConnectionsAreBounded(t *testing.T) {
	const limit = 64
	j := feed(New(limit))
	packet := int64(0)
	handle := func(e step) {
		packet++
		e.Time, e.Packet, e.Name = segment.Time(packet)*1e6, packet, "a"
		e.client, e.server = testEndpoint(1, uint16(e.conn)), testEndpoint(10+uint64(e.conn%3), 80)
		j.handle(&e)
		j.advance(e.Time)
	}
	handle(opens(1, segment.Endpoint{}, segment.Endpoint{})) // says nothing
	handle(opens(3, segment.Endpoint{}, segment.Endpoint{}))
	for n := range int32(5000) {
		handle(of(3, event.Event{Kind: event.Requested, N: n + 1}))
		handle(of(3, event.Event{Kind: event.Answered, N: n + 1}))
		id := int64(4 + n)
		handle(opens(id, segment.Endpoint{}, segment.Endpoint{}))
		handle(of(id, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}))
		for _, p := range j.pools() {
			if len(p.queue) > limit+2 {
				t.Fatalf("%d items wait", len(p.queue))
			}
		}
		for _, k := range j.all() {
			n := 0
			for c := k.unused.get(80).first; c != nil; c = c.nextUnused {
				n++
			}
			if n > 40 {
				t.Fatalf("%d connections count as unused", n)
			}
		}
	}
	if j.DecidedEarly() == 0 {
		t.Error("nothing was forced")
	}
	handle(of(3, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}))
	handle(of(1, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}))
	j.Finish()
	for _, p := range j.Pools() {
		if err := addsUp(p); err != nil {
			t.Error(err)
		}
	}
}

func TestSteadyStateAllocatesLittle(t *testing.T) {
	j := feed(New(0))
	e := opens(1, testEndpoint(1, 1), testEndpoint(10, 80))
	j.handle(&e)
	now, packet, n := segment.Time(0), int64(0), int32(0)
	handle := func(kind event.Kind) {
		now, packet = now+1e6, packet+1
		e = of(1, event.Event{Kind: kind, Time: now, Packet: packet, Name: "a", N: n})
		j.handle(&e)
	}
	transaction := func() {
		n++
		handle(event.Requested)
		handle(event.Answered)
		j.advance(now)
	}
	for range 100 {
		transaction()
	}
	allocs := testing.AllocsPerRun(10_000, transaction)
	t.Logf("%v allocations a transaction", allocs)
	if allocs > 2 {
		t.Errorf("%v allocations a transaction, want at most 2", allocs)
	}
}

func (s *tokens) len() (n int) {
	for t := s.top; t != nil; t = t.below {
		n++
	}
	return n
}

// Of many connections that carry a name of their own and then a common one, each joins
// what those before it have come to: what that costs does not grow with them.
func TestManyNamesAreJoinedCheaply(t *testing.T) {
	run := func(n int64) (bytes uint64) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		j := New(0)
		now := segment.Time(0)
		conns := make([]*Conn, n)
		for i := range conns {
			now++
			id := int64(i + 1)
			conns[i] = j.Open(0, &event.Opening{ID: id, Time: now, Packet: id, Client: testEndpoint(1, 40000),
				Server: testEndpoint(uint64(1000+i), 80)})
		}
		for r, last := range []bool{false, true} {
			for i, c := range conns {
				name := fmt.Sprint("name-", i)
				if last {
					name = "common"
				}
				for _, e := range []event.Event{{Kind: event.Requested, Name: name}, {Kind: event.Answered}} {
					now += 1000
					e.N, e.Time, e.Packet = int32(r+1), now, int64(now)
					j.Handle(c, &e)
				}
			}
		}
		for _, c := range conns {
			j.Handle(c, &event.Event{Kind: event.ConnEnded, End: &event.Ending{}, Time: now, Packet: int64(now)})
		}
		j.Finish()
		pools := j.Pools()
		if len(pools) != 1 || pools[0].Connections != n || pools[0].Transactions != 2*n || pools[0].Needed+pools[0].Avoidable != n {
			t.Fatalf("%d pools, the first %+v", len(pools), pools[0])
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	run(100)
	if few, many := run(1000), run(4000); many > 8*few {
		t.Errorf("1000 take %d bytes, 4000 %d", few, many)
	}
}

// Where a name has thousands of addresses the ideal client's token to one may lie too far
// down to be found: that is counted.
func TestTokensTooFarDownAreCounted(t *testing.T) {
	for name, x := range map[string]struct {
		server uint64 // which one is asked again
		forced int64
		cause  Cause
	}{
		"the latest": {maxTokensSearched, 0, Missed},
		"the first":  {0, 2, OtherAddress},
	} {
		j := New(0)
		now := segment.Time(0)
		ask := func(id int64, server uint64) {
			now += 1000
			c := j.Open(0, &event.Opening{ID: id, Time: now, Packet: id, Client: testEndpoint(1, 40000), Server: testEndpoint(1000+server, 80)})
			for _, k := range [...]event.Kind{event.Requested, event.Answered} {
				now += 1000
				j.Handle(c, &event.Event{Kind: k, N: 1, Name: "a", Time: now, Packet: id})
			}
		}
		for i := range uint64(maxTokensSearched + 1) {
			ask(int64(i+1), i)
		}
		ask(maxTokensSearched+2, x.server)
		j.Finish()
		var last Cause
		j.Decisions(func(d *Decision) {
			if d.Conn == maxTokensSearched+2 {
				last = d.Cause
			}
		})
		if j.DecidedEarly() != x.forced || last != x.cause {
			t.Errorf("%s: forced %d times, %s; want %d, %s", name, j.DecidedEarly(), last, x.forced, x.cause)
		}
	}
}
