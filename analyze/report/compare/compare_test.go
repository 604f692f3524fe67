package compare

import (
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// What is only bounded is better or worse only if it is whichever it was.
func TestChanged(t *testing.T) {
	of := func(verdict pool.Verdict, requests, avoidable, perhaps, excused int64) *report.Report {
		return &report.Report{Verdict: verdict, Totals: report.Totals{Transactions: requests, Avoidable: avoidable, PerhapsAvoidable: perhaps, PerhapsNeeded: excused}}
	}
	half := of(pool.PartlyReused, 10, 5, 0, 0)
	for _, x := range []struct {
		name  string
		after *report.Report
		want  Change
	}{
		{"fewer", of(pool.PartlyReused, 10, 4, 0, 0), Better},
		{"more", of(pool.PartlyReused, 10, 6, 0, 0), Worse},
		{"as many", of(pool.PartlyReused, 10, 5, 0, 0), Same},
		{"as many for each request", of(pool.PartlyReused, 20, 10, 0, 0), Same},
		{"perhaps as many", of(pool.PartlyReused, 10, 4, 1, 0), Undecided},
		{"fewer, whatever was asked", of(pool.PartlyReused, 10, 3, 1, 0), Better},
		{"more, unless they were told to close", of(pool.PartlyReused, 10, 6, 0, 1), Undecided},
		{"more, though some were told to close", of(pool.PartlyReused, 10, 7, 0, 1), Worse},
		{"not known", of(pool.NotKnown, 10, 0, 0, 0), Undecided},
		{"nothing", of(pool.NoOpportunity, 0, 0, 0, 0), Undecided},
	} {
		if got, why := changed(half, x.after, 0); got != x.want || (why == "") == (got == Undecided) {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

// What differs by the tolerance is the same, what differs by more is not; what is bounded must lie within it whole.
func TestTolerance(t *testing.T) {
	of := func(requests, avoidable, perhaps int64) *report.Report {
		return &report.Report{Verdict: pool.PartlyReused, Totals: report.Totals{Transactions: requests, Avoidable: avoidable, PerhapsAvoidable: perhaps}}
	}
	for _, x := range []struct {
		tolerance string
		after     *report.Report
		want      Change
	}{
		{"10%", of(100, 60, 0), Same},
		{"0.1", of(1000, 400, 0), Same},
		{"10%", of(1000, 601, 0), Worse},
		{"10%", of(1000, 399, 0), Better},
		{"10 %", of(100, 55, 5), Same},
		{"10%", of(100, 55, 6), Undecided},
		{"10%", of(100, 39, 1), Undecided},
		{"0", of(100, 51, 0), Worse},
		{"100%", of(100, 0, 0), Same},
	} {
		tolerance, err := ParseTolerance(x.tolerance)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := changed(of(10, 5, 0), x.after, tolerance); got != x.want {
			t.Errorf("%s, %d avoidable: %s, want %s", x.tolerance, x.after.Totals.Avoidable, got, x.want)
		}
	}
	for _, bad := range []string{"", "%", "-1%", "101%", "1.1", "NaN", "x", "5%%", "Inf"} {
		if got, err := ParseTolerance(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

// A command that failed may have asked for less than its work: neither report says more
// than the other.
func TestChangedWithoutTheWhole(t *testing.T) {
	of := func(avoidable int64) *report.Report {
		return &report.Report{Verdict: pool.PartlyReused, Totals: report.Totals{Transactions: 10, Avoidable: avoidable}}
	}
	for name, set := range map[string]func(*report.Report){
		"command failed": func(r *report.Report) { r.Ran(&report.Command{Exit: 1}) },
		"packets lost":   func(r *report.Report) { r.Lack(segment.Problem{Kind: segment.KernelDropped, Count: 3}) },
	} {
		for _, after := range []int64{0, 5, 9} {
			whole, part := of(5), of(after)
			set(part)
			got, _ := changed(whole, part, 0)
			back, _ := changed(part, whole, 0)
			if got != Undecided || back != Undecided {
				t.Errorf("%s, %d avoidable: %s, and %s the other way", name, after, got, back)
			}
		}
	}
}

// Two reports of other servers are not of the same work: neither is better. A port, or stand-ins, may
// be others in each run.
func TestNothingInCommon(t *testing.T) {
	of := func(avoidable int64, redacted bool, servers ...string) *report.Report {
		r := &report.Report{Verdict: pool.PartlyReused, Totals: report.Totals{Transactions: 10, Avoidable: avoidable}}
		r.Capture.Redacted = redacted
		for i, s := range servers {
			r.Pools = append(r.Pools, &report.Pool{ID: int64(i + 1), Server: []string{s}, Transactions: 5})
		}
		return r
	}
	before := of(5, false, "10.0.0.1:80", "[2001:db8::1]:443")
	more := of(0, false, "10.0.0.9:80")
	more.Totals.Verdicts = map[pool.Verdict]int64{pool.Reused: 2}
	for _, x := range []struct {
		name  string
		after *report.Report
		want  Change
	}{
		{"same", of(0, false, "10.0.0.1:80"), Better},
		{"one of two", of(0, false, "10.0.0.7:80", "[2001:db8::1]:443"), Better},
		{"another port", of(9, false, "10.0.0.1:8080"), Worse},
		{"others", of(0, false, "10.0.0.2:80", "[2001:db8::2]:443"), Undecided},
		{"others, and worse", of(9, false, "10.0.0.2:80"), Undecided},
		{"stand-ins", of(0, true, "10.0.0.2:80"), Better},
		{"of some there are sums only", more, Better},
	} {
		c := Between(before, x.after, 0)
		if c.Change != x.want || strings.Contains(c.Sentence(), "no server in common") != (x.want == Undecided) {
			t.Errorf("%s: %s, want %s; %s", x.name, c.Change, x.want, c.Sentence())
		}
	}
}

// A change is only as sure as what it is of: what is bounded on either side, or may be more, decides only beyond
// its bounds, and of two that do not compare nothing holds or fails.
func TestExpect(t *testing.T) {
	of := func(verdict pool.Verdict, avoidable, perhaps int64) *report.Report {
		return &report.Report{Verdict: verdict, Totals: report.Totals{Transactions: 10, Used: 5, Reused: 5, Avoidable: avoidable, PerhapsAvoidable: perhaps}}
	}
	cut := of(pool.PartlyReused, 3, 0)
	cut.Lack(segment.Problem{Kind: segment.FileCutShort, Count: 1})
	for _, x := range []struct {
		before, after *report.Report
		text          string
		want          verdict.Outcome
	}{
		{of(pool.PartlyReused, 3, 0), of(pool.PartlyReused, 5, 0), "avoidable<=2", verdict.Passed},
		{of(pool.PartlyReused, 3, 0), of(pool.PartlyReused, 5, 0), "avoidable<2", verdict.Failed},
		{of(pool.PartlyReused, 3, 1), of(pool.PartlyReused, 5, 0), "avoidable<=2", verdict.Passed},
		{of(pool.PartlyReused, 3, 1), of(pool.PartlyReused, 5, 0), "avoidable<=1", verdict.Undecided},
		{of(pool.PartlyReused, 3, 0), of(pool.PartlyReused, 5, 1), "avoidable<=2", verdict.Undecided},
		{of(pool.PartlyReused, 3, 0), of(pool.PartlyReused, 5, 1), "avoidable<=1", verdict.Failed},
		{of(pool.PartlyReused, 3, 0), of(pool.NotKnown, 0, 0), "avoidable<=0", verdict.Undecided},
		{of(pool.PartlyReused, 3, 0), of(pool.NotKnown, 0, 0), "connections==0", verdict.Passed},
		{of(pool.PartlyReused, 3, 0), of(pool.NotKnown, 0, 0), "reuse>=0", verdict.Undecided},
		{of(pool.PartlyReused, 3, 0), of(pool.PartlyReused, 3, 0), "reuse==0", verdict.Passed},
		{of(pool.PartlyReused, 3, 0), of(pool.PartlyReused, 3, 0), "warm==0", verdict.Undecided}, // none was told
		{of(pool.PartlyReused, 3, 0), cut, "avoidable<=0", verdict.Undecided},
		{cut, of(pool.PartlyReused, 9, 0), "avoidable<=0", verdict.Undecided},
	} {
		e, err := verdict.ParseExpectation(x.text)
		if err != nil {
			t.Fatal(err)
		}
		c := Between(x.before, x.after, 0)
		if c.Outcome() != "" {
			t.Errorf("nothing is expected: %s", c.Outcome())
		}
		c.Expect([]verdict.Expectation{e})
		if got := c.Outcome(); got != x.want || strings.Contains(c.Expectations[0].Measured, "Inf to") {
			t.Errorf("%s: %s, want %s; %+v", x.text, got, x.want, c.Expectations)
		}
	}
}
