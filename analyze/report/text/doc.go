// Package text writes a report for a person at a terminal: the verdict first,
// then a block for each pool, the worst first, and last what could not be seen.
//
//	text.go          what comes after what
//	verdict.go       the first line, and what was expected
//	overview.go      how several pools do, in a table, and what to do about the worst
//	pool.go          a pool's counts; protocol.go, what was spoken and where it was captured
//	lanes.go         the connections and the time over them; lane.go draws one
//	transactions.go  the list of a pool that needed one connection, and its window
//	reasons.go       why connections were opened; findings.go, what else was found
//	footer.go        what was read, and what of it could not be used
//	compare.go       two reports beside each other
//	explain.go       an entry of package explain
//	live.go          a line while a capture goes on
//	page.go          lines of a width; format.go, names and numbers in them
//
// Everything that comes from packets goes through package printable before it is
// measured or written.
package text
