package compare

import (
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
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
		if got := changed(half, x.after); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
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
			if got, back := changed(whole, part), changed(part, whole); got != Undecided || back != Undecided {
				t.Errorf("%s, %d avoidable: %s, and %s the other way", name, after, got, back)
			}
		}
	}
}
