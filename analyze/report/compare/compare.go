// Package compare holds one report against an earlier one of the same work: a
// client before and after it was mended. What comes out is data, which package
// text shows.
package compare

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"net"
	"slices"
	"strconv"
	"strings"
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
	Why           string    // it is undecided, "" where it is not
	Tolerance     Tolerance // by which the two may differ and are the same
	Before, After Side
	Causes        []pool.Cause // of either, the most frequent first
	Findings      []string     // IDs of either, sorted
	Expectations  []report.Expectation
	Authorities   []Authority // with another number of avoidable connections, those that gained the most first
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

// Between compares after with before. What differs by no more than the tolerance is the same.
func Between(before, after *report.Report, tolerance Tolerance) *Comparison {
	change, why := changed(before, after, tolerance)
	return &Comparison{
		Change:      change,
		Why:         why,
		Tolerance:   tolerance,
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
	if c.Tolerance > 0 {
		s += ", with a tolerance of " + c.Tolerance.String() + " of the requests"
	}
	if c.Why != "" {
		s += ": " + c.Why
	}
	return s + "."
}

// A Tolerance is by how many avoidable connections for each million requests two reports may differ and are the
// same.
type Tolerance int64

const (
	perRequest = 1_000_000
	perPercent = perRequest / 100
)

// String returns t in percent.
func (t Tolerance) String() string {
	return strconv.FormatFloat(float64(t)/perPercent, 'f', -1, 64) + " %"
}

// ParseTolerance reads a share of the requests, as 5% or 0.05.
func ParseTolerance(s string) (Tolerance, error) {
	digits, percent := strings.CutSuffix(s, "%")
	share, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, errors.New("must be a share of the requests, such as 5% or 0.05")
	}
	return Tolerance(math.Round(share * perRequest)), nil
}

// changed compares the avoidable connections for each request, whatever the
// number of requests. Where they are only bounded, all of the bounds must be on one side of the tolerance.
func changed(before, after *report.Report, tolerance Tolerance) (Change, string) {
	b, a := &before.Totals, &after.Totals
	why := incomparable(before, after)
	switch {
	case why != "":
		return Undecided, why
	case before.Verdict == pool.NotKnown:
		return Undecided, "the verdict before is not known"
	case after.Verdict == pool.NotKnown:
		return Undecided, "the verdict after is not known"
	}
	was, is := b.AvoidableBounds(), a.AvoidableBounds()
	least, most := gained(is.Low, a, was.High, b), gained(is.High, a, was.Low, b)
	much := big.NewRat(int64(tolerance), perRequest)
	little := new(big.Rat).Neg(much)
	switch {
	case most.Cmp(little) < 0:
		return Better, ""
	case least.Cmp(much) > 0:
		return Worse, ""
	case least.Cmp(little) >= 0 && most.Cmp(much) <= 0:
		return Same, ""
	}
	return Undecided, "how many were avoidable is only bounded, and the bounds meet"
}

// incomparable returns why two reports do not compare, whatever is known of each; "" if they do.
func incomparable(before, after *report.Report) string {
	b, a := &before.Totals, &after.Totals
	switch {
	case len(before.Setbacks())+len(after.Setbacks()) > 0:
		return "a part compares with nothing"
	case b.Transactions == 0 && a.Transactions == 0:
		return cmp.Or(before.Unjudged, after.Unjudged, "neither has requests that were judged")
	case b.Transactions == 0:
		return cmp.Or(of("before", before.Unjudged), "there were no requests before that were judged")
	case a.Transactions == 0:
		return cmp.Or(of("after", after.Unjudged), "there are no requests after that were judged")
	case strangers(before, after):
		return "the two have no server in common, so they are not of the same work"
	}
	return ""
}

// of says which of the two reports why is about, "" if there is nothing to say.
func of(which, why string) string {
	if why == "" {
		return ""
	}
	return which + ": " + why
}

// gained is how many avoidable connections for each request there are more than were.
func gained(is int64, now *report.Totals, was int64, then *report.Totals) *big.Rat {
	return new(big.Rat).Sub(big.NewRat(is, now.Transactions), big.NewRat(was, then.Transactions))
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
