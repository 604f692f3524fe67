package segment

import (
	"fmt"
	"time"
)

// spans say how Span prints what is shorter than below: in units, to a last digit.
var spans = [...]struct {
	below, unit, digit time.Duration
	format             string
}{
	{time.Millisecond, time.Millisecond, 10 * time.Microsecond, "%.2f ms"},
	{10 * time.Millisecond, time.Millisecond, 100 * time.Microsecond, "%.1f ms"},
	{time.Second, time.Millisecond, time.Millisecond, "%.0f ms"},
	{10 * time.Second, time.Second, 10 * time.Millisecond, "%.2f s"},
	{100 * time.Second, time.Second, 100 * time.Millisecond, "%.1f s"},
	{1<<63 - 1, time.Second, time.Second, "%.0f s"},
}

// Span prints a duration with two or three digits that matter: 2.5 ms, 25 ms, 2.50 s.
func Span(d time.Duration) string {
	if d < 0 {
		return "-" + Span(max(0, -d)) // the least has no opposite
	}
	i := row(d)
	return fmt.Sprintf(spans[i].format, float64(d)/float64(spans[i].unit))
}

// SpanUp is Span rounded up: a timeout of that length is long enough. d is not negative.
func SpanUp(d time.Duration) string {
	digit := spans[row(d)].digit
	return Span((d + digit - 1) / digit * digit)
}

func row(d time.Duration) int {
	i := 0
	for d >= spans[i].below && i < len(spans)-1 {
		i++
	}
	return i
}

// SpanRange prints durations from one to another; where they read the same, once.
func SpanRange(from, to time.Duration) string {
	least, most := Span(from), Span(to)
	if least == most {
		return least
	}
	return least + " to " + most
}
