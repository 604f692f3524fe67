package pool

import (
	"math"

	"tcpwarm/analyze/freelist"
)

// mostRoom is for how many of what most have one of a pool may have room that serves again.
const mostRoom = 256

// mostFree returns how many clients, and how many pools, may wait to serve again: few where memory is short.
func (s *clientShard) mostFree() int {
	if s.spent {
		return 16
	}
	return math.MaxInt
}

// The freeLists of a shard are what no longer serves there.
type freeLists struct {
	occupations    freelist.List[occupation] // that have ended and were judged
	decisions      freelist.List[Decision]
	pools          freelist.List[Pool] // that nothing points to
	conns          freelist.List[Conn] // likewise, with their courses
	courses        freelist.List[course]
	closeStates    freelist.List[closeState]
	clients        freelist.List[client]
	clientServers  freelist.List[clientServer]
	unusedConns    freelist.List[unusedConns] // empty
	closes         freelist.List[Closes]
	lifetimes      freelist.List[Lifetimes]
	rare           freelist.List[rareDetectors]
	statuses       freelist.List[Statuses]
	keepingClients freelist.List[keepingClients]
	idleLimits     freelist.List[idleLimit]
}

// recycle takes back an evicted pool, with its connection if it had only one. A dirty
// one waits for Advance.
func (s *clientShard) recycle(p *Pool) {
	if p.dirty {
		return
	}
	s.dischargeRecycled(p)
	if p.onlyConn != nil && p.onlyConn.ended {
		s.free.conns.Put(p.onlyConn)
	}
	s.free.closes.Put(p.detectors.idle.byClient)
	s.free.closes.Put(p.detectors.idle.byServer)
	s.free.lifetimes.Put(p.seen().lifetimes)
	s.free.rare.Put(p.detectors.rare)
	s.free.statuses.Put(p.seen().statuses)
	s.free.keepingClients.Put(p.curve.clients)
	if cap(p.keys)+cap(p.clientServers)+cap(p.losses) <= mostRoom {
		s.free.pools.PutAtMost(s.mostFree(), p)
	}
}
