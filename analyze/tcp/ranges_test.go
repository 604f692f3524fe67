package tcp

import (
	"math/rand/v2"
	"testing"

	"tcpwarm/capture/segment"
)

// A set of numbers is the obvious reference. The numbers wrap around.
func TestRanges(t *testing.T) {
	const base, width = segment.Seq(1<<32 - 100), 200
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var got ranges
		want, start := [width]bool{}, 0
		for step := range 60 {
			from := start + r.IntN(width-start)
			to := from + r.IntN(min(30, width-from)+1)
			a, b := base.Add(from), base.Add(to)
			switch op := r.IntN(8); {
			case op < 4 && from < to:
				got.add(a, b)
				for i := from; i < to; i++ {
					want[i] = true
				}
			case op < 6:
				got.cut(a, b)
				clear(want[from:to])
			case op == 6 && from < start+20:
				start = from
				got.below(a)
				clear(want[:from])
			}
			n, holes := 0, 0
			for i, in := range want {
				if in {
					n++
				} else if i >= start && i < to {
					holes++
				}
				if in != got.covers(base.Add(i)) {
					t.Fatalf("step %d: %d covered: %v", step, i, !in)
				}
			}
			if got.size() != n || got.holes(base.Add(start), b) != holes {
				t.Fatalf("step %d: size %d, want %d; holes %d, want %d", step, got.size(), n, got.holes(base.Add(start), b), holes)
			}
		}
	}
}

// More holes than a set holds are filled, the oldest first.
func TestRangesAreBounded(t *testing.T) {
	var r ranges
	for i := range 2 * maxRanges {
		r.add(segment.Seq(10*i), segment.Seq(10*i+5))
	}
	if len(r.list) != maxRanges || r.list[0].Start != 0 || r.last() != segment.Seq(20*maxRanges-5) {
		t.Errorf("%d ranges from %d to %d", len(r.list), r.list[0].Start, r.last())
	}
}
