// Package analyze turns captured segments into a report about connections and
// their reuse.
//
// A Source of segments comes in; a *report.Report goes out. The reader takes
// batches of segments and gives each to all workers; a worker owns some of 64
// shards and keeps the connections that hash there; what matters to other
// connections goes as events, batch by batch and in packet order, to the
// collector, which runs the pools and keeps records. One connection's truth never
// needs another connection, so the result does not depend on how many workers
// there are.
//
// Read conn.go first: it is the one place where the order of steps for a segment
// is written.
package analyze
