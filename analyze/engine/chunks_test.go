package engine

import (
	"slices"
	"testing"
)

// A chunkedList holds what was put on it, in order and where it was put, and its chunks serve the
// next.
func TestChunkedList(t *testing.T) {
	var s freeList[int]
	a, b := new(chunkedList[int]), new(chunkedList[int])
	for _, n := range []int{0, 1, chunkSize, chunkSize + 1, 3*chunkSize - 1} {
		var places []*int
		for i := range n {
			p := a.next(&s)
			*p = i
			places = append(places, p)
			*b.next(&s) = -i
		}
		if a.len() != n || b.len() != n {
			t.Errorf("%d and %d, want %d", a.len(), b.len(), n)
		}
		for i, x := range slices.Concat(a.chunks...) {
			if x != i || places[i] != &a.chunks[i/chunkSize][i%chunkSize] {
				t.Fatalf("%d of %d is %d, or elsewhere", i, n, x)
			}
		}
		a.clear(&s)
		b.clear(&s)
		if a.len() != 0 {
			t.Errorf("%d after clear", a.len())
		}
	}
	if n := testing.AllocsPerRun(10, func() {
		for range 2 * chunkSize {
			a.next(&s)
		}
		a.clear(&s)
	}); n != 0 {
		t.Errorf("%v allocations where there are spare chunks", n)
	}
}
