package text

import (
	"fmt"
	"strings"
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/capture/segment"
)

// name makes a name from a packet fit to stand inside a line.
func name(s string) string { return printable.Cut(printable.Clean(s), 60) }

// mostStated is how many columns of a statement are shown: a target in it may be
// of any length. JSON has it whole.
const mostStated = 600

// statement makes a sentence fit to be shown that may have a name from a packet
// in it.
func statement(s string) string { return printable.Cut(printable.Clean(s), mostStated) }

// spanOf is segment.Span, or "-" for what is not known.
func spanOf(s *report.Seconds) string {
	if s == nil {
		return "-"
	}
	return segment.Span(time.Duration(*s))
}

// packets lists packet numbers, at most eight.
func packets(ns []int64) string {
	if len(ns) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("packet")
	if len(ns) > 1 {
		b.WriteString("s")
	}
	for i, n := range ns {
		if i == 8 {
			fmt.Fprintf(&b, " and %d more", len(ns)-i)
			break
		}
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %d", n)
	}
	return b.String()
}
