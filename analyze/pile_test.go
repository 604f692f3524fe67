package analyze

import (
	"slices"
	"testing"
)

// A pile holds what was put on it, in order and where it was put, and its pieces serve the
// next.
func TestPile(t *testing.T) {
	var s spare[int]
	a, b := new(pile[int]), new(pile[int])
	for _, n := range []int{0, 1, pieceSize, pieceSize + 1, 3*pieceSize - 1} {
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
		for i, x := range slices.Concat(a.pieces...) {
			if x != i || places[i] != &a.pieces[i/pieceSize][i%pieceSize] {
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
		for range 2 * pieceSize {
			a.next(&s)
		}
		a.clear(&s)
	}); n != 0 {
		t.Errorf("%v allocations where there are spare pieces", n)
	}
}
