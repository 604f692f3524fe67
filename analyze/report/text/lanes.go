package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/verdict/explain"
)

// mostLanes is how many connections of a pool are drawn.
const mostLanes = 12

// Columns beside the drawing.
const (
	laneLabel = 10 // "  #12     "
	laneEnd   = 16 // " server reset", and marks that had to move
	laneMost  = 100
)

// lanes draws the connections of a pool over one time axis, one a line. Of a
// pool of which none was kept in full, nothing is drawn. total is how many were used.
func (p *page) lanes(conns []*report.Connection, total int64, until report.Instant) {
	drawn := chooseLanes(conns)
	if len(drawn) == 0 {
		return
	}
	s := span{drawn[0].Start, until}
	for _, c := range drawn {
		s.zero = min(s.zero, c.Start)
	}
	a := newAxis(instants(drawn, s), min(p.width-laneLabel-laneEnd, laneMost))
	p.line("")
	unit, _ := a.unit()
	p.line(fmt.Sprintf("%8s  %s", unit, a))
	used := map[rune]bool{}
	for _, c := range drawn {
		l := newLane(a, s, c)
		l.couldServe(drawn)
		for _, r := range l.cells {
			used[r] = true
		}
		p.line(fmt.Sprintf("  #%-*d", laneLabel-3, c.ID)+l.String(), mark{"^", red})
	}
	p.legend(used, len(a.cuts) > 0)
	total = max(total, int64(len(conns)))
	if n := total - int64(len(drawn)); n > 0 {
		p.line(fmt.Sprintf("%*s%d of %d connections not drawn", laneLabel-1, "", n, total))
	}
}

// chooseLanes picks the connections to draw: those that were avoidable with the
// ones that could have served, those opened because a server had ended one, then
// the others, and unused ones last. They come back in order of ID.
func chooseLanes(conns []*report.Connection) []*report.Connection {
	if len(conns) <= mostLanes {
		return conns
	}
	byID := make(map[int64]*report.Connection, len(conns))
	for _, c := range conns {
		byID[c.ID] = c
	}
	var picked []*report.Connection
	seen := map[int64]bool{}
	pick := func(c *report.Connection) {
		if c != nil && !seen[c.ID] && len(picked) < mostLanes {
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
			if len(picked) == mostLanes {
				break
			}
		}
	}
	slices.SortFunc(picked, func(a, b *report.Connection) int { return cmp.Compare(a.ID, b.ID) })
	return picked
}

// instants are the moments at which something is drawn, from the begin of s.
func instants(conns []*report.Connection, s span) []int64 {
	zero := s.zero
	at := []int64{0}
	for _, c := range conns {
		at = append(at, int64(c.Start-zero), int64(s.closedAt(c)-zero))
		for _, t := range c.Judged() {
			from, to := response(t)
			at = append(at, int64(t.Start-zero), int64(from-zero), int64(to-zero))
		}
	}
	for i := range at {
		at[i] = max(at[i], 0)
	}
	return at
}

// legend explains the marks that occur.
func (p *page) legend(used map[rune]bool, cuts bool) {
	cur := strings.Repeat(" ", laneLabel-1)
	empty := true
	add := func(s string) {
		if !empty && printable.Columns(cur)+2+printable.Columns(s) > p.width {
			p.line(cur)
			cur, empty = strings.Repeat(" ", laneLabel-1), true
		}
		if !empty {
			cur += "  "
		}
		cur, empty = cur+s, false
	}
	for _, m := range marks {
		if used[m.r] {
			add(string(m.r) + " " + m.meaning)
		}
	}
	if cuts {
		add("// time cut out")
	}
	p.line(cur)
}

// marks in the order in which the legend explains them. Of two in one column
// the one with the higher rank is drawn.
var marks = []struct {
	r       rune
	rank    int
	meaning string
}{
	{'h', 4, "handshake"},
	{'r', 6, "request"},
	{'R', 5, "response"},
	{'·', 1, "open, idle"},
	{'^', 2, "could have been used"},
	{'x', 3, "closed"},
}

func rank(r rune) int {
	for _, m := range marks {
		if m.r == r {
			return m.rank
		}
	}
	return 0
}
