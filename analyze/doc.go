// Package analyze turns captured segments into a report about connections and
// their reuse.
//
// A Source of segments comes in; a *report.Report goes out. The reader takes
// batches of segments and gives each to all workers; a worker owns some of 64
// shards, keeps the connections that hash there and writes down what became of each;
// that, and what matters to other connections, goes as mail, batch by batch, to the
// collector, which runs the pools and keeps the records. One connection's truth never
// needs another connection, so the result does not depend on how many workers there
// are; and one client's pools need no other client. So both go through a batch piece by piece, shard by shard
// and ward by ward, each in packet order: where there are many connections, to
// fetch what is known of one costs more than to work with it. Shards and wards are
// shared out to as many goroutines as there are workers.
//
// Read conn.go first: it is the one place where the order of steps for a segment
// is written.
package analyze
