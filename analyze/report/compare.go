package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// A Change says how one report stands to an earlier one of the same work.
type Change string

// The changes. Undecided is where one of the two does not know, or had nothing to judge.
const (
	Better    Change = "better"
	Same      Change = "same"
	Worse     Change = "worse"
	Undecided Change = "undecided"
)

// changed compares the avoidable connections for each request, whatever the number of
// requests. Where they are only bounded, the bounds must not touch.
func changed(before, after *Report) Change {
	b, a := &before.Totals, &after.Totals
	if len(before.Capture.lacking())+len(after.Capture.lacking()) > 0 { // a part compares with nothing
		return Undecided
	}
	if before.Verdict == pool.NotKnown || after.Verdict == pool.NotKnown || b.Transactions == 0 || a.Transactions == 0 {
		return Undecided
	}
	// a/b < c/d is a*d < c*b.
	aLow, aHigh := a.avoidable()
	bLow, bHigh := b.avoidable()
	switch {
	case aHigh*b.Transactions < bLow*a.Transactions:
		return Better
	case aLow*b.Transactions > bHigh*a.Transactions:
		return Worse
	case aLow < aHigh || bLow < bHigh:
		return Undecided
	}
	return Same
}

// avoidable returns how many connections were avoidable, at least and at most.
func (t *Totals) avoidable() (low, high int64) {
	return t.Avoidable - t.Excused, t.Avoidable + t.Perhaps
}

// Compare writes how after differs from before, for a person at a terminal: the change
// first, then the numbers beside each other, and what differs by authority. It returns
// the change.
func Compare(w io.Writer, before, after *Report, o TextOptions) (Change, error) {
	p := newPage(w, o.Width, o.Color)
	change := changed(before, after)
	p.change(change, before, after)
	p.setbacks("before: ", before)
	p.setbacks("after: ", after)
	p.line("")
	p.row("", "before", "after")
	p.row("verdict", label(before.Verdict), label(after.Verdict))
	b, a := &before.Totals, &after.Totals
	p.numbers("requests", b.Transactions, a.Transactions)
	p.numbers("on a used connection", b.Reused, a.Reused)
	p.numbers("connections", b.Used, a.Used)
	p.row("needed", needed(b.Needed, b.Perhaps, b.Excused), needed(a.Needed, a.Perhaps, a.Excused))
	p.numbers("avoidable", b.Avoidable, a.Avoidable)
	for _, c := range causes(b.Causes, a.Causes) {
		if c.Avoidable() {
			p.numbers("  "+name(string(c)), b.Causes[c], a.Causes[c])
		}
	}
	if was, is := coldCost(before), coldCost(after); was != is {
		p.row("handshakes of avoidable", was, is)
	}
	p.row("cold, warm, cooled", warmths(before), warmths(after))
	for _, id := range slices.Sorted(maps.Keys(union(b.Findings, a.Findings))) {
		p.numbers(name(id), b.Findings[id], a.Findings[id])
	}
	p.authorities(before, after)
	return change, p.flush()
}

func (p *page) change(c Change, before, after *Report) {
	b, a := &before.Totals, &after.Totals
	word, st := strings.ToUpper(string(c)), map[Change]style{Better: green, Worse: red, Undecided: yellow}[c]
	text := fmt.Sprintf("%s for %s before, %d for %s after.", count(b.Avoidable, "avoidable connection"), count(b.Transactions, "request"), a.Avoidable, count(a.Transactions, "request"))
	p.wrap(word+"   ", len(word)+3, text, mark{word, st})
}

// row writes a label and two values beside each other.
func (p *page) row(label, before, after string) {
	p.line(fmt.Sprintf("  %-26s %22s %22s", label, before, after))
}

// numbers writes a row of numbers; one that is 0 in both says nothing.
func (p *page) numbers(label string, before, after int64) {
	if before != 0 || after != 0 {
		p.row(label, fmt.Sprint(before), fmt.Sprint(after))
	}
}

// causes returns those of either report, the most frequent first.
func causes(before, after map[pool.Cause]int64) []pool.Cause {
	all := union(before, after)
	return slices.SortedFunc(maps.Keys(all), func(x, y pool.Cause) int {
		return cmp.Or(cmp.Compare(all[y], all[x]), cmp.Compare(x, y))
	})
}

// union adds two maps.
func union[K comparable](a, b map[K]int64) map[K]int64 {
	sum := map[K]int64{}
	for _, m := range []map[K]int64{a, b} {
		for k, n := range m {
			sum[k] += n
		}
	}
	return sum
}

// coldCost is what the handshakes of the avoidable connections took.
func coldCost(r *Report) string {
	var trips int64
	var took time.Duration
	for _, pl := range r.Pools {
		trips += pl.ColdRoundTrips
		if pl.ColdCost != nil {
			took += time.Duration(*pl.ColdCost)
		}
	}
	if trips == 0 {
		return "-"
	}
	return segment.Span(took)
}

// warmths counts the transactions by the window they found. Of some nothing is known.
func warmths(r *Report) string {
	var n map[Warmth]int64
	for _, pl := range r.Pools {
		n = union(n, pl.Warmth)
	}
	text := fmt.Sprintf("%d, %d, %d", n[Cold], n[Warm], n[Cooled])
	if n[Cold]+n[Warm]+n[Cooled] < r.Totals.Transactions {
		text += fmt.Sprintf(" of %d", r.Totals.Transactions)
	}
	return text
}

// An account is what the connections to one authority come to, of all clients.
type account struct{ used, avoidable int64 }

func accounts(r *Report) map[string]account {
	all := map[string]account{}
	for _, pl := range r.Pools {
		who := authority(pl)
		x := all[who]
		all[who] = account{x.used + pl.Used, x.avoidable + pl.Avoidable}
	}
	return all
}

// mostAuthorities bounds what is shown.
const mostAuthorities = 20

// authorities writes those, if there are several, whose avoidable connections differ:
// those that gained the most first.
func (p *page) authorities(before, after *Report) {
	was, is := accounts(before), accounts(after)
	names := maps.Clone(was)
	maps.Copy(names, is)
	if len(names) < 2 {
		return
	}
	gain := func(who string) int64 { return is[who].avoidable - was[who].avoidable }
	maps.DeleteFunc(names, func(who string, _ account) bool { return gain(who) == 0 })
	sorted := slices.SortedFunc(maps.Keys(names), func(x, y string) int {
		return cmp.Or(cmp.Compare(gain(y), gain(x)), cmp.Compare(x, y))
	})
	if len(sorted) > 0 {
		p.line("")
	}
	for i, who := range sorted {
		if i == mostAuthorities {
			p.line(fmt.Sprintf("  and %d more", len(sorted)-i))
			return
		}
		p.wrap("  ", 4, fmt.Sprintf("%s   avoidable %d before, %d after, of %d and %d connections", who,
			was[who].avoidable, is[who].avoidable, was[who].used, is[who].used))
	}
}
