package liveview

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/capture/segment"
)

// A line of the screen, and how it looks.
type line struct {
	text string
	look look
}

// A look is a sequence of Select Graphic Rendition (ECMA-48 section 8.3.117).
type look string

// The looks; those that are colours are left out where none are wanted.
const (
	plain   look = ""
	bold    look = "1"
	faint   look = "2"
	chosen  look = "7"
	red     look = "31"
	green   look = "32"
	yellow  look = "33"
	colours      = string(red + green + yellow)
)

// paint writes lines, each cut to width columns, with their looks.
func paint(lines []line, width int, color bool) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		text := printable.Cut(l.text, width)
		if l.look == plain || !color && strings.Contains(colours, string(l.look)) {
			b.WriteString(text)
			continue
		}
		fmt.Fprintf(&b, "\x1b[%sm%s\x1b[m", l.look, text)
	}
	return b.String()
}

// fixed is how many lines the screen has beside pools, lanes and causes.
const fixed = 7

// lines are the screen.
func (m *model) lines() []line {
	s := m.snap
	said := m.said()
	rest := max(0, m.height-fixed-len(said))
	pools := min(max(1, len(s.Pools)), max(2, rest*3/8))
	least := max(2, rest/4)
	if m.beside { // there is little room, and of the causes the lanes tell
		least = 1
	}
	lanes := min(max(1, len(s.Lanes)), rest-pools-least)
	causes := rest - pools - max(0, lanes)
	all := slices.Concat(m.head(), m.table(pools), m.lanes(lanes), m.causes(causes), []line{m.found()}, said)
	for len(all) < m.height-1 {
		all = append(all, line{})
	}
	return append(all[:max(0, min(len(all), m.height-1))], m.foot())
}

// head says what goes on, and how all stands.
func (m *model) head() []line {
	p := &m.snap.Packets
	dropped := "none dropped"
	if p.Dropped > 0 {
		dropped = fmt.Sprintf("%d DROPPED", p.Dropped)
	}
	title := fmt.Sprintf("%s   %s (%d/s), %s", m.title, plural.Count(p.Captured, "packet"), p.PerSecond, dropped)
	if m.paused {
		title = "PAUSED   " + title
	}
	first := line{title, bold}
	if p.Dropped > 0 {
		first.look = red
	}
	t := &m.snap.Sums
	if t.Requests == 0 {
		return []line{first, {"no request so far", faint}}
	}
	said := fmt.Sprintf("%s on %s: ", plural.Count(t.Requests, "request"), plural.Count(t.Opened, "connection"))
	if t.TooMany == 0 {
		return []line{first, {said + "none too many", green}}
	}
	return []line{first, {fmt.Sprintf("%s%d needed, %d too many   %d of %s", said, t.Needed, t.TooMany, t.Bad,
		plural.Count(t.Pools, "pool")), red}}
}

// Widths of a screen from which on the table has further columns.
const (
	withWhy     = 90
	withVerdict = 130
)

// table has a row for each pool, as far as n lines go: the one that is chosen is always among them.
func (m *model) table(n int) []line {
	s := m.snap
	called := "pool"
	if s.More > 0 {
		called = fmt.Sprintf("pool (%d more)", s.More)
	}
	head := fmt.Sprintf("  %8s %7s %8s", "too many", "opened", "requests")
	if m.width >= withWhy {
		head += fmt.Sprintf(" %7s %7s", "needed", "reused")
	}
	name := max(10, m.width-printable.Columns(head)-2)
	switch {
	case m.width >= withVerdict:
		name -= 40
		head += "  " + pad(called, name) + "  " + pad("verdict", 16) + "  why"
	case m.width >= withWhy:
		name -= 22
		head += "  " + pad(called, name) + "  why"
	default:
		head += "  " + called
	}
	lines := []line{{head, faint}}
	if len(s.Pools) == 0 {
		return append(lines, line{"  " + m.nothing(), plain})
	}
	at := m.chosen()
	from := max(0, min(at-n/2, len(s.Pools)-n)) // n is 1 at least
	for i := from; i < min(len(s.Pools), from+n); i++ {
		lines = append(lines, m.row(&s.Pools[i], name, i == at))
	}
	return lines
}

