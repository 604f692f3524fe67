package main

import (
	"slices"
	"testing"

	"tcpwarm/analyze/report/examined"
)

// Of what was played again the rows that are as before are taken, and no others.
func TestExaminedAgain(t *testing.T) {
	of := func(rows ...examinedRow) *examination { return &examination{Scenarios: rows} }
	row := func(name string, connections int64) examinedRow {
		return examinedRow{Scenario: name, Verdict: examined.Passed, Connections: connections}
	}
	before := of(row("a", 1), row("b", 1), row("c", 1))
	e := of(row("a", 2), row("b", 1), row("c", 3), row("new", 1))
	if got := e.others(before); !slices.Equal(got, []string{"a", "c", "new"}) {
		t.Errorf("not as before: %q", got)
	}
	e.takeFrom(of(row("a", 1), row("c", 2), row("new", 2)), before)
	if want := of(row("a", 1), row("b", 1), row("c", 3), row("new", 1)); !slices.Equal(e.Scenarios, want.Scenarios) {
		t.Errorf("after it was played again: %v, want %v", e.Scenarios, want.Scenarios)
	}
}

// A scenario has several outcomes where the client races with itself: one of each verdict that was seen is kept, while
// the client comes out with one of these.
func TestOutcomesOfAnExamination(t *testing.T) {
	of := func(rows ...examinedRow) *examination { return &examination{Scenarios: rows} }
	row := func(name string, verdict examined.Verdict, connections int64) examinedRow {
		return examinedRow{Scenario: name, Verdict: verdict, Connections: connections, Needed: 1, NeededHigh: 1}
	}
	passed, failed := examined.Passed, examined.Failed
	before := of(row("a", passed, 1), row("b", passed, 1), row("gone", passed, 1))
	if got := before.add(of(row("a", failed, 2), row("b", passed, 3))); !slices.Equal(got, []string{"a"}) {
		t.Errorf("another verdict: %q", got)
	}
	if want := of(row("a", passed, 1), row("a", failed, 2), row("b", passed, 1), row("gone", passed, 1)); !slices.Equal(before.Scenarios, want.Scenarios) {
		t.Errorf("outcomes: %v, want %v", before.Scenarios, want.Scenarios)
	}
	e := of(row("a", failed, 3), row("b", passed, 3))
	if got := e.others(before); !slices.Equal(got, []string{"b"}) { // a hangs on a race, b does not
		t.Errorf("not as before: %q", got)
	}
	e.keepOutcomes(before)
	if want := of(row("a", passed, 1), row("a", failed, 2), row("b", passed, 3)); !slices.Equal(e.Scenarios, want.Scenarios) {
		t.Errorf("with the outcomes of before: %v, want %v", e.Scenarios, want.Scenarios)
	}
	e = of(row("a", examined.NotKnown, 0))
	if got := e.others(before); !slices.Equal(got, []string{"a"}) {
		t.Errorf("not as before: %q", got)
	}
	if e.keepOutcomes(before); len(e.Scenarios) != 1 {
		t.Errorf("outcomes of before beside one that is none of them: %v", e.Scenarios)
	}
	for scenario, want := range map[string]string{"a": "1 or **2**/1 ✗", "b": "1", "c": ""} {
		if got := before.cell(scenario); got != want {
			t.Errorf("%s: cell %q, want %q", scenario, got, want)
		}
	}
}
