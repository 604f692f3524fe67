package compare

import (
	"math"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
)

// Expect holds expectations against what metrics have changed by: after less before. They decide then what comes
// of the comparison, unless the two do not compare.
func (c *Comparison) Expect(list []verdict.Expectation) {
	apart := incomparable(c.Before.Report, c.After.Report) != ""
	for _, e := range list {
		was, is := c.Before.measure(e.Metric), c.After.measure(e.Metric)
		by := verdict.Interval{Low: is.Low - was.High, High: is.High - was.Low}
		one := report.Expectation{Text: "change of " + e.String(), Measured: by.String()}
		if by.Low != by.High { // and never "-Inf"
			one.Measured = was.String() + " before, " + is.String() + " after"
		}
		if held, ok := e.Holds(by); ok && !apart {
			one.Held = &held
		}
		c.Expectations = append(c.Expectations, one)
	}
}

// Outcome is what the expectations come to, "" where there are none: failed if any is, passed only if all are.
func (c *Comparison) Outcome() verdict.Outcome {
	if len(c.Expectations) == 0 {
		return ""
	}
	all := verdict.Passed
	for _, e := range c.Expectations {
		switch {
		case e.Held == nil && all != verdict.Failed:
			all = verdict.Undecided
		case e.Held != nil && !*e.Held:
			all = verdict.Failed
		}
	}
	return all
}

// measure is a metric of s, as far as its totals tell: of pools whose requests are not all known, or whose verdict
// is not, they bound it from below.
func (s *Side) measure(metric string) verdict.Interval {
	t := &s.Totals
	i := exactly(0)
	switch metric {
	case "connections":
		return exactly(t.Connections)
	case "unread":
		return exactly(s.Capture.Unread)
	case "unused":
		return exactly(t.Unused)
	case "used":
		i = exactly(t.Used)
	case "transactions":
		i = exactly(t.Transactions)
	case "reused":
		i = exactly(t.Reused)
	case "needed":
		i = between(t.NeededBounds())
	case "avoidable":
		i = between(t.AvoidableBounds())
	case "reuse":
		if s.inexact() || t.Transactions == 0 {
			return verdict.Interval{Low: 0, High: 1}
		}
		return verdict.Exactly(float64(t.Reused) / float64(t.Transactions))
	case "cold", "warm", "cooled":
		i = s.warmth(report.Warmth(metric))
	case "findings":
		i = s.findings()
	}
	if s.inexact() {
		i.High = math.Inf(1)
	}
	return i
}

func exactly(n int64) verdict.Interval { return verdict.Exactly(float64(n)) }

func between(b report.Bounds) verdict.Interval {
	return verdict.Interval{Low: float64(b.Low), High: float64(b.High)}
}

// inexact reports whether there may be more than was counted.
func (s *Side) inexact() bool {
	return s.Totals.Inexact > 0 || s.Totals.Verdicts[pool.NotKnown] > 0 || s.Verdict == pool.NotKnown
}

// warmth counts the transactions that found a window so; of some it may not be known.
func (s *Side) warmth(w report.Warmth) verdict.Interval {
	unknown := s.Totals.Transactions - s.Warmth[report.Cold] - s.Warmth[report.Warm] - s.Warmth[report.Cooled]
	return verdict.Interval{Low: float64(s.Warmth[w]), High: float64(s.Warmth[w] + max(0, unknown))}
}

// findings counts all of them.
func (s *Side) findings() verdict.Interval {
	var n int64
	for _, k := range s.Totals.Findings {
		n += k
	}
	i := exactly(n)
	if len(s.Totals.FindingsAtLeast) > 0 {
		i.High = math.Inf(1)
	}
	return i
}
