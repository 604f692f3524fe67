package pool

import (
	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A client is what the judge knows of one address that opens connections. That is one
// client, unless the wire shows that there are several: see identity.go.
type client struct {
	addr       segment.Addr
	shard      *clientShard
	byKey      smallMap[poolKey, *Pool]
	servers    smallMap[segment.Endpoint, *clientServer]
	unused     smallMap[uint16, *unusedConns] // by port, whatever the server's address
	identities []event.Who                    // of those that open connections at the address
	exact      map[event.Who]int32            // their indexes, nil while there are few
	habits     []habits                       // of the first of them
	inline     [1]event.Who                   // room for identities, as long as it will do
	habit      [1]habits                      // likewise for habits
	idle       int32                          // connections that idle, to whatever server
	limit      *idleLimit                     // nil as long as no two have
}

// A clientServer is one client and one address of a server.
type clientServer struct {
	client *client
	server segment.Endpoint
	pools  []*Pool      // that have connections here, the latest last
	unused *unusedConns // the client's to the port: a name may have several addresses
	tokens int          // on the stacks of the pools, of connections here

	// A connection here has segments that repeat other bytes at the same sequence numbers: which of the pools it is
	// in rests on them.
	inconsistent bool
}

// clientServer returns what addr has to do with server.
func (s *clientShard) clientServer(addr segment.Addr, server segment.Endpoint) *clientServer {
	k := s.client(addr)
	if cs := k.servers.get(server); cs != nil {
		return cs
	}
	cs := s.free.clientServers.Get()
	*cs = clientServer{client: k, server: server, pools: cs.pools[:0]}
	s.taken += clientServerSize
	if cs.unused = k.unused.get(server.Port); cs.unused == nil {
		cs.unused = s.free.unusedConns.Get()
		k.unused.put(server.Port, cs.unused)
	}
	cs.unused.sharers++
	k.servers.put(server, cs)
	return cs
}

// client returns the client at addr.
func (s *clientShard) client(addr segment.Addr) *client {
	k := s.clients[addr]
	if k != nil {
		return k
	}
	if s.clients == nil {
		s.clients = map[segment.Addr]*client{}
	}
	k = s.free.clients.Get()
	k.addr, k.shard, k.identities, k.exact, k.habits = addr, s, k.identities[:0], nil, k.habits[:0]
	k.idle = 0
	if cap(k.identities) == 0 {
		k.identities, k.habits = k.inline[:0], k.habit[:0]
	}
	s.clients[addr] = k
	s.taken += clientSize
	return k
}

// leaveServer forgets cs if nothing is known of it, and its client with it.
func (s *clientShard) leaveServer(cs *clientServer) {
	k := cs.client
	known := len(cs.pools) > 0 || cs.unused.first != nil
	if known || k.servers.get(cs.server) != cs {
		return
	}
	k.servers.delete(cs.server)
	if cs.unused.sharers--; cs.unused.sharers == 0 {
		k.unused.delete(cs.server.Port)
		s.free.unusedConns.PutAtMost(s.mostFree(), cs.unused)
	}
	s.free.clientServers.PutAtMost(s.mostFree(), cs)
	s.taken -= clientServerSize
	if k.servers.len() == 0 {
		delete(k.shard.clients, k.addr)
		s.discharge(k)
		if k.byKey.len() == 0 {
			s.free.clients.PutAtMost(s.mostFree(), k)
		}
	}
}

// A list of unused connections: they have carried no request yet, and may still belong to
// any pool of their client and port. They are in the order of opening.
type unusedConns struct {
	sharers     int // how many clientServers share it
	first, last *Conn
}

func (u *unusedConns) add(c *Conn) {
	if c.prevUnused = u.last; c.prevUnused != nil {
		c.prevUnused.nextUnused = c
	} else {
		u.first = c
	}
	u.last = c
}

func (u *unusedConns) remove(c *Conn) {
	if c.prevUnused != nil {
		c.prevUnused.nextUnused = c.nextUnused
	} else {
		u.first = c.nextUnused
	}
	if c.nextUnused != nil {
		c.nextUnused.prevUnused = c.prevUnused
	} else {
		u.last = c.prevUnused
	}
	c.prevUnused, c.nextUnused = nil, nil
}
