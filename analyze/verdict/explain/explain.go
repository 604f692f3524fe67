package explain

import (
	"strings"

	"tcpwarm/analyze/verdict"
)

// An Entry explains a cause, a verdict, a finding or a term.
type Entry struct {
	ID    string // stable: users put it in scripts
	Kind  Kind
	Title string
	verdict.Explanation
}

// Kind says what an Entry explains.
type Kind string

// The kinds. Only causes and findings can be forbidden.
const (
	IsCause   Kind = "cause"
	IsVerdict Kind = "verdict"
	IsFinding Kind = "finding"
	IsTerm    Kind = "term"
)

// entries are all entries in the order in which they are listed.
var entries = all()

func all() []Entry {
	var list []Entry
	for _, causes := range [][]cause{avoidable, needed} {
		for _, c := range causes {
			list = append(list, Entry{string(c.Cause), IsCause, c.title, c.Explanation})
		}
	}
	for _, e := range verdicts {
		e.Kind = IsVerdict
		list = append(list, e)
	}
	for _, f := range verdict.Findings() {
		list = append(list, Entry{f.ID, IsFinding, f.Title, *f.Explanation()})
	}
	for _, e := range glossary {
		e.Kind = IsTerm
		list = append(list, e)
	}
	return list
}

// Entries returns all entries: causes, verdicts, findings, then terms.
func Entries() []Entry { return entries }

// Lookup finds the entry of an ID. Case, and a space for a hyphen, do not
// matter.
func Lookup(id string) (Entry, bool) {
	id = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(id)), " ", "-")
	for _, e := range entries {
		if e.ID == id {
			return e, true
		}
	}
	return Entry{}, false
}
