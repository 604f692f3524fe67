package text

import (
	"fmt"
	"strconv"
	"strings"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/timeline"
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
	drawn := timeline.Choose(conns, mostLanes)
	if len(drawn) == 0 {
		return
	}
	s := timeline.NewSpan(drawn, until)
	a := timeline.NewAxis(s.Instants(drawn), min(p.width-laneLabel-laneEnd, laneMost))
	p.line("")
	unit, _ := a.Unit()
	p.line(fmt.Sprintf("%8s  %s", unit, axisLine(a)))
	used := map[rune]bool{}
	for _, c := range drawn {
		l := newLane(a, s, c)
		l.couldServe(drawn)
		for _, r := range l.cells {
			used[r] = true
		}
		p.line(fmt.Sprintf("  #%-*d", laneLabel-3, c.ID)+l.String(), mark{"^", red})
	}
	p.legend(used, len(a.Cuts) > 0)
	total = max(total, int64(len(conns)))
	if n := total - int64(len(drawn)); n > 0 {
		p.line(fmt.Sprintf("%*s%d of %d connections not drawn", laneLabel-1, "", n, total))
	}
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

// axisLine is the line of labels. "//" stands in the middle of each cut.
func axisLine(a *timeline.Axis) string {
	row := []byte(strings.Repeat(" ", a.Cols+8))
	_, unit := a.Unit()
	for _, t := range a.Ticks() {
		s := strconv.FormatFloat(float64(t)/float64(unit), 'f', -1, 64)
		put(row, a.Col(t), s)
	}
	for _, s := range a.Cuts {
		put(row, (a.Col(s.From)+a.Col(s.To))/2, "//")
	}
	return strings.TrimRight(string(row), " ")
}

// put writes s at column at if that and a column around it are free.
func put(row []byte, at int, s string) {
	if at+len(s) > len(row) {
		return
	}
	around := row[max(0, at-1):min(len(row), at+len(s)+1)]
	if strings.TrimSpace(string(around)) == "" {
		copy(row[at:], s)
	}
}
