package pool

import (
	"testing"

	"tcpwarm/capture/segment"
)

// Pools beyond the limit are summed up; the totals and the worst verdict stay.
func TestPoolsAreBounded(t *testing.T) {
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
				of(id, Event{Kind: Requested, N: 1, Name: "a.example", Promises: true}),
				of(id, Event{Kind: Answered, N: 1}),
				of(id, Event{Kind: ConnClosing, By: Client}),
				of(id, Event{Kind: ConnEnded, End: &Ending{}}),
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
	folded, count := j.Folded()
	kept := j.Pools()
	used, avoidable := folded.Used, folded.Avoidable
	for _, p := range kept {
		used += p.Used
		avoidable += p.Avoidable
	}
	if used != 2*clients || avoidable != clients || n != 2*clients || int(count)+len(kept) != clients {
		t.Errorf("used %d, avoidable %d, %d decisions, %d pools folded and %d kept", used, avoidable, n, count, len(kept))
	}
	if most > 302 || folded.Verdict != NotReused {
		t.Errorf("at most %d at once, worst folded %s", most, folded.Verdict)
	}
}

// What many clients leave behind serves those that come: none allocates, though pools
// are summed up before Advance has looked at them.
func TestClientsDoNotAllocate(t *testing.T) {
	j := New(0)
	j.KeepPools = 100
	server := segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: 80}
	n, end := int64(0), Ending{}
	client := func() {
		n++
		at := segment.Time(n) * 1e6
		c := j.Open(0, &Opening{ID: n, Time: at, Packet: n, Client: segment.Endpoint{Addr: segment.Addr{Lo: uint64(n)}, Port: 40000}, Server: server})
		for _, e := range [...]Event{
			{Kind: Requested, N: 1, Name: "a.example", Promises: true},
			{Kind: Answered, N: 1},
			{Kind: ConnClosing, By: Server},
			{Kind: ConnEnded, End: &end},
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
