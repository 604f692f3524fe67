package engine

import (
	"math/rand/v2"
	"testing"
)

// Entries come by packet, however large its number and the range; those of one packet as
// they lie in their list.
func TestPacketOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var s packetOrder
	for range 2000 {
		lists, n := make([][]int64, 1+r.IntN(4)), 0
		base, within := r.Int64N(1<<(1+r.IntN(40))), int64(1)<<r.IntN(40)
		for i := range lists {
			for range r.IntN(30) {
				packet := (base+r.Int64N(within))*int64(len(lists)) + int64(i) // of one list only
				for range 1 + r.IntN(3) {
					lists[i] = append(lists[i], packet)
					n++
				}
			}
		}
		got := inOrder(&s, lists, func(p *int64) int64 { return *p })
		for k := 1; k < len(got); k++ {
			a, b := got[k-1], got[k]
			if a.when > b.when || a.when == b.when && (a.list != b.list || a.index >= b.index) {
				t.Fatalf("%v before %v", a, b)
			}
		}
		for _, x := range got {
			if lists[x.list][x.index] != x.when {
				t.Fatalf("%v is %d", x, lists[x.list][x.index])
			}
		}
		if len(got) != n {
			t.Fatalf("%d entries of %d", len(got), n)
		}
	}
}
