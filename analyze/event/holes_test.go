package event

import "testing"

// Of several holes it is said between which packets all lie; of none, nothing.
func TestHolesAdd(t *testing.T) {
	for _, x := range []struct{ a, b, want Holes }{
		{Holes{}, Holes{}, Holes{}},
		{Holes{}, Holes{3, 5}, Holes{3, 5}},
		{Holes{3, 5}, Holes{}, Holes{3, 5}},
		{Holes{3, 5}, Holes{7, 9}, Holes{3, 9}},
		{Holes{7, 9}, Holes{3, 5}, Holes{3, 9}},
		{Holes{3, 9}, Holes{4, 5}, Holes{3, 9}},
		{Holes{0, 2}, Holes{4, 5}, Holes{0, 5}},
	} {
		if x.a.Add(x.b); x.a != x.want {
			t.Errorf("with %v it is %v, want %v", x.b, x.a, x.want)
		}
	}
}

// A hole is between two packets if a part of it is; what ends in it ends with the packet behind it.
func TestHolesBetween(t *testing.T) {
	h := Holes{After: 3, Before: 5}
	for _, x := range []struct {
		from, to int64
		want     bool
	}{{1, 3, false}, {1, 4, true}, {5, 9, true}, {6, 9, false}, {3, 5, true}} {
		if got := h.Between(x.from, x.to); got != x.want {
			t.Errorf("between %d and %d: %v", x.from, x.to, got)
		}
	}
	if (Holes{}).Between(0, 9) {
		t.Error("there are none")
	}
}
