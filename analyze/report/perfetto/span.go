package perfetto

import (
	"cmp"
	"slices"

	"tcpwarm/analyze/report"
)

// A span is when a transaction was, and in which of its connection's lanes: slices of one lane do not overlap.
type span struct {
	of             *report.Transaction
	from, head, to report.Instant // head is when the response began
	lane           int
}

// spans returns the transactions of c in order of time, each in the first lane that is free then.
func spans(c *report.Connection) []span {
	var list []span
	for _, x := range c.Judged() {
		s := span{of: x, from: max(x.Start, c.Start)}
		s.head, s.to = s.from, s.from
		if x.Wait != nil {
			s.head += report.Instant(max(0, *x.Wait))
			s.to = s.head
		}
		switch {
		case x.Duration != nil:
			s.to = max(s.to, x.Start+report.Instant(*x.Duration))
			if x.Receive != nil {
				s.head = min(s.to, max(s.from, s.to-report.Instant(*x.Receive)))
			}
		case x.Receive != nil:
			s.to = s.head + report.Instant(max(0, *x.Receive))
		}
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var free []report.Instant // from when on each lane is
	for i := range list {
		s := &list[i]
		s.lane = slices.IndexFunc(free, func(at report.Instant) bool { return at <= s.from })
		if s.lane < 0 {
			s.lane = len(free)
			free = append(free, 0)
		}
		free[s.lane] = s.to
	}
	return list
}

func laneCount(list []span) int {
	n := 1
	for _, s := range list {
		n = max(n, s.lane+1)
	}
	return n
}
