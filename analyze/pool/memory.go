package pool

import (
	"unsafe"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// What is known of clients and pools is charged where it grows, and discharged where it goes: a shard's taken is
// the sum. Connections are not in it. What follows them counts those that are open, each with its course; of those
// that are closed the ideal client keeps some idle, and these are counted by their tokens.
const (
	poolSize         = int(unsafe.Sizeof(Pool{}))
	clientSize       = int(unsafe.Sizeof(client{}) + 2*slotSize) // with its slot of a map
	slotSize         = unsafe.Sizeof(segment.Addr{}) + unsafe.Sizeof(uintptr(0))
	clientServerSize = int(unsafe.Sizeof(clientServer{}) + unsafe.Sizeof(unusedConns{}) + unsafe.Sizeof(segment.Endpoint{}))
	identitySize     = int(2*unsafe.Sizeof(event.Who{})) + 8 // likewise
	addressSize      = int(unsafe.Sizeof(segment.Endpoint{}) + unsafe.Sizeof(uintptr(0)))
	idleLimitSize    = int(unsafe.Sizeof(idleLimit{}))
	rareSize         = int(unsafe.Sizeof(rareDetectors{}))
	statusesSize     = int(unsafe.Sizeof(Statuses{}) + 2*unsafe.Sizeof(Status{})) // mostly few
	lifetimesSize    = int(unsafe.Sizeof(Lifetimes{})) + 2*8*maxSamples
	closesSize       = int(unsafe.Sizeof(Closes{})) + 8*int(unsafe.Sizeof(Idle{}))              // mostly few
	curveSize        = int(unsafe.Sizeof(keepingClients{})) + 32*int(unsafe.Sizeof(idleConn{})) // with a few idle ones each
	occupationSize   = int(unsafe.Sizeof(occupation{})) + 2*8                                   // in a list, too
	provisionalSize  = int(unsafe.Sizeof(Decision{})) + 8
	endedConnSize    = int(unsafe.Sizeof(Conn{}) + unsafe.Sizeof(course{}) + unsafe.Sizeof(closeState{}))
	lossSize         = int(unsafe.Sizeof(loss{})) + endedConnSize
	tokenSize        = int(unsafe.Sizeof(token{})) + endedConnSize
)

// size is how many bytes k takes, about, with its slot of a map.
func (k poolKey) size() int { return 3*int(unsafe.Sizeof(k)) + len(k.name) }

// identitiesSize is how many bytes k's identities take beyond the one there is room for.
func (k *client) identitiesSize() int { return identitySize * max(0, len(k.identities)-1) }

// waiting is how many bytes what the ideal client of p still waits with takes.
func (p *Pool) waiting() int { return lossSize*len(p.losses) + provisionalSize*len(p.provisional) }

// Beyond returns how many bytes more than KeepMemory all clients and pools take. Call it while nothing is handled.
func (j *Judge) Beyond() int {
	if j.KeepMemory == 0 {
		return 0
	}
	return max(0, j.Memory()-j.KeepMemory)
}

// Crowded reports whether there is much to evict, or may soon be, however little time has passed: a clock may stand still, or
// have run ahead.
func (j *Judge) Crowded() bool {
	begun := 0
	for i := range j.shards {
		begun += j.shards[i].newPools
	}
	return begun >= crowd || j.Beyond() > 0
}

// crowd is how many pools that have begun are many.
const crowd = 1000

// MemoryOfOpen returns what Memory does, without that of pools of which no connection is open: these can be evicted.
func (j *Judge) MemoryOfOpen() int {
	n := j.Memory()
	for i := range j.shards {
		n -= j.shards[i].unopened * (poolSize + clientSize + clientServerSize + addressSize)
	}
	return n
}

// Memory returns how many bytes all clients and pools take, about. Call it while nothing is handled.
func (j *Judge) Memory() (n int) {
	for i := range j.shards {
		n += j.shards[i].memory()
	}
	return n
}

// memory returns how many bytes s takes: each pool has room for a token.
func (s *clientShard) memory() int { return s.taken + tokenSize*max(0, s.idleTokens-s.pools.n) }

// dischargeEvicted discharges what goes with p, but for its detectors and its curve: these go once it serves again.
func (s *clientShard) dischargeEvicted(p *Pool) {
	s.taken -= poolSize*(1+len(p.mergedFrom)) + addressSize*len(p.clientServers) + p.waiting()
	for i := range p.keys {
		s.taken -= p.keys[i].size()
	}
}

// dischargeRecycled discharges p's detectors and curve.
func (s *clientShard) dischargeRecycled(p *Pool) {
	if x := p.detectors.rare; x != nil {
		s.taken -= rareSize
		if x.statuses != nil {
			s.taken -= statusesSize
		}
		if x.lifetimes != nil {
			s.taken -= lifetimesSize
		}
	}
	for _, c := range [...]*Closes{p.detectors.idle.byClient, p.detectors.idle.byServer} {
		if c != nil {
			s.taken -= closesSize
		}
	}
	if p.curve.clients != nil {
		s.taken -= curveSize
	}
}

// discharge discharges k, which is forgotten, and its limit serves again.
func (s *clientShard) discharge(k *client) {
	s.taken -= clientSize + k.identitiesSize()
	if k.limit != nil {
		s.taken -= idleLimitSize
		s.free.idleLimits.Put(k.limit)
		k.limit = nil
	}
}
