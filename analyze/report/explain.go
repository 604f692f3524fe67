package report

import (
	"io"
	"strings"
)

// An Entry explains a cause, a verdict, a finding or a word.
type Entry struct {
	ID        string // stable: users put it in scripts
	Kind      Kind
	Title     string
	Meaning   string
	Evidence  string      // what it is told by, in packets
	Remedy    string      // hedged: packets name no library
	Knobs     [][2]string // library, knob
	RefutedBy string
}

// Kind says what an Entry explains. Only causes and findings can be forbidden.
type Kind string

// The kinds.
const (
	IsCause   Kind = "cause"
	IsVerdict Kind = "verdict"
	IsFinding Kind = "finding"
	IsWord    Kind = "word"
)

// tables are all entries in the order of Entries.
var tables = []struct {
	kind    Kind
	entries []Entry
}{
	{IsCause, avoidableCauses},
	{IsCause, neededCauses},
	{IsVerdict, verdicts},
	{IsFinding, diagnoses},
	{IsWord, words},
}

// Entries are all entries: causes, verdicts, findings, then words.
func Entries() []Entry {
	var all []Entry
	for _, t := range tables {
		for _, e := range t.entries {
			e.Kind = t.kind
			all = append(all, e)
		}
	}
	return all
}

// Explain finds the entry of an ID. Case, and a space for a hyphen, do not
// matter.
func Explain(id string) (Entry, bool) {
	id = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(id)), " ", "-")
	for _, t := range tables {
		for _, e := range t.entries {
			if e.ID == id {
				e.Kind = t.kind
				return e, true
			}
		}
	}
	return Entry{}, false
}

// WriteEntry writes e for a terminal of width columns.
func WriteEntry(w io.Writer, e Entry, width int) error {
	p := newPage(w, width, false)
	p.wrap("", 2, e.ID+"   "+e.Title)
	section := func(label, text string) {
		if text != "" {
			p.line("")
			p.wrap("  "+label+strings.Repeat(" ", labelColumns-2-len(label)), labelColumns, text)
		}
	}
	section("meaning", e.Meaning)
	section("evidence", e.Evidence)
	section("refuted if", e.RefutedBy)
	section("remedy", e.Remedy)
	for i, k := range e.Knobs {
		if i == 0 {
			p.line("")
			p.line("  knobs")
		}
		p.wrap("    "+k[0]+strings.Repeat(" ", max(1, 22-columns(k[0]))), 26, k[1])
	}
	return p.flush()
}
