package pool

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Clients behind one address that the wire tells apart come out as each does alone.
func TestClientsAtOneAddressAreApart(t *testing.T) {
	const clients = 3
	tell := map[string]func(i int, s *step){
		"SYN": func(i int, s *step) {
			if s.syn = (event.SYN{Known: true, TTL: uint8(64 - i)}); s.End != nil {
				s.End.SYN = s.syn
			}
		},
		"hello": func(i int, s *step) { s.Who = &event.Who{Hello: uint32(i + 1)} },
		"for":   func(i int, s *step) { s.Who = &event.Who{ProxiedClient: segment.Addr{Lo: uint64(i + 1)}} },
	}
	seeds := uint64(300)
	if testing.Short() {
		seeds = 80
	}
	for by, tell := range tell {
		used := 0
		for seed := range seeds {
			r := rand.New(rand.NewPCG(seed, 3))
			var histories [clients][]step
			want := map[int64]Cause{}
			for i := range histories {
				h := randomHistory(r)
				for k := range h {
					h[k].conn += int64(i) << 32
					tell(i, &h[k])
					if i == 0 { // which has no name for the server
						h[k].Name = ""
					}
				}
				if by == "SYN" && slices.ContainsFunc(h, func(s step) bool { return s.midstream }) {
					h = nil // of which no SYN was seen: it is the first's
				}
				if by != "SYN" && slices.ContainsFunc(h, func(s step) bool { return s.Kind == event.ConnEnded && s.End.Refused }) {
					h = nil // which said nothing: it is the latest's
				}
				histories[i] = h
				_, decisions, _ := judge(h, func() bool { return true })
				for conn, d := range decisions {
					want[conn] = d.Cause
				}
			}
			j, got := feed(New(0)), map[int64]Cause{}
			var at [clients]segment.Time // what each has got to
			for {
				next := -1
				for i, h := range histories {
					if len(h) > 0 && (next < 0 || max(at[i], h[0].Time) < max(at[next], histories[next][0].Time)) {
						next = i
					}
				}
				if next < 0 {
					break
				}
				s := &histories[next][0]
				at[next] = max(at[next], s.Time)
				j.handle(s)
				if r.IntN(3) == 0 {
					j.advance(at[next])
				}
				histories[next] = histories[next][1:]
			}
			j.Finish()
			j.Decisions(func(d *Decision) { got[d.Conn] = d.Cause })
			if !maps.Equal(got, want) {
				t.Fatalf("by %s, seed %d: %v, alone %v", by, seed, got, want)
			}
			for _, p := range j.Pools() {
				switch _, differs := p.Who(); differs {
				case Differs{}: // nobody else calls its servers
				case Differs{SYN: by == "SYN", Hello: by == "hello", ProxiedClient: by == "for"}:
					used++
				default:
					t.Fatalf("by %s, seed %d: told apart by %+v", by, seed, differs)
				}
			}
		}
		if used < int(seeds)/3 {
			t.Errorf("by %s: only %d pools are told apart", by, used)
		}
	}
}

// What is not known of a client fits, and is learned.
func TestIdentityIsLearned(t *testing.T) {
	near, far := event.SYN{Known: true, TTL: 64}, event.SYN{Known: true, TTL: 63}
	var k client
	for _, x := range []struct {
		w    event.Who
		want int32
	}{
		{event.Who{}, 0},
		{event.Who{SYN: near}, 0},
		{event.Who{SYN: far}, 1},
		{event.Who{Hello: 7}, 0},
		{event.Who{SYN: far, Hello: 8}, 1},
		{event.Who{SYN: far, Hello: 7}, 2},
		{event.Who{SYN: near}, 0},
		{event.Who{}, 0},
		{event.Who{Hello: 9}, 3},
	} {
		if got := k.identify(&x.w); got != x.want {
			t.Errorf("%+v is %d, want %d of %+v", x.w, got, x.want, k.identities)
		}
	}
	for n := range uint32(maxIdentities + 10) {
		k.identify(&event.Who{Hello: 100 + n})
	}
	if len(k.identities) != maxIdentities {
		t.Errorf("%d are told apart, want %d", len(k.identities), maxIdentities)
	}
}

// Where more clients are seen than are told apart, those that share are not judged.
func TestTooManyToTellApart(t *testing.T) {
	j := feed(New(0))
	for n := range int64(maxIdentities + 10) {
		at := segment.Time(n * 10e6)
		steps := parseHistory(t, oneDone)
		for i := range steps {
			s := &steps[i]
			s.conn, s.Time = n, s.Time+at
			s.Who = &event.Who{ProxiedClient: segment.Addr{Lo: uint64(n + 1)}}
			j.handle(s)
		}
	}
	j.Finish()
	pools, shared := j.Pools(), 0
	for _, p := range pools {
		switch {
		case p.Used == 1 && p.Verdict == NoOpportunity:
		case p.Used == 11 && p.Verdict == NotKnown:
			shared++
		default:
			t.Fatalf("a pool of %d connections: %s", p.Used, p.Verdict)
		}
	}
	if len(pools) != maxIdentities || shared != 1 {
		t.Errorf("%d pools, %d shared", len(pools), shared)
	}
}