// nothing says why there is no pool to show.
func (m *model) nothing() string {
	if m.filter != "" && m.snap.Sums.Pools > 0 {
		return fmt.Sprintf("none of %s has %q in its name", plural.Count(m.snap.Sums.Pools, "pool"), m.filter)
	}
	return "waiting for requests"
}

func (m *model) row(p *Pool, name int, isChosen bool) line {
	mark := "  "
	if isChosen {
		mark = "> "
	}
	many := "-"
	if p.TooMany > 0 {
		many = fmt.Sprint(p.TooMany)
	}
	text := fmt.Sprintf("%s%8s %7d %8d", mark, many, p.Opened, p.Requests)
	if m.width >= withWhy {
		text += fmt.Sprintf(" %7d %7d", p.Needed, p.Reused)
	}
	text += "  " + pad(printable.Cut(p.Label, name), name)
	if m.width >= withVerdict {
		text += "  " + pad(p.Verdict, 16)
	}
	if m.width >= withWhy {
		text += "  " + p.Why
	}
	l := line{text, plain}
	switch {
	case isChosen:
		l.look = chosen
	case p.TooMany > 0:
		l.look = red
	}
	return l
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-printable.Columns(s))) }

// causes are the latest, as far as n lines go.
func (m *model) causes(n int) []line {
	lines := []line{{"why connections were opened: what is certain, and of the chosen pool what seems so far", faint}}
	list := m.snap.Causes
	if len(list) == 0 {
		return append(lines, line{"  nothing is certain yet", plain})
	}
	for _, c := range list[max(0, len(list)-max(0, n)):] {
		l := line{"  " + c.Text, plain}
		if c.TooMany {
			l.look = red
		}
		lines = append(lines, l)
	}
	return lines
}

// found names the findings.
func (m *model) found() line {
	if len(m.snap.Found) == 0 {
		return line{"found so far: nothing", faint}
	}
	var list []string
	for _, f := range m.snap.Found {
		list = append(list, fmt.Sprintf("%s %d", f.ID, f.Times))
	}
	return line{"found so far: " + strings.Join(list, ", "), yellow}
}

// said is what the command prints: how much, and the last line of it, which may be a question.
func (m *model) said() []line {
	if m.Said == nil {
		return nil
	}
	last, n := m.Said()
	if n == 0 && last == "" {
		return []line{{"the command has printed nothing so far", faint}}
	}
	text := fmt.Sprintf("the command has printed %s, shown afterwards; the last: %s", plural.Count(n, "line"), printable.Clean(last))
	return []line{{text, plain}}
}

// foot names the keys, or is what is typed.
func (m *model) foot() line {
	switch {
	case m.typing:
		return line{fmt.Sprintf("/%s_   Enter keeps the filter, Esc takes it away", m.filter), bold}
	case m.note != "":
		return line{m.note, bold}
	}
	if m.beside {
		return line{"Ctrl-C end    --live always: the whole screen, with keys    --live never: no view", chosen}
	}
	if m.In == nil {
		return line{"Ctrl-C end", chosen}
	}
	ends := "q end"
	if m.Leave != nil {
		ends = "q leave  Ctrl-C end"
	}
	keys := ""
	for _, others := range []string{"↑↓ pool  s sort: " + m.sort.String() + "  / filter  space pause  w save  ",
		"↑↓ pool  s sort  / filter  space pause  w save  ", "s sort  / filter  space pause  w save  "} {
		if keys = others + ends; printable.Columns(keys) <= m.width {
			break
		}
	}
	if m.filter != "" {
		keys = fmt.Sprintf("/%s  Esc all  ", printable.Cut(m.filter, 20)) + keys
	}
	return line{keys, chosen}
}

// longest is how much time lanes show: what is older scrolls out.
const longest = time.Minute

// Columns of a lane beside its time.
const (
	numberColumns = 8
	whyColumns    = 20
	windowColumns = 24
)

