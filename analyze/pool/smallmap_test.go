package pool

import (
	"math/rand/v2"
	"testing"
)

// The built-in map is the obvious reference, about the size at which a smallMap becomes one.
func TestSmallMapIsAMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var x smallMap[int, int]
		want := map[int]int{}
		for step := range 400 {
			switch k := r.IntN(2*few + 1); r.IntN(5) {
			case 0, 1:
				x.put(k, step)
				want[k] = step
			case 2, 3:
				x.delete(k)
				delete(want, k)
			default:
				if r.IntN(100) == 0 {
					x.reset()
					clear(want)
				}
			}
			if x.len() != len(want) {
				t.Fatalf("step %d: %d entries, want %d", step, x.len(), len(want))
			}
			for k := range 2*few + 1 {
				if x.get(k) != want[k] {
					t.Fatalf("step %d: %d is %d, want %d", step, k, x.get(k), want[k])
				}
			}
		}
	}
}

// With few entries nothing is allocated but where they outgrow their room; a map, once it is
// there, stays until it is empty.
func TestSmallMapIsSmall(t *testing.T) {
	var x smallMap[int, int]
	for k := range few {
		x.put(k, k)
	}
	if x.many != nil {
		t.Errorf("%d entries are a map", few)
	}
	x.put(few, few)
	if x.many == nil || x.few != nil {
		t.Errorf("%d entries are a list", few+1)
	}
	for k := range few {
		x.delete(k)
		if x.many == nil {
			t.Fatalf("the map went with %d entries left", few-k)
		}
	}
	if x.delete(few); x.many != nil {
		t.Error("a map of nothing")
	}
}
