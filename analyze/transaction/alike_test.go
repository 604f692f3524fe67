package transaction

import "testing"

// Two requests of one client are alike where one is no shorter than three quarters of the
// other.
func TestAlike(t *testing.T) {
	for _, x := range []struct {
		a, b int
		want bool
	}{
		{100, 100, true}, {75, 100, true}, {74, 100, false}, {100, 75, true}, {100, 74, false}, {134, 100, false}, {133, 100, true}, {500, 100, false}, {20, 100, false},
	} {
		if got := alike(x.a, x.b); got != x.want {
			t.Errorf("%d and %d bytes: %v", x.a, x.b, got)
		}
		if alike(x.a, x.b) != alike(x.b, x.a) {
			t.Errorf("%d and %d bytes: it depends on which comes first", x.a, x.b)
		}
	}
}
