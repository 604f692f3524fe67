package pool

import (
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Ideal clients hold no more idle connections than are kept; where some are given up, what would
// have become of them is not known, and nothing is decided.
func TestIdleConnectionsAreShed(t *testing.T) {
	const servers = 200
	for _, keep := range []int{servers, servers / 4} {
		j := feed(New(0))
		j.KeepIdle = keep
		at := segment.Time(0)
		for i := range int64(servers) { // a name with many addresses, each asked once
			at += 1e9
			client := segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(20000 + i)}
			server := segment.Endpoint{Addr: segment.Addr{Lo: uint64(1<<40 + i)}, Port: 80}
			for _, e := range []step{
				opens(i+1, client, server),
				of(i+1, event.Event{Kind: event.Requested, N: 1, Name: "a.example", Promises: true}),
				of(i+1, event.Event{Kind: event.Answered, N: 1}),
			} {
				e.Time, e.Packet = at, i+1
				j.handle(&e)
			}
			j.advance(at)
		}
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
		p := j.Pools()[0]
		if shed := keep < servers; held > keep+1 || (p.Verdict == NotKnown) != shed || (p.OutOfOrder > 0) != shed {
			t.Errorf("%d may be kept: %d are; %s, %d given up", keep, held, p.Verdict, p.OutOfOrder)
		}
	}
}
