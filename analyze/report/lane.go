package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwarm/analyze/pool"
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

// lanes draws the connections of a pool over one time axis, one a line.
func (p *page) lanes(conns []*Connection) {
	drawn := interesting(conns)
	if len(drawn) == 0 {
		return
	}
	zero := drawn[0].Start
	for _, c := range drawn {
		zero = min(zero, c.Start)
	}
	a := newAxis(instants(drawn, zero), min(p.width-laneLabel-laneEnd, laneMost))
	p.line("")
	unit, _ := a.unit()
	p.line(fmt.Sprintf("%8s  %s", unit, a))
	used := map[rune]bool{}
	for _, c := range drawn {
		l := newLane(a, zero, c)
		l.couldServe(drawn)
		for _, r := range l.cells {
			used[r] = true
		}
		p.line(fmt.Sprintf("  #%-*d", laneLabel-3, c.ID)+l.String(), mark{"^", red})
	}
	p.legend(used, len(a.cuts) > 0)
	if n := len(conns) - len(drawn); n > 0 {
		p.line(fmt.Sprintf("%*s%d of %d connections not drawn", laneLabel-1, "", n, len(conns)))
	}
}

// legend explains the marks that occur.
func (p *page) legend(used map[rune]bool, cuts bool) {
	cur := strings.Repeat(" ", laneLabel-1)
	empty := true
	add := func(s string) {
		if !empty && columns(cur)+2+columns(s) > p.width {
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

// interesting picks the connections to draw: those that were avoidable with the
// ones that could have served, those around a server's end, then the others, and
// unused ones last. They come back in order of ID.
func interesting(conns []*Connection) []*Connection {
	if len(conns) <= mostLanes {
		return conns
	}
	byID := make(map[int64]*Connection, len(conns))
	for _, c := range conns {
		byID[c.ID] = c
	}
	var picked []*Connection
	seen := map[int64]bool{}
	pick := func(c *Connection) {
		if c != nil && !seen[c.ID] && len(picked) < mostLanes {
			seen[c.ID] = true
			picked = append(picked, c)
		}
	}
	for _, wanted := range []func(*Connection) bool{
		func(c *Connection) bool { return c.OpenedBecause != nil && c.OpenedBecause.Cause.Avoidable() },
		func(c *Connection) bool { return c.OpenedBecause != nil && explain.Actionable(c.OpenedBecause.Cause) },
		func(c *Connection) bool { return c.TransactionCount > 0 },
		func(c *Connection) bool { return true },
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
	slices.SortFunc(picked, func(a, b *Connection) int { return cmp.Compare(a.ID, b.ID) })
	return picked
}

// instants are the moments at which something is drawn, from zero.
func instants(conns []*Connection, zero Instant) []int64 {
	at := []int64{0}
	for _, c := range conns {
		at = append(at, int64(c.Start-zero), int64(closedAt(c)-zero))
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

// closedAt is when a connection was closed, or last seen.
func closedAt(c *Connection) Instant {
	if c.Closed.At != nil {
		return *c.Closed.At
	}
	return c.End
}

// response is from when to when a response came, as far as it is known.
func response(t *Transaction) (from, to Instant) {
	from, to = t.Start, t.Start
	if t.Wait != nil {
		from += Instant(*t.Wait)
		to = from
	}
	if t.Duration != nil {
		to = max(to, t.Start+Instant(*t.Duration))
		if t.Receive != nil {
			from = max(t.Start, to-Instant(*t.Receive))
		}
	} else if t.Receive != nil {
		to = from + Instant(*t.Receive)
	}
	return from, to
}

// A lane is the drawing of one connection.
type lane struct {
	a     *axis
	zero  Instant
	c     *Connection
	cells []rune
	last  int // column of the last mark placed
	end   int // column after which nothing is drawn
}

// mostMoved is how many columns a mark may move to the right to stay visible
// beside another of the same instant.
const mostMoved = 3

func newLane(a *axis, zero Instant, c *Connection) *lane {
	l := &lane{a: a, zero: zero, c: c, cells: []rune(strings.Repeat(" ", a.cols+mostMoved+1)), last: -1}
	start := l.col(c.Start)
	l.end = l.col(closedAt(c))
	l.fill(start, l.end, '·')
	if c.Handshake != "missed" && c.Handshake != "" {
		done := start
		if rtt := c.ClientToServer.RTT; rtt != nil && rtt.Handshake != nil {
			done = max(start, l.col(c.Start+Instant(*rtt.Handshake))-1)
		}
		l.fill(start, done, 'h')
		l.last = done
	}
	for _, t := range c.Judged() {
		l.exchange(t)
	}
	l.close()
	return l
}

func (l *lane) col(t Instant) int { return l.a.col(int64(t - l.zero)) }

// put draws r at column at unless a mark of higher rank is there.
func (l *lane) put(at int, r rune) {
	if at >= 0 && at < len(l.cells) && rank(r) > rank(l.cells[at]) {
		l.cells[at] = r
	}
}

func (l *lane) fill(from, to int, r rune) {
	for i := from; i <= to; i++ {
		l.put(i, r)
	}
}

// place draws a mark at column at, or up to mostMoved columns to the right of it
// if earlier marks are there. Marks come in order of time.
func (l *lane) place(at int, r rune) int {
	if next := l.last + 1; next > at && next-at <= mostMoved {
		at = next
	}
	l.put(at, r)
	l.last = max(l.last, at)
	return at
}

// exchange draws a request from its first byte to its response's, and the
// response from there to its end.
func (l *lane) exchange(t *Transaction) {
	from, to := response(t)
	at := l.place(l.col(t.Start), 'r')
	if t.EndPacket == 0 && t.Status == 0 && t.Duration == nil && t.Wait == nil {
		return // not answered
	}
	head := l.col(from)
	l.fill(at, head-1, 'r')
	l.last = max(l.last, min(head-1, l.a.cols))
	head = l.place(head, 'R')
	l.fill(head, l.col(to), 'R')
	l.last = max(l.last, l.col(to))
}

// close draws the end, if there was one.
func (l *lane) close() {
	if l.c.Closed.How == "fin" || l.c.Closed.How == "rst" {
		l.end = l.place(l.end, 'x')
	}
	l.end = max(l.end, l.last)
}

// couldServe marks where this lane's connection could have been used instead of
// opening another.
func (l *lane) couldServe(all []*Connection) {
	for _, c := range all {
		b := c.OpenedBecause
		if b == nil || b.Cause != pool.Missed || b.InsteadOf != l.c.ID || c.Start > closedAt(l.c) {
			continue
		}
		l.put(l.col(c.Start), '^')
	}
}

// String is the drawing, with who closed after it.
func (l *lane) String() string {
	s := strings.TrimRight(string(l.cells[:min(l.end+1, len(l.cells))]), " ")
	switch l.c.Closed.How {
	case "fin":
		return s + " " + clean(l.c.Closed.First)
	case "rst":
		return s + " " + clean(l.c.Closed.First) + " reset"
	case "timeout":
		return s + " silent"
	case "open":
		return s + " open"
	}
	return s
}
