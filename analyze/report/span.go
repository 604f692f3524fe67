package report

import (
	"strconv"
	"time"

	"tcpwarm/capture/segment"
)

// spanOf is segment.Span, or "-" for what is not known.
func spanOf(s *Seconds) string {
	if s == nil {
		return "-"
	}
	return segment.Span(time.Duration(*s))
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
