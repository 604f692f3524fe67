package text

import (
	"strings"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/timeline"
)

// A lane is the drawing of one connection.
type lane struct {
	a     *timeline.Axis
	span  timeline.Span
	c     *report.Connection
	cells []rune
	last  int // column of the last mark placed
	end   int // column after which nothing is drawn
}

// mostMoved is how many columns a mark may move to the right to stay visible
// beside another of the same instant.
const mostMoved = 3

func newLane(a *timeline.Axis, s timeline.Span, c *report.Connection) *lane {
	l := &lane{a: a, span: s, c: c, cells: []rune(strings.Repeat(" ", a.Cols+mostMoved+1)), last: -1}
	start := l.col(c.Start)
	l.end = l.col(s.ClosedAt(c))
	l.fill(start, l.end, '·')
	if c.Handshake != "missed" && c.Handshake != "" {
		done := start
		if rtt := c.ClientToServer.RTT; rtt != nil && rtt.Handshake != nil {
			done = max(start, l.col(c.Start+report.Instant(*rtt.Handshake))-1)
		}
		l.fill(start, done, 'h')
		l.last = done
	}
	for _, t := range c.Judged() {
		l.transaction(t)
	}
	l.close()
	return l
}

func (l *lane) col(t report.Instant) int { return l.a.Col(int64(t - l.span.Zero)) }

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

// transaction draws a request from its first byte to its response's, and the
// response from there to its end.
func (l *lane) transaction(t *report.Transaction) {
	from, to := timeline.Response(t)
	at := l.place(l.col(t.Start), 'r')
	if t.EndPacket == 0 && t.Status == 0 && t.Duration == nil && t.Wait == nil {
		return // not answered
	}
	head := l.col(from)
	l.fill(at, head-1, 'r')
	l.last = max(l.last, min(head-1, l.a.Cols))
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
func (l *lane) couldServe(all []*report.Connection) {
	for _, c := range all {
		b := c.OpenedBecause
		if b == nil || b.Cause != pool.Missed || b.InsteadOf != l.c.ID || c.Start > l.span.ClosedAt(l.c) {
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
		return s + " " + printable.Clean(l.c.Closed.First)
	case "rst":
		return s + " " + printable.Clean(l.c.Closed.First) + " reset"
	case "open":
		return s + " open"
	}
	return s
}
