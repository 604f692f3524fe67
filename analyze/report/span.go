package report

import (
	"fmt"
	"strconv"
	"time"
)

// span prints a duration with two or three digits that matter.
func span(d time.Duration) string {
	ms := float64(d) / 1e6
	switch {
	case d < 0:
		return "-" + span(-d)
	case d < time.Millisecond:
		return fmt.Sprintf("%.2f ms", ms)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", ms)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", ms)
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// spanOf is span, or "-" for what is not known.
func spanOf(s *Seconds) string {
	if s == nil {
		return "-"
	}
	return span(time.Duration(*s))
}

// count prints n and a noun in the right number: "1 request", "2 requests".
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + plural(noun)
}

func plural(noun string) string {
	if n := len(noun); n > 1 && (noun[n-2:] == "ss" || noun[n-2:] == "sh") {
		return "es"
	}
	return "s"
}

// were is the verb for n things.
func were(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
