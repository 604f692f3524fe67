package report

import (
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
