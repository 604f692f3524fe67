// Package pool judges reuse: it replays all transactions of one client to one authority
// beside an ideal client, and says of every connection why it was opened and whether the
// ideal client would have needed it.
//
// Events of connections come in, those of each client in packet order; decisions (one for
// each used connection) and pools go out. The package knows no packets and no protocols, only
// when requests were sent, when responses ended, and who ended a connection.
//
// What is where:
//
//   - judge.go is what a caller sees; shard.go sorts clients into shards that may be judged
//     side by side.
//   - handle.go takes the events of a connection and makes occupations of them
//     (occupation.go): runs of transactions for which a connection is taken.
//   - key.go says what a pool's key is and finds the pool of a connection; identity.go tells
//     apart the clients behind one address; merge.go makes one pool of two.
//   - replay.go has the ideal client act on the occupations in order of time, with a stack of
//     tokens for its connections (token.go) and those that it lost (loss.go). judgeNew and
//     judgeReuse are where a connection turns out to be needed or avoidable.
//   - cause.go names the causes and has the rule for each avoidable one; decision.go says what
//     a decision rests on, in words.
//   - curve.go replays the same with clients that keep fewer idle connections.
//   - detectors.go lists what is watched beside the ideal client, for findings: idle.go,
//     churn.go, lifetime.go, split.go, status.go; load.go, how requests are spread over
//     connections and addresses.
//   - habits.go is what a client does on all its connections; obey.go, whether it closed for
//     what the server had announced; bound.go, connections that are tied to a user.
//   - pool.go is what came of a pool, summary.go its verdict and why that may not be known,
//     verdicts.go that of all together; evict.go lets settled pools go
//     where there are too many.
package pool
