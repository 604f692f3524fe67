package pool

import (
	"fmt"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Ideal clients hold no more idle connections than are kept; where some are given up, what would
// have become of them is not known, and nothing is decided.
func TestIdleConnectionsAreShed(t *testing.T) {
	const servers = 200
	for _, x := range []struct{ keep, names int }{{servers, 1}, {servers / 4, 1}, {servers / 4, servers}} {
		keep := x.keep
		j := feed(New(0))
		j.KeepIdle = keep
		at := segment.Time(0)
		for i := range int64(servers) { // many addresses, each asked once, of one name or of one each
			at += 1e9
			client := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(20000 + i)}
			server := segment.Endpoint{Addr: segment.Addr{Lo: uint64(1<<40 + i)}, Port: 80}
			for _, e := range []step{
				opens(i+1, client, server),
				of(i+1, event.Event{Kind: event.Requested, N: 1, Name: fmt.Sprint(i%int64(x.names), ".example"), Promises: true}),
				of(i+1, event.Event{Kind: event.Answered, N: 1}),
			} {
				e.Time, e.Packet = at, i+1
				j.handle(&e)
			}
			j.advance(at)
		}
		for i := range int64(servers) { // shows each name that its response ended a while ago
			e := of(i+1, event.Event{Kind: event.ConnClosing, By: event.Client})
			e.Time, e.Packet = at+1e9, i+1
			j.handle(&e)
		}
		j.advance(at + 1e9)
		j.advance(at + 2e9)
		held := 0
		for i := range j.shards {
			held += j.shards[i].idleTokens
		}
		for i := range int64(servers) {
			e := of(i+1, event.Event{Kind: event.ConnEnded, End: &event.Ending{}})
			e.Time, e.Packet = at, i+1
			j.handle(&e)
		}
		j.Finish()
		givenUp := int64(0)
		for _, p := range j.Pools() {
			givenUp += p.OutOfOrder
		}
		p, shed := j.Pools()[0], keep < servers
		if held > keep+1 || (givenUp > 0) != shed || x.names == 1 && (p.Verdict == NotKnown) != shed {
			t.Errorf("%d may be kept of %d names: %d are; %s, %d given up", keep, x.names, held, p.Verdict, givenUp)
		}
	}
}
