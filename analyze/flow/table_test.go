package flow

import (
	"math/rand/v2"
	"testing"

	"tcpwarm/capture/segment"
)

func key(n uint64) segment.Key {
	k, _ := segment.MakeKey(
		segment.Endpoint{Addr: segment.Addr{Lo: n}, Port: uint16(n)},
		segment.Endpoint{Addr: segment.Addr{Lo: 1 << 40}, Port: 80})
	return k
}

// The built-in map is the obvious reference.
func TestTableIsAMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var tab Table[int]
	want := map[segment.Key]*int{}
	for i := range 200_000 {
		k := key(r.Uint64N(2000))
		h := k.Hash() & 0xff // crowded on purpose
		switch r.IntN(3) {
		case 0:
			v := i
			tab.Put(k, h, &v)
			want[k] = &v
		case 1:
			tab.Delete(k, h)
			delete(want, k)
		}
		if got := tab.Get(&k, h); got != want[k] {
			t.Fatalf("step %d: got %v, want %v", i, got, want[k])
		}
		if tab.Len() != len(want) {
			t.Fatalf("step %d: %d keys, want %d", i, tab.Len(), len(want))
		}
	}
}

func TestGetDoesNotAllocate(t *testing.T) {
	var tab Table[int]
	k := key(7)
	tab.Put(k, k.Hash(), new(int))
	if n := testing.AllocsPerRun(100, func() { tab.Get(&k, k.Hash()) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// A table grows when three quarters of it are full, and no sooner.
func TestTableGrowsWhenFull(t *testing.T) {
	var tab Table[int]
	for n := range 1000 {
		before := len(tab.slots)
		tab.Put(key(uint64(n)), key(uint64(n)).Hash(), new(int))
		if want := max(16, 2*before); n*4 >= before*3 && len(tab.slots) != want || n*4 < before*3 && len(tab.slots) != before {
			t.Fatalf("%d of %d were full: %d places now", n, before, len(tab.slots))
		}
	}
}
