// Package verdict turns the facts of connections and pools into findings, and
// holds a user's expectations against what was measured.
//
// A finding is a diagnosis beside the causes for which connections were opened
// (those are package pool's). Each has one file, named after its ID: what it
// watches, when it is found, what would refute it, what helps. The table of all
// is in table.go; the list, the explanations, --forbid and the reports derive
// from it. To add a finding, write its file, add its line to the table, and
// write two scripts under analyze/testdata/story, one where it is found and one
// near miss.
//
//	table.go      the findings, and the forms a rule can have
//	facts.go      what is known of a connection when it has ended: Conn
//	collector.go  applies the rules, counts, and keeps the first of each kind
//	evidence.go   a finding as it was made: Found
//	peers.go      what is held for each pair of client and server, as many as they come
//	recent.go     what is remembered of those seen lately, in a fixed number of places
//	demands.go    what a user demands, and whether it was met; nothing.go, where nothing was judged
//	metrics.go    what is measured for it; server.go, of which pools
//	expect.go     one expectation: METRIC OP VALUE, of an interval
//
// What all causes, verdicts and other words mean is said in package explain.
package verdict
