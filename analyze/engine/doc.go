// Package engine decides who runs when, and how long a connection is kept. It reads no flag, no
// sequence number and no window: what a segment is to its connection, package conn says. A SYN's
// fingerprint it compares with those of others (natduplicate.go).
//
// The reader takes batches of segments from a Source and gives each to all workers
// (reader.go, batch.go). A worker owns some of 64 shards (shard.go), feeds the connections that
// hash there (worker.go) and writes down what became of each. That, and what matters to other
// connections, goes batch by batch to the collector, which has the pools judged and keeps
// records (collector.go, judging.go).
//
// Where more connections have ended than are kept, a capture that can be read once more is, in the
// end, for those that the worst pools' blame rests on (evidence.go).
//
// One connection's truth never needs another connection, so the result does not depend on how
// many workers there are; and one client's pools need no other client. So both go through a
// batch piece by piece, shard by shard and client shard by client shard, each in packet order
// (order.go): where there are many connections, to fetch what is known of one costs more than
// to work with it.
package engine
