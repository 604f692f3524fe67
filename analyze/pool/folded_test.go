package pool_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// Of pools that are summed up the worst verdict stays, and no worse one comes from nowhere;
// beyond so many, those with avoidable connections are summed up, too.
func TestWorstOfTheSummedUp(t *testing.T) {
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
			handle := func(c *pool.Conn, e pool.Event) {
				packet++
				e.Time, e.Packet, e.Name = now, packet, "a"
				j.Handle(c, &e)
			}
			packet++
			c := j.Open(n%pool.Wards, &pool.Opening{ID: int64(n + 1), Time: now, Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: uint64(n + 1)}, Port: 1}, Server: segment.Endpoint{Port: 80}})
			for k := range int32(2) {
				if k == 0 || x.reuse(n) {
					handle(c, pool.Event{Kind: pool.Requested, N: k + 1})
					handle(c, pool.Event{Kind: pool.Answered, N: k + 1})
				}
			}
			handle(c, pool.Event{Kind: pool.ConnEnded, End: &pool.Ending{}})
			for ward := range pool.Wards {
				j.Advance(ward, now)
			}
			j.Share()
		}
		j.Finish()
		folded, count := j.Folded()
		if count < 50 || int(count)+len(j.Pools()) != 100 || folded.Verdict != x.want || folded.Used != count {
			t.Errorf("%s: %d pools summed up, with %d connections, the worst %s, want %s; %d kept", x.what, count, folded.Used, folded.Verdict, x.want, len(j.Pools()))
		}
	}
}
