// Package build turns what an analysis has come to into the data of a report: connections
// into records (connection.go) and into what findings need to know of them (facts.go), pools and
// the rest into the whole (report.go). It is the one place where the two meet.
package build
