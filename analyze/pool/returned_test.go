package pool

import (
	"math/rand/v2"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A client comes back when its pool has been evicted. What it opens then may have been avoidable: that stays undecided,
// as far as it would have been in the same pool, and nobody else's verdict changes.
func TestWhoComesBackIsUndecided(t *testing.T) {
	const clients = 300
	for _, x := range []struct {
		what         string
		first, later string // the names asked for
		comesBack    bool
		want         Verdict
	}{
		{"nobody", "a", "a", false, NoOpportunity},
		{"by the same name", "a", "a", true, NotKnown},
		{"by another name", "a", "b", true, NoOpportunity},
		{"without a name", "a", "", true, NotKnown},
		{"with a name now", "", "a", true, NotKnown},
		{"without one as before", "", "", true, NotKnown},
	} {
		j := feed(New(0))
		j.KeepPools = 10
		id := int64(0)
		ask := func(client int, name string) {
			id++
			at := segment.Time(id) * 1e9
			for _, e := range []step{
				opens(id, segment.Endpoint{Addr: segment.Addr{Lo: uint64(client)}, Port: uint16(id)}, segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: 80}),
				of(id, event.Event{Kind: event.Requested, N: 1, Name: name}),
				of(id, event.Event{Kind: event.Answered, N: 1}),
				of(id, event.Event{Kind: event.ConnClosing, By: event.Client}),
				of(id, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}),
			} {
				e.Time, e.Packet = at, id
				j.handle(&e)
			}
			j.advance(at)
			j.Decisions(j.Done)
		}
		for n := range clients {
			ask(n, x.first)
		}
		for n := range clients {
			if x.comesBack {
				ask(n, x.later)
			} else {
				ask(clients+n, x.later)
			}
		}
		j.Finish()
		sums, verdicts := j.Evicted()
		for _, p := range j.Pools() {
			verdicts.Add(p)
			sums.Sums.Add(&p.Sums)
		}
		if got := verdicts.Whole(); got != x.want || sums.Avoidable != 0 {
			t.Errorf("%s: %s, want %s; %d avoidable", x.what, got, x.want, sums.Avoidable)
		}
		if undecided := sums.Unjudged > 0; undecided != (x.want == NotKnown) {
			t.Errorf("%s: of %d needed ones %d may be avoidable", x.what, sums.Needed, sums.Unjudged)
		}
	}
}

// What was put is found, and as good as nothing else; where there is no room for more, all may have been put.
func TestFingerprints(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, most := range []int{1 << 20, 1000} {
		var f fingerprintSet
		var all []uint64
		bytes := 0
		for range 20_000 {
			hash := r.Uint64()
			all = append(all, hash)
			bytes += f.put(hash, most)
		}
		others := 0
		for _, hash := range all {
			if !f.has(hash) {
				t.Fatalf("%x was put, and is not found", hash)
			}
			if f.has(hash + 1<<40) {
				others++
			}
		}
		if full := most < len(all); f.full != full || (others > 2) != full {
			t.Errorf("at most %d: full: %v, %d that were not put are found", most, f.full, others)
		}
		if bytes > 24*min(most, len(all)) {
			t.Errorf("at most %d: %d bytes", most, bytes)
		}
	}
}

// Who came back lacks its past where it used a connection, or may have used one that could not be read.
func TestWhoComesBackLacksItsPast(t *testing.T) {
	for _, x := range []struct {
		cameBack     bool
		used, opaque int64
		want         bool
	}{{true, 1, 0, true}, {true, 0, 2, true}, {true, 1, 2, true}, {true, 0, 0, false}, {false, 1, 1, false}} {
		p := &Pool{Sums: Sums{Used: x.used, Opaque: x.opaque}}
		if p.cameBack = x.cameBack; p.lacksPast() != x.want {
			t.Errorf("%+v: %v", x, !x.want)
		}
	}
}

// What is remembered of evicted pools is charged, whichever of it the tables grow for.
func TestEvictedAreCharged(t *testing.T) {
	for _, first := range []string{"", "a"} { // of a pool without a name more is remembered
		s, name := &New(0).shards[0], first
		for i := range uint64(1000) {
			s.rememberEvicted(&Pool{Name: name, Client: segment.Addr{Lo: i}, Servers: []segment.Endpoint{testEndpoint(10, 80)}, Sums: Sums{Used: 1}})
			if taken, _ := s.audit(); taken != s.taken {
				t.Fatalf("%q: after %d pools %d bytes are charged, and %d are taken", first, i+1, s.taken, taken)
			}
			name = ""
		}
		if len(s.evicted.tables) < 3 {
			t.Errorf("%q: %d tables", first, len(s.evicted.tables))
		}
	}
}
