package pool

// A freeList holds what is no longer used, to be used again. It is as long as there once
// was use for it.
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

// The freeLists of a shard: where many clients come and go, to begin each in fresh memory
// would cost more than to judge it.
type freeLists struct {
	occupations    freeList[occupation] // that have ended and were judged
	decisions      freeList[Decision]
	pools          freeList[Pool] // that nothing points to
	conns          freeList[Conn] // likewise, with their courses
	courses        freeList[course]
	closeStates    freeList[closeState]
	clients        freeList[client]
	clientServers  freeList[clientServer]
	unusedConns    freeList[unusedConns] // empty
	closes         freeList[Closes]
	lifetimes      freeList[Lifetimes]
	statuses       freeList[Statuses]
	keepingClients freeList[keepingClients]
}

// recycle takes back an evicted pool, with its connection if it had only one. A dirty
// one waits for Advance.
func (s *clientShard) recycle(p *Pool) {
	if p.dirty {
		return
	}
	if p.onlyConn != nil && p.onlyConn.ended {
		s.free.conns.put(p.onlyConn)
	}
	s.free.closes.put(p.detectors.idle.byClient)
	s.free.closes.put(p.detectors.idle.byServer)
	s.free.lifetimes.put(p.detectors.lifetimes)
	s.free.statuses.put(p.detectors.statuses)
	s.free.keepingClients.put(p.curve.clients)
	s.free.pools.put(p)
}
