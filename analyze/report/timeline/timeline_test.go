package timeline

import (
	"math"
	"testing"

	"tcpwarm/analyze/report/reporttest"
)

// Whatever the times, columns stay inside, grow with time, and ticks are few.
func FuzzAxis(f *testing.F) {
	f.Add(int64(0), int64(1), int64(2), int64(3), 55)
	f.Add(int64(1e9), int64(60e9), int64(1<<62), int64(7), 35)
	f.Fuzz(func(t *testing.T, x, y, z, w int64, cols int) {
		cols = 2 + (cols&0xff)%100
		times := []int64{0, x & math.MaxInt64, y & math.MaxInt64, z & math.MaxInt64, w & math.MaxInt64}
		a := NewAxis(times, cols)
		if n := len(a.Ticks()); n > (MostCuts+1)*(cols+1) {
			t.Fatalf("%d ticks", n)
		}
		for _, u := range times {
			for _, v := range times {
				cu, cv := a.Col(u), a.Col(v)
				if cu < 0 || cu >= cols {
					t.Fatalf("col(%d) = %d of %d", u, cu, cols)
				}
				if u < v && cu > cv {
					t.Fatalf("col(%d) = %d, col(%d) = %d", u, cu, v, cv)
				}
			}
		}
	})
}

// Of many connections, those with a story are drawn, and the ones they refer to.
func TestChoose(t *testing.T) {
	r := reporttest.Burst()
	const mostLanes = 12
	var ids []int64
	for _, c := range Choose(r.Connections, mostLanes) {
		ids = append(ids, c.ID)
	}
	if len(ids) != mostLanes || ids[0] != 3 || ids[6] != 9 {
		t.Errorf("drawn: %v", ids)
	}
	if got := Choose(r.Connections[:12], mostLanes); len(got) != 12 {
		t.Errorf("%d of 12 drawn", len(got))
	}
}
