package text

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/capture/segment"
)

// WriteComparison writes how one report differs from an earlier one, for a
// person at a terminal: the change first, then the numbers beside each other,
// and what differs by authority.
func WriteComparison(w io.Writer, c *compare.Comparison, o Options) error {
	p := newPage(w, o.Width, o.Color)
	p.change(c)
	p.expectations(c.Expectations)
	p.setbacks("before: ", c.Before.Report)
	p.setbacks("after: ", c.After.Report)
	p.line("")
	p.row("", "before", "after")
	for _, r := range ComparisonRows(c) {
		label := r.Label
		if r.Part {
			label = "  " + label
		}
		p.row(label, r.Before, r.After)
	}
	p.authorities(c.Authorities, o)
	return p.flush()
}

func (p *page) change(c *compare.Comparison) {
	word := strings.ToUpper(string(c.Change))
	style := map[compare.Change]style{compare.Better: green, compare.Worse: red, compare.Undecided: yellow}[c.Change]
	p.wrap(word+"   ", len(word)+3, c.Sentence(), mark{word, style})
}

// row writes a label and two values beside each other, below each other where that is too wide.
func (p *page) row(label, before, after string) {
	const labels, values = 26, 22
	width := min(values, (p.width-2-labels-2)/2)
	if max(printable.Columns(label)-labels, printable.Columns(before)-width, printable.Columns(after)-width) > 0 && width < values {
		p.wrap("  ", 4, label)
		p.line(fmt.Sprintf("  %*s%s", labels+1+width-printable.Columns(before), "", before))
		p.line(fmt.Sprintf("  %*s%s", max(0, labels+2+2*width-printable.Columns(after)), "", after))
		return
	}
	p.line(fmt.Sprintf("  %-*s %*s %*s", labels, label, width, before, width, after))
}

// A ComparisonRow is what two reports say of one thing.
type ComparisonRow struct {
	Label, Before, After string
	Part                 bool // of what the row before counts
}

// ComparisonRows returns what a comparison shows beside each other. A number that is 0 in both
// says nothing, and has no row.
func ComparisonRows(c *compare.Comparison) []ComparisonRow {
	b, a := &c.Before.Totals, &c.After.Totals
	rows := []ComparisonRow{{Label: "verdict", Before: label(c.Before.Verdict), After: label(c.After.Verdict)}}
	row := func(label, before, after string) {
		rows = append(rows, ComparisonRow{Label: label, Before: before, After: after})
	}
	numbers := func(label string, before, after int64) bool {
		if before != 0 || after != 0 {
			row(label, strconv.FormatInt(before, 10), strconv.FormatInt(after, 10))
		}
		return before != 0 || after != 0
	}
	numbers("requests", b.Transactions, a.Transactions)
	numbers("on a used connection", b.Reused, a.Reused)
	numbers("connections", b.Used, a.Used)
	row("needed", b.NeededBounds().String(), a.NeededBounds().String())
	numbers("avoidable", b.Avoidable, a.Avoidable)
	for _, cause := range c.Causes {
		if cause.Avoidable() && numbers(name(string(cause)), b.Causes[cause], a.Causes[cause]) {
			rows[len(rows)-1].Part = true
		}
	}
	if was, is := coldCost(&c.Before), coldCost(&c.After); was != is {
		row("handshakes of avoidable", was, is)
	}
	row("cold, warm, cooled", warmths(&c.Before), warmths(&c.After))
	for _, id := range c.Findings {
		numbers(name(id), b.Findings[id], a.Findings[id])
	}
	return rows
}

// coldCost is what the handshakes of the avoidable connections took.
func coldCost(s *compare.Side) string {
	if s.ColdRoundTrips == 0 {
		return "-"
	}
	return segment.Span(s.ColdCost)
}

// warmths counts the transactions by the window they found, and says of how many
// where of some nothing is known.
func warmths(s *compare.Side) string {
	cold, warm, cooled := s.Warmth[report.Cold], s.Warmth[report.Warm], s.Warmth[report.Cooled]
	text := fmt.Sprintf("%d, %d, %d", cold, warm, cooled)
	if cold+warm+cooled < s.Totals.Transactions {
		text += fmt.Sprintf(" of %d", s.Totals.Transactions)
	}
	return text
}

func (p *page) authorities(all []compare.Authority, o Options) {
	if len(all) > 0 {
		p.line("")
	}
	limit := cmp.Or(o.Limit, DefaultLimit)
	for i, a := range all {
		if i == limit && !o.All {
			p.wrap("  ", 4, fmt.Sprintf("and %d more  (--top %d lists them)", len(all)-i, len(all)))
			return
		}
		p.wrap("  ", 4, fmt.Sprintf("%s   avoidable %d before, %d after, of %d and %d connections", a.Label(name),
			a.Before.Avoidable, a.After.Avoidable, a.Before.Used, a.After.Used))
	}
}
