package engine

import "testing"

// Connections may take all of their share as long as pools leave it, however few there are; where pools take more, their part of
// what both take, so that each connection that is given up makes room for both.
func TestLiveShare(t *testing.T) {
	for _, x := range []struct {
		name         string
		taken, pools int
		want         int
	}{
		{"nothing yet", 0, 0, 800_000},
		{"no connection, and little of pools", 0, 3000, 800_000},
		{"few connections, and more of their pools", 1000, 9000, 800_000},
		{"pools leave less than the share", 100_000, 500_000, 500_000},
		{"all is taken", 500_000, 500_000, 500_000},
		{"too much of both", 600_000, 600_000, 500_000},
		{"too much of pools alone", 0, 2_000_000, shards},
	} {
		if got := liveOf(x.taken, x.pools, 800_000, 400_000); got != x.want {
			t.Errorf("%s: %d, want %d", x.name, got, x.want)
		}
	}
}
