package engine

import "time"

// Limits bound everything that grows. Each one that is reached is counted and
// shown in the report.
type Limits struct {
	Connections      int // open, or ended and awaiting late segments, at once; beyond it those idle longest are given up
	KeptConnections  int // closed ones kept in full for the report
	KeptTransactions int // likewise; and of those that go on, what one of 64 shards holds
	PendingPerPool   int // events a pool may wait with before it decides with what it knows
	KeptPools        int // pools kept in full
	FindingsPerID    int // findings of one kind kept in full
	HalfOpen         int // half-open connections of which more is kept than their SYNs, about
	Unpacked         int // open connections that are not packed, however long nothing has happened on them, about

	// QuietFor is for how long nothing has happened on a connection that is packed, where there are many.
	QuietFor time.Duration

	// Memory is how many bytes all of it may take together, beside what is read.
	Memory int64
}

// How Memory is shared out, in parts of 32. What is left is for lists on their way between
// workers, and for tables of fixed size.
const (
	liveShare     = 9 // connections that have not ended
	timeWaitShare = 2 // what is remembered of those that have
	keptShare     = 6 // those that are kept for the report
	blamedShare   = 1 // and those of them that are to be read again for evidence
	poolsShare    = 4
	idleShare     = 4 // idle connections of ideal clients
)

// share returns how many bytes so many parts of Memory are.
func (l *Limits) share(parts int64) int64 { return l.Memory / 32 * parts }

func (l *Limits) setDefaults() {
	set := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	set(&l.Connections, 1<<20)
	set(&l.KeptConnections, 50_000)
	set(&l.KeptTransactions, 100_000)
	set(&l.PendingPerPool, 4096)
	set(&l.KeptPools, 10_000)
	set(&l.FindingsPerID, 100)
	set(&l.HalfOpen, 1024)
	set(&l.Unpacked, 8192)
	if l.QuietFor == 0 {
		l.QuietFor = 2 * time.Second
	}
	if l.Memory == 0 {
		l.Memory = DefaultMemory
	}
}

// DefaultMemory is what an analysis may take where nobody says, in bytes.
const DefaultMemory = 256 << 20
