// Package compare holds one report against an earlier one of the same work: a
// client before and after it was mended. What comes out is data, which package
// text shows.
package compare

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
)

// A Change says how one report stands to an earlier one.
type Change string

// The changes. Undecided is where one of the two does not know, had nothing to
// judge, or is of a part only: its command failed, or packets are missing; and where the two
// are not of the same work.
const (
	Better    Change = "better"
	Same      Change = "same"
	Worse     Change = "worse"
	Undecided Change = "undecided"
)

// A Comparison is two reports, and what differs.
type Comparison struct {
	Change        Change
	Why           string // it is undecided, "" where it is not
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
	change, why := changed(before, after)
	return &Comparison{
		Change:      change,
		Why:         why,
		Before:      side(before),
		After:       side(after),
		Causes:      causes(before.Totals.Causes, after.Totals.Causes),
		Findings:    slices.Sorted(maps.Keys(union(before.Totals.Findings, after.Totals.Findings))),
		Authorities: authorities(before, after),
	}
}

// Sentence says what is compared, and where that decides nothing why.
func (c *Comparison) Sentence() string {
	b, a := &c.Before.Totals, &c.After.Totals
	s := fmt.Sprintf("%s for %s before, %d for %s after", plural.Count(b.Avoidable, "avoidable connection"),
		plural.Count(b.Transactions, "request"), a.Avoidable, plural.Count(a.Transactions, "request"))
	if c.Why != "" {
		s += ": " + c.Why
	}
	return s + "."
}

// changed compares the avoidable connections for each request, whatever the
// number of requests. Where they are only bounded, the bounds must not touch.
func changed(before, after *report.Report) (Change, string) {
	b, a := &before.Totals, &after.Totals
	switch {
	case len(before.Setbacks())+len(after.Setbacks()) > 0:
		return Undecided, "a part compares with nothing"
	case b.Transactions == 0 && a.Transactions == 0:
		return Undecided, "neither has requests that were judged"
	case b.Transactions == 0:
		return Undecided, "there were no requests before that were judged"
	case a.Transactions == 0:
		return Undecided, "there are no requests after that were judged"
	case before.Verdict == pool.NotKnown:
		return Undecided, "the verdict before is not known"
	case after.Verdict == pool.NotKnown:
		return Undecided, "the verdict after is not known"
	case strangers(before, after):
		return Undecided, "the two have no server in common, so they are not of the same work"
	}
	was, is := b.AvoidableBounds(), a.AvoidableBounds()
	switch { // a/b < c/d is a*d < c*b
	case is.High*b.Transactions < was.Low*a.Transactions:
		return Better, ""
	case is.Low*b.Transactions > was.High*a.Transactions:
		return Worse, ""
	case is.Low < is.High || was.Low < was.High:
		return Undecided, "how many were avoidable is only bounded, and the bounds meet"
	}
	return Same, ""
}

// strangers reports whether two reports have no server in common, as far as they name theirs: a port
// may change from one run to the next, stand-ins do in each.
func strangers(before, after *report.Report) bool {
	was, all := hosts(before)
	is, too := hosts(after)
	if !all || !too || before.Capture.Redacted || after.Capture.Redacted {
		return false
	}
	for h := range is {
		if was[h] {
			return false
		}
	}
	return true
}

// hosts returns the names of r's servers, and where they have none the addresses, and whether these
// are all: of some pools there may be sums only.
func hosts(r *report.Report) (hosts map[string]bool, all bool) {
	hosts = map[string]bool{}
	pools := r.WorstFirst()
	for _, p := range pools {
		if p.Transactions == 0 {
			continue
		}
		name := p.Authority().Name
		if host, _, err := net.SplitHostPort(name); err == nil {
			name = host
		}
		hosts[name] = true
	}
	var n int64
	for _, k := range r.Totals.Verdicts {
		n += k
	}
	return hosts, len(hosts) > 0 && n <= int64(len(pools))
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
