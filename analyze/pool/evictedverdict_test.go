package pool_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// Of pools that are summed up the verdict stays, and no worse one comes from nowhere.
func TestVerdictOfTheSummedUp(t *testing.T) {
	for _, x := range []struct {
		what  string
		reuse func(client int) bool
		want  pool.Verdict
	}{
		{"all reuse", func(int) bool { return true }, pool.Reused},
		{"none has to", func(int) bool { return false }, pool.NoOpportunity},
		{"some reuse", func(n int) bool { return n%2 == 0 }, pool.Reused},
	} {
		j := pool.New(0)
		j.KeepPools = 10
		packet := int64(0)
		for n := range 100 {
			now := segment.Time(n) * segment.Time(time.Second)
			handle := func(c *pool.Conn, e event.Event) {
				packet++
				e.Time, e.Packet, e.Name = now, packet, "a"
				j.Handle(c, &e)
			}
			packet++
			c := j.Open(n%pool.ClientShards, &event.Opening{ID: int64(n + 1), Time: now, Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: uint64(n + 1)}, Port: 1}, Server: segment.Endpoint{Port: 80}})
			for k := range int32(2) {
				if k == 0 || x.reuse(n) {
					handle(c, event.Event{Kind: event.Requested, N: k + 1})
					handle(c, event.Event{Kind: event.Answered, N: k + 1})
				}
			}
			handle(c, event.Event{Kind: event.ConnEnded, End: &event.Ending{}})
			for shard := range pool.ClientShards {
				j.Advance(shard, now)
			}
			j.ShareEvictions()
		}
		j.Finish()
		sums, verdicts := j.Evicted()
		count := verdicts.Pools()
		if count < 50 || int(count)+len(j.Pools()) != 100 || verdicts.Whole() != x.want || sums.Used != count {
			t.Errorf("%s: %d pools summed up, with %d connections, %s as a whole, want %s; %d kept", x.what, count, sums.Used, verdicts.Whole(), x.want, len(j.Pools()))
		}
	}
}

// What pools summed up needed is not judged where the verdict is not known: all but one connection of
// each. Should the capture turn out to lack packets, that holds for all of them.
func TestUnjudgedOfTheSummedUp(t *testing.T) {
	for _, because := range []string{"", "packets are lacking"} {
		j := pool.New(0)
		j.KeepPools = 10
		packet, unsure := int64(0), int64(0)
		for n := range 100 {
			now := segment.Time(n) * segment.Time(time.Second)
			var conns [2]*pool.Conn
			for k := range conns {
				packet++
				conns[k] = j.Open(n%pool.ClientShards, &event.Opening{ID: packet, Time: now, Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: uint64(n + 1)}, Port: uint16(k)}, Server: segment.Endpoint{Port: 80}})
			}
			for _, kind := range []event.Kind{event.Requested, event.Answered, event.ConnEnded} {
				for _, c := range conns { // at once: both are needed
					packet++
					j.Handle(c, &event.Event{Kind: kind, N: 1, Name: "a", Time: now, Packet: packet, End: &event.Ending{Untimed: n%2 == 0}})
				}
			}
			for shard := range pool.ClientShards {
				j.Advance(shard, now)
			}
			j.ShareEvictions()
		}
		j.WithheldBecause = because
		j.Finish()
		sums, verdicts := j.Evicted()
		if unsure = verdicts.Of(pool.NotKnown); sums.Unjudged != unsure || unsure == 0 || (unsure == verdicts.Pools()) != (because != "") {
			t.Errorf("%q: %d pools summed up, of %d nothing is known, %d connections not judged", because, verdicts.Pools(), unsure, sums.Unjudged)
		}
	}
}
