package engine

import (
	"cmp"
	"math/rand/v2"
	"testing"

	"tcpwarm/analyze/conn"
	"tcpwarm/capture/segment"
)

// Entries come by packet, however large its number and the range; those of one packet by
// shard, and of one shard as they lie in their list, whichever workers' the lists are.
func TestPacketOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var s packetOrder
	for range 2000 {
		lists, n := make([][]ended, 1+r.IntN(4)), 0
		base, within := r.Int64N(1<<(1+r.IntN(40))), int64(1)<<r.IntN(40)
		for range r.IntN(100) {
			from := segment.Endpoint{Addr: segment.Addr4([]byte{10, 0, byte(r.IntN(256)), byte(r.IntN(256))}), Port: 4000}
			key, _ := segment.MakeKey(from, segment.Endpoint{Addr: segment.Addr4([]byte{10, 1, 0, 0}), Port: 80})
			list := &lists[shardOf(key.Hash())%len(lists)]
			h := &handle{Identity: conn.Identity{Key: key}}
			packet := base + r.Int64N(within)
			for range 1 + r.IntN(3) {
				*list = append(*list, ended{when: packet, handle: h})
				n++
			}
		}
		got := inOrder(&s, lists)
		shard := func(p place) int { return shardOf(lists[p.list][p.index].handle.Key.Hash()) }
		for k := 1; k < len(got); k++ {
			a, b := got[k-1], got[k]
			if cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(shard(a), shard(b)), cmp.Compare(a.index, b.index)) >= 0 {
				t.Fatalf("%v of shard %d before %v of shard %d", a, shard(a), b, shard(b))
			}
		}
		for _, x := range got {
			if lists[x.list][x.index].when != x.when {
				t.Fatalf("%v is %d", x, lists[x.list][x.index].when)
			}
		}
		if len(got) != n {
			t.Fatalf("%d entries of %d", len(got), n)
		}
	}
}
