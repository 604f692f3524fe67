package main

import (
	"slices"
	"testing"
)

// Of what was played again the rows that are as before are taken, and no others.
func TestExaminedAgain(t *testing.T) {
	of := func(rows ...examinedRow) *examination { return &examination{Scenarios: rows} }
	row := func(name string, connections int64) examinedRow {
		return examinedRow{Scenario: name, Connections: connections}
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
