// Package report holds what an analysis found, as data, and writes it.
//
// A Report comes in complete; text, JSON, NDJSON and the other forms go out.
// No writer computes: where two writers need a number it belongs in Report. The
// JSON names of the fields are the schema tcpwarm/v1, which changes only by
// additions.
//
// Absent means not known, never zero: a pointer or an omitempty field is left
// out of JSON when nothing is known. Counts are always written.
package report
