package timeline

import (
	"cmp"
	"slices"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict/explain"
)

// Choose picks at most so many the connections to draw: those that were avoidable with the
// ones that could have served, those opened because a server had ended one, then
// the others, and unused ones last. They come back in order of ID.
func Choose(conns []*report.Connection, most int) []*report.Connection {
	if len(conns) <= most {
		return conns
	}
	byID := make(map[int64]*report.Connection, len(conns))
	for _, c := range conns {
		byID[c.ID] = c
	}
	var picked []*report.Connection
	seen := map[int64]bool{}
	pick := func(c *report.Connection) {
		if c != nil && !seen[c.ID] && len(picked) < most {
			seen[c.ID] = true
			picked = append(picked, c)
		}
	}
	for _, wanted := range []func(*report.Connection) bool{
		func(c *report.Connection) bool { return c.OpenedBecause != nil && c.OpenedBecause.Cause.Avoidable() },
		func(c *report.Connection) bool {
			return c.OpenedBecause != nil && explain.Actionable(c.OpenedBecause.Cause)
		},
		func(c *report.Connection) bool { return c.TransactionCount > 0 },
		func(c *report.Connection) bool { return true },
	} {
		for _, c := range conns {
			if wanted(c) {
				if c.OpenedBecause != nil {
					pick(byID[c.OpenedBecause.InsteadOf])
				}
				pick(c)
			}
			if len(picked) == most {
				break
			}
		}
	}
	slices.SortFunc(picked, func(a, b *report.Connection) int { return cmp.Compare(a.ID, b.ID) })
	return picked
}