// lanes draws the latest of the chosen pool's connections, as far as n lines go.
func (m *model) lanes(n int) []line {
	if n < 1 {
		return nil
	}
	list := m.snap.Lanes
	list = list[max(0, len(list)-n):]
	if len(list) == 0 {
		return pads([]line{{"lanes", faint}}, n)
	}
	beside := numberColumns
	why, window := m.width >= 60, m.width >= withWhy
	if why {
		beside += whyColumns
	}
	if window {
		beside += windowColumns
	}
	t := scale{from: list[0].From, to: m.snap.Now, columns: max(10, m.width-beside-1)}
	for i := range list {
		t.from = min(t.from, list[i].From)
		t.to = max(t.to, list[i].From, list[i].Until)
	}
	t.from = max(t.from, t.to.Add(-longest))
	lines := []line{{fmt.Sprintf("lanes of %s   %s   h handshake r request - busy R answered · idle x closed",
		m.snap.Shown, segment.Span(t.to.Sub(t.from))), faint}}
	if len(m.snap.Lanes) > len(list) {
		lines[0].text = fmt.Sprintf("%d of %d ", len(list), len(m.snap.Lanes)) + lines[0].text
	}
	for i := range list {
		lines = append(lines, t.line(&list[i], why, window))
	}
	return pads(lines, n)
}

// pads makes a header and n lines of lines.
func pads(lines []line, n int) []line {
	for len(lines) < n+1 {
		lines = append(lines, line{})
	}
	return lines
}

// A scale puts instants into columns.
type scale struct {
	from, to segment.Time
	columns  int
}

func (t *scale) column(at segment.Time) int {
	if t.to <= t.from {
		return 0
	}
	return int(float64(at-t.from) / float64(t.to-t.from) * float64(t.columns-1))
}

// marks are drawn over those before them.
const marks = " ·-hrRx"

// line draws a lane.
func (t *scale) line(l *Lane, why, window bool) line {
	cells := []rune(strings.Repeat(" ", t.columns))
	put := func(i int, r rune) {
		if i >= 0 && i < len(cells) && strings.IndexRune(marks, r) > strings.IndexRune(marks, cells[i]) {
			cells[i] = r
		}
	}
	fill := func(from, to segment.Time, r rune) {
		for i := max(0, t.column(from)); i <= min(t.column(to), t.columns-1); i++ {
			put(i, r)
		}
	}
	end := t.to
	if l.Until != 0 {
		end = l.Until
	}
	fill(l.From, end, '·')
	fill(l.From, l.From.Add(l.Handshake), 'h')
	for _, x := range l.Exchanges {
		until := x.End
		if until == 0 {
			until = end
		}
		fill(x.Start, until, '-')
		put(t.column(x.Start), 'r')
		if x.End != 0 {
			put(t.column(x.End), 'R')
		}
	}
	if l.Until != 0 {
		put(t.column(l.Until), 'x')
	}
	text := pad(fmt.Sprintf("#%d", l.ID), numberColumns-1) + " " + string(cells)
	if why {
		text += " " + pad(printable.Cut(besideLane(l), whyColumns-1), whyColumns-1)
	}
	if window {
		text += " " + windowText(l.Window)
	}
	if l.TooMany {
		return line{text, red}
	}
	return line{text, plain}
}

// besideLane says why a connection was opened, and who ended it.
func besideLane(l *Lane) string {
	switch {
	case l.Why != "" && l.EndedBy != "":
		return l.Why + ", x " + l.EndedBy
	case l.EndedBy != "":
		return "x " + l.EndedBy
	}
	return l.Why
}

// bars are the steps of a sparkline.
const bars = "▁▂▃▄▅▆▇█"

// windowText draws how a window grew, and says to how much.
func windowText(list []int) string {
	if len(list) == 0 {
		return ""
	}
	const columns = 12
	most := slices.Max(list)
	levels := []rune(bars)
	cells := make([]rune, 0, columns)
	for i := range min(columns, len(list)) {
		n := min(columns, len(list))
		part := list[i*len(list)/n : max(i*len(list)/n+1, (i+1)*len(list)/n)]
		cells = append(cells, levels[(len(levels)-1)*slices.Max(part)/most])
	}
	return fmt.Sprintf("%s %.1f kB", string(cells), float64(list[len(list)-1])/1000)
}
