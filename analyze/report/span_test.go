package report

import (
	"testing"
	"time"
)

func TestEnough(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                          "0.00 ms",
		1:                          "0.01 ms",
		24_270 * time.Microsecond:  "25 ms",
		25 * time.Millisecond:      "25 ms",
		1_001 * time.Millisecond:   "1.01 s",
		9_999 * time.Millisecond:   "10.0 s",
		100_100 * time.Millisecond: "101 s",
	} {
		if got := enough(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
