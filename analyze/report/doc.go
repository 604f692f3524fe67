// Package report holds what an analysis found, as data.
//
//	report.go      the whole: what was read, the totals, the verdict
//	connection.go  a connection; transaction.go, a transaction; half.go, one direction and its window
//	pool.go        a client and a server; finding.go, what was found and what was expected
//	judged.go      what of it is judged, and in which order it is told; bounds.go, counts only bounded
//	units.go       spans and instants; schema.go, the JSON Schema
//
// The JSON names of the fields are the schema tcpwarm/v1, which changes only by
// additions. Absent means not known, never zero: a pointer or an omitempty field
// is left out of JSON when nothing is known. Counts are always written.
//
// Packages below write a report: text, html, jsonreport, junit and github. None of them
// computes: where two need a number it belongs here. Package compare holds two
// reports against each other, timeline places connections in time, growth
// keeps how windows grew for a picture, timesequence what was sent and acknowledged
// for another, printable makes names from packets fit to be shown,
// and reporttest has reports to try writers on. The words for causes, findings and
// verdicts are those of package explain.
package report
