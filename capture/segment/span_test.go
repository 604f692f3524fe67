package segment

import (
	"math"
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for _, c := range []struct {
		d        time.Duration
		span, up string
	}{
		{0, "0.00 ms", "0.00 ms"},
		{1, "0.00 ms", "0.01 ms"},
		{114_601, "0.11 ms", "0.12 ms"},
		{2_540 * time.Microsecond, "2.5 ms", "2.6 ms"},
		{24_270 * time.Microsecond, "24 ms", "25 ms"},
		{25 * time.Millisecond, "25 ms", "25 ms"},
		{1_001 * time.Millisecond, "1.00 s", "1.01 s"},
		{9_999 * time.Millisecond, "10.00 s", "10.0 s"},
		{61_230 * time.Millisecond, "61.2 s", "61.3 s"},
		{100_100 * time.Millisecond, "100 s", "101 s"},
	} {
		if got := Span(c.d); got != c.span {
			t.Errorf("%v: %s, want %s", c.d, got, c.span)
		}
		if got := SpanUp(c.d); got != c.up {
			t.Errorf("%v up: %s, want %s", c.d, got, c.up)
		}
	}
	if got := Span(-25 * time.Millisecond); got != "-25 ms" {
		t.Errorf("negative: %s", got)
	}
	Span(math.MinInt64) // of two hostile clocks
}

// A span that reads the same at both ends is said once.
func TestSpanRange(t *testing.T) {
	for want, x := range map[string][2]time.Duration{
		"301 ms":           {301 * time.Millisecond, 301*time.Millisecond + 1},
		"301 ms to 302 ms": {301 * time.Millisecond, 302 * time.Millisecond},
	} {
		if got := SpanRange(x[0], x[1]); got != want {
			t.Errorf("%v: %q, want %q", x, got, want)
		}
	}
}
