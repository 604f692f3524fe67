package flow

import (
	"math/rand/v2"
	"testing"
)

// The built-in map is the obvious reference.
func TestTableIsAMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var tab Table[uint64]
	want := map[uint64]*uint64{}
	hashOf := func(k uint64) uint64 { return k * 0x9E3779B97F4A7C15 >> 32 & 0x7f } // crowded on purpose
	get := func(k uint64) *uint64 {
		v, at := tab.First(hashOf(k))
		for v != nil && *v != k {
			v, at = tab.Next(hashOf(k), at)
		}
		return v
	}
	for i := range 20_000 {
		k := r.Uint64N(500)
		switch v := want[k]; r.IntN(3) {
		case 0:
			if v == nil {
				tab.Put(hashOf(k), &k)
				want[k] = &k
			}
		case 1:
			if v == nil {
				v = new(uint64) // is not there
			}
			tab.Delete(hashOf(k), v)
			delete(want, k)
		}
		if got := get(k); got != want[k] {
			t.Fatalf("step %d: got %v, want %v", i, got, want[k])
		}
		if tab.Len() != len(want) {
			t.Fatalf("step %d: %d values, want %d", i, tab.Len(), len(want))
		}
	}
	n := 0
	for v := range tab.All {
		if n++; want[*v] != v {
			t.Errorf("%d among all", *v)
		}
	}
	if n != len(want) {
		t.Errorf("all are %d, want %d", n, len(want))
	}
}

// Who looks through all of a table may stop.
func TestAllStops(t *testing.T) {
	var tab Table[int]
	for n := range uint64(5) {
		tab.Put(n, new(int))
	}
	n := 0
	for range tab.All {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d were seen", n)
	}
	var none Table[int]
	none.Delete(7, new(int))
	if v, _ := none.First(7); v != nil || none.Len() != 0 {
		t.Error("an empty one holds something")
	}
}

func TestLookingUpDoesNotAllocate(t *testing.T) {
	var tab Table[int]
	tab.Put(7, new(int))
	tab.Put(7, new(int))
	if n := testing.AllocsPerRun(100, func() {
		_, at := tab.First(7)
		tab.Next(7, at)
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// A table grows when three quarters of it are full, and no sooner.
func TestTableGrowsWhenFull(t *testing.T) {
	var tab Table[int]
	for n := range 1000 {
		before := len(tab.slots)
		tab.Put(uint64(n)*0x9E3779B97F4A7C15, new(int))
		if want := max(16, 2*before); n*4 >= before*3 && len(tab.slots) != want || n*4 < before*3 && len(tab.slots) != before {
			t.Fatalf("%d of %d were full: %d places now", n, before, len(tab.slots))
		}
	}
}
