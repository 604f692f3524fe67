package pool

import (
	"fmt"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// named feeds a client's connections to one server. Each asks for its names in turn, and closes.
func named(conns ...[]string) []*Pool {
	j := feed(New(0))
	server := segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: 80}
	at := segment.Time(0)
	for i, names := range conns {
		id := int64(i + 1)
		steps := []step{opens(id, segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: 40000}, server)}
		for k, name := range names {
			steps = append(steps, of(id, event.Event{Kind: event.Requested, N: int32(k + 1), Name: name}),
				of(id, event.Event{Kind: event.Answered, N: int32(k + 1)}))
		}
		steps = append(steps, of(id, event.Event{Kind: event.ConnClosing, By: event.Client}),
			of(id, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}))
		for _, e := range steps {
			at += 1e6
			e.Time, e.Packet = at, int64(at/1e6)
			j.handle(&e)
		}
	}
	j.Finish()
	return j.Pools()
}

// More names at one address than are told apart share a pool, of which nothing is known then.
func TestMoreNamesThanAreToldApart(t *testing.T) {
	for _, more := range []int{0, 1} {
		var conns [][]string
		for n := range maxServerPools + more {
			conns = append(conns, []string{fmt.Sprint("n", n)})
		}
		pools := named(conns...)
		if len(pools) != maxServerPools {
			t.Fatalf("%d pools", len(pools))
		}
		if p := pools[0]; (p.Verdict == NotKnown) != (more > 0) || p.Used != int64(1+more) {
			t.Errorf("%d more: %s of %d connections, because %q", more, p.Verdict, p.Used, p.WithheldBecause)
		}
	}
}

// A pool whose name is not known takes the first that is seen, also on a connection that it has
// already, and keeps it when it becomes one with another.
func TestPoolTakesTheFirstName(t *testing.T) {
	for _, conns := range [][][]string{
		{{"", "a"}},
		{{"a", "a", "a"}, {"", "a"}},
		{{"", "a"}, {"a", "a", "a"}},
		{{"a"}, {"a"}, {"", "", "", "a"}},
	} {
		for _, p := range named(conns...) {
			if p.Name != "a" {
				t.Errorf("%q: a pool is called %q", conns, p.Name)
			}
		}
	}
}
