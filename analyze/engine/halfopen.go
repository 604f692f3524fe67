package engine

import (
	"time"

	"tcpwarm/capture/segment"
)

// A half-open connection, of which nothing but its SYN was seen, is followed like any other while its answer
// is likely to come. Then it rests: what it was followed with serves others, and its SYN is kept, by which it
// resumes with its next segment or at its end. No result depends on whether it has rested.

// restsAfter is how long it is followed where there are few: who sends SYNs takes one for lost
// after that (RFC 6298 section 2.1).
const restsAfter = time.Second

// await has e, which has taken s, wait for what it may wait for.
func (w *worker) await(sh *shard, e *entry, s *segment.Segment) {
	sh.awaitLate(e, s.Time)
	if e.CanRest(s) {
		sh.halfOpen.push(e, s.Time)
		w.restHalfOpen(sh, s.Time)
	}
	w.packQuiet(sh, s.Time)
}

// restHalfOpen has half-open connections rest that have waited long, or are too many.
func (w *worker) restHalfOpen(sh *shard, now segment.Time) {
	l := &sh.halfOpen
	for l.n > w.mostHalfOpen || l.n > 0 && now.Sub(l.since) > restsAfter {
		sh.rest(l.first)
	}
}

// rest has e rest, which waits among the half-open ones.
func (sh *shard) rest(e *entry) {
	sh.halfOpen.remove(e)
	e.rest = e.Rest(&sh.store)
	sh.rests(e)
}
