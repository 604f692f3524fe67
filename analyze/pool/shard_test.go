package pool

import (
	"maps"
	"math/rand/v2"
	"testing"

	"tcpwarm/capture/segment"
)

// What one client does is nothing to another: each comes out as it does alone, though a
// stretch of one is told before what others did at the same time.
func TestClientsAreApart(t *testing.T) {
	const clients = 5
	seeds := uint64(500)
	if testing.Short() {
		seeds = 150
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 2))
		var histories [clients][]step
		var shards [clients]int
		want := map[int64]Cause{}
		for i := range histories {
			h := randomHistory(r)
			for k := range h {
				h[k].conn += int64(i) << 32
				h[k].client.Addr.Lo += uint64(i) // which chooses the shard
			}
			histories[i], shards[i] = h, int(h[0].client.Addr.Lo%ClientShards)
			_, decisions, _ := judge(h, func() bool { return true })
			for conn, d := range decisions {
				want[conn] = d.Cause
			}
		}
		j, got := feed(New(0)), map[int64]Cause{}
		for left := 1; left > 0; {
			left = 0
			for i, h := range histories {
				n := min(1+r.IntN(20), len(h))
				if n == 0 {
					continue
				}
				var now segment.Time
				for k := range h[:n] {
					j.handle(&h[k])
					now = max(now, h[k].Time)
				}
				j.Advance(shards[i], now)
				histories[i] = h[n:]
				left += len(histories[i])
			}
		}
		j.Finish()
		j.Decisions(func(d *Decision) { got[d.Conn] = d.Cause })
		if !maps.Equal(got, want) {
			t.Fatalf("seed %d: %v, alone %v", seed, got, want)
		}
	}
}
