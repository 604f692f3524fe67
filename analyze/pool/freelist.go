package pool

// Where many clients come and go, what is over serves again: to begin each in
// fresh memory costs more than to judge it.
type freeLists struct {
	occupations    freeList[occupation] // over and judged
	decisions      freeList[Decision]   // no longer used
	pools          freeList[Pool]       // folded, and nothing points to them
	conns          freeList[Conn]       // likewise
	clientServers  freeList[clientServer]
	clients        freeList[client]
	unusedConns    freeList[unusedConns] // empty
	closes         freeList[Closes]
	lifetimes      freeList[Lifetimes]
	statuses       freeList[Statuses]
	keepingClients freeList[keepingClients]
}

// A list holds what is spare. It is as long as there once was use for it.
type freeList[T any] []*T

// get returns one to be overwritten.
func (l *freeList[T]) get() *T {
	n := len(*l) - 1
	if n < 0 {
		return new(T)
	}
	x := (*l)[n]
	*l = (*l)[:n]
	return x
}

// put takes x back, if it is anything.
func (l *freeList[T]) put(x *T) {
	if x != nil {
		*l = append(*l, x)
	}
}

// recycle takes back a folded pool, with its connection if it had only one. A dirty
// one waits for Advance.
func (w *clientShard) recycle(p *Pool) {
	if p.dirty {
		return
	}
	if p.onlyConn != nil && p.onlyConn.ended {
		w.free.conns.put(p.onlyConn)
	}
	w.free.closes.put(p.detectors.idle.byClient)
	w.free.closes.put(p.detectors.idle.byServer)
	w.free.lifetimes.put(p.detectors.lifetimes)
	w.free.statuses.put(p.detectors.statuses)
	w.free.keepingClients.put(p.simulated)
	w.free.pools.put(p)
}
