// Package explain has the words for what a report can say: causes, verdicts,
// findings, and the terms they use, each with its meaning, what it is told by,
// what would refute it and what helps.
//
// It is the one home of these words. Reports take titles, remedies and reasons
// from here, and tcpwarm explain prints the entries. The words of a finding are
// written beside its rule, in package verdict; all others in causes.go,
// verdicts.go, glossary.go, terms.go and problems.go.
package explain
