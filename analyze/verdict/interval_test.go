package verdict

import (
	"math"
	"testing"
)

// What has no upper bound is said in words.
func TestIntervalsInWords(t *testing.T) {
	for want, i := range map[string]Interval{
		"3": {3, 3}, "1 to 4": {1, 4}, "0.25 to 0.5": {0.25, 0.5}, "2 or more": {2, math.Inf(1)}, "0 or more": {0, math.Inf(1)},
	} {
		if got := i.String(); got != want {
			t.Errorf("%v to %v: %q, want %q", i.Low, i.High, got, want)
		}
	}
}
