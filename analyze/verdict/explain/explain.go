package explain

import (
	"slices"
	"strings"

	"tcpwarm/analyze/verdict"
)

// An Entry explains a cause, a verdict, a finding or a term.
type Entry struct {
	ID    string // stable: users put it in scripts
	Kind  Kind
	Title string
	Also  []string // other words that it explains
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
	IsProblem Kind = "problem" // of a capture
)

// entries are all entries in the order in which they are listed.
var entries = all()

func all() []Entry {
	var list []Entry
	for _, causes := range [][]cause{avoidable, needed} {
		for _, c := range causes {
			list = append(list, Entry{ID: string(c.Cause), Kind: IsCause, Title: c.title, Explanation: c.Explanation})
		}
	}
	for _, e := range verdicts {
		e.Kind = IsVerdict
		list = append(list, e)
	}
	for _, f := range verdict.Findings() {
		// A cause may be a finding too: it has one entry, and the finding's words, which say more.
		if i := slices.IndexFunc(list, func(e Entry) bool { return e.ID == f.ID }); i >= 0 {
			list[i].Explanation = *f.Explanation()
			continue
		}
		list = append(list, Entry{ID: f.ID, Kind: IsFinding, Title: f.Title, Explanation: *f.Explanation()})
	}
	for _, e := range slices.Concat(glossary, counted, graded, outcomes, shown) {
		e.Kind = IsTerm
		list = append(list, e)
	}
	for _, e := range problems {
		e.Kind = IsProblem
		list = append(list, e)
	}
	return list
}

// Entries returns all entries: causes, verdicts, findings, terms, then problems.
func Entries() []Entry { return entries }

// Lookup finds the entry of an ID, or the one that explains a word with others. Case, and a
// space or a line for a hyphen, do not matter.
func Lookup(id string) (Entry, bool) {
	id = strings.ToLower(strings.TrimSpace(id))
	id = strings.NewReplacer(" ", "-", "_", "-").Replace(id)
	for _, e := range entries {
		if e.ID == id {
			return e, true
		}
	}
	for _, e := range entries {
		if slices.ContainsFunc(e.Also, func(w string) bool { return strings.ReplaceAll(w, " ", "-") == id }) {
			return e, true
		}
	}
	return Entry{}, false
}

// Words returns all that Lookup finds something for.
func Words() []string {
	var list []string
	for _, e := range entries {
		list = append(append(list, e.ID), e.Also...)
	}
	return list
}
