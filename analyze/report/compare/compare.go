// Package compare holds one report against an earlier one of the same work: a
// client before and after it was mended. What comes out is data, which package
// text shows.
package compare

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
)

// A Change says how one report stands to an earlier one.
type Change string

// The changes. Undecided is where one of the two does not know, had nothing to
// judge, or is of a part only: its command failed, or packets are missing.
const (
	Better    Change = "better"
	Same      Change = "same"
	Worse     Change = "worse"
	Undecided Change = "undecided"
)

// A Comparison is two reports, and what differs.
type Comparison struct {
	Change        Change
	Before, After Side
	Causes        []pool.Cause // of either, the most frequent first
	Findings      []string     // IDs of either, sorted
	Authorities   []Authority  // with another number of avoidable connections, those that gained the most first
}

// A Side is one of the two reports, with sums over its pools.
type Side struct {
	*report.Report
	ColdRoundTrips int64 // of the handshakes of avoidable connections
	ColdCost       time.Duration
	Warmth         map[report.Warmth]int64 // transactions; of some nothing is known
}

// An Authority is what the connections to one server come to, of all clients.
// It has none where the reports are about one server only.
type Authority struct {
	report.Authority
	Before, After Account
}

// An Account counts connections.
type Account struct{ Used, Avoidable int64 }

// Between compares after with before.
func Between(before, after *report.Report) *Comparison {
	return &Comparison{
		Change:      changed(before, after),
		Before:      side(before),
		After:       side(after),
		Causes:      causes(before.Totals.Causes, after.Totals.Causes),
		Findings:    slices.Sorted(maps.Keys(union(before.Totals.Findings, after.Totals.Findings))),
		Authorities: authorities(before, after),
	}
}

// changed compares the avoidable connections for each request, whatever the
// number of requests. Where they are only bounded, the bounds must not touch.
func changed(before, after *report.Report) Change {
	b, a := &before.Totals, &after.Totals
	if len(before.Setbacks())+len(after.Setbacks()) > 0 { // a part compares with nothing
		return Undecided
	}
	if before.Verdict == pool.NotKnown || after.Verdict == pool.NotKnown || b.Transactions == 0 || a.Transactions == 0 {
		return Undecided
	}
	was, is := b.AvoidableBounds(), a.AvoidableBounds()
	switch { // a/b < c/d is a*d < c*b
	case is.High*b.Transactions < was.Low*a.Transactions:
		return Better
	case is.Low*b.Transactions > was.High*a.Transactions:
		return Worse
	case is.Low < is.High || was.Low < was.High:
		return Undecided
	}
	return Same
}

func side(r *report.Report) Side {
	s := Side{Report: r}
	for _, p := range r.WorstFirst() {
		s.ColdRoundTrips += p.ColdRoundTrips
		if p.ColdCost != nil {
			s.ColdCost += time.Duration(*p.ColdCost)
		}
		s.Warmth = union(s.Warmth, p.Warmth)
	}
	return s
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

// authorities returns those, if there are several, whose avoidable connections
// differ.
func authorities(before, after *report.Report) []Authority {
	all := map[report.Authority]*Authority{}
	of := func(p *report.Pool) *Authority {
		called := p.Authority()
		a := all[called]
		if a == nil {
			a = &Authority{Authority: called}
			all[called] = a
		}
		return a
	}
	for _, p := range before.WorstFirst() {
		of(p).Before.add(p)
	}
	for _, p := range after.WorstFirst() {
		of(p).After.add(p)
	}
	if len(all) < 2 {
		return nil
	}
	gain := func(a *Authority) int64 { return a.After.Avoidable - a.Before.Avoidable }
	maps.DeleteFunc(all, func(_ report.Authority, a *Authority) bool { return gain(a) == 0 })
	keys := slices.SortedFunc(maps.Keys(all), func(x, y report.Authority) int {
		return cmp.Or(
			cmp.Compare(gain(all[y]), gain(all[x])),
			cmp.Compare(x.Name, y.Name),
			cmp.Compare(x.Through, y.Through),
			cmp.Compare(x.Addresses, y.Addresses),
		)
	})
	list := make([]Authority, len(keys))
	for i, k := range keys {
		list[i] = *all[k]
	}
	return list
}

func (a *Account) add(p *report.Pool) {
	a.Used += p.Used
	a.Avoidable += p.Avoidable
}
