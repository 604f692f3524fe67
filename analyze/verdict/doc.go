// Package verdict turns what connections and pools showed into findings with
// their evidence, and holds a user's expectations against what was measured.
//
// Facts of one connection at a time and finished pools come in; findings and
// held expectations go out. The rules are a table: help, documents and reports
// name them from it.
package verdict
