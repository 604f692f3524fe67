package timeline

import "tcpwarm/analyze/report"

// A Span is the time that lanes are drawn in.
type Span struct{ Zero, Until report.Instant }

// NewSpan is the time from the first of conns, of which there are some, to when the capture ended.
func NewSpan(conns []*report.Connection, until report.Instant) Span {
	s := Span{conns[0].Start, until}
	for _, c := range conns {
		s.Zero = min(s.Zero, c.Start)
	}
	return s
}

// Instants are the moments at which something is drawn, from the begin of s.
func (s Span) Instants(conns []*report.Connection) []int64 {
	zero := s.Zero
	at := []int64{0}
	for _, c := range conns {
		at = append(at, int64(c.Start-zero), int64(s.ClosedAt(c)-zero))
		for _, t := range c.Judged() {
			from, to := Response(t)
			at = append(at, int64(t.Start-zero), int64(from-zero), int64(to-zero))
		}
	}
	for i := range at {
		at[i] = max(at[i], 0)
	}
	return at
}

// ClosedAt is when a connection was closed, or last seen; one that nobody closed is open until the end.
func (s Span) ClosedAt(c *report.Connection) report.Instant {
	switch {
	case c.Closed.At != nil:
		return *c.Closed.At
	case c.Closed.How == "open":
		return max(c.End, s.Until)
	}
	return c.End
}

// Response is from when to when a response came, as far as it is known.
func Response(t *report.Transaction) (from, to report.Instant) {
	from, to = t.Start, t.Start
	if t.Wait != nil {
		from += report.Instant(*t.Wait)
		to = from
	}
	if t.Duration != nil {
		to = max(to, t.Start+report.Instant(*t.Duration))
		if t.Receive != nil {
			from = max(t.Start, to-report.Instant(*t.Receive))
		}
	} else if t.Receive != nil {
		to = from + report.Instant(*t.Receive)
	}
	return from, to
}
