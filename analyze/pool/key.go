package pool

import (
	"slices"

	"tcpwarm/analyze/event"
)

// A poolKey is what a client calls a pool: an authority, as clients keep their connections
// apart. The key of
//
//   - TLS is the name in the ClientHello, the port, and that it is TLS;
//   - plain HTTP is the name in the Host field, and the port connected to, whatever Host says;
//   - a tunnel (CONNECT, SOCKS) is its target, with the target's port;
//   - a forward proxy is its address: what names an absolute-form target belongs to the proxy.
//
// A connection without a name is in the pool that its client has at the same address; a
// pool whose name is not known takes the first that is seen. A connection that carries a
// second name makes one pool of both.
type poolKey struct {
	name     string
	port     uint16
	tls      bool
	identity int32 // index in its client's identities
}

// keyOf returns the key that a request on c names, but for the identity.
func keyOf(c *Conn, e *event.Event) poolKey {
	key := poolKey{name: e.Name, port: c.server().Port, tls: e.TLS}
	if e.Proxied {
		key.name = ""
	}
	return key
}

// maxServerPools bounds the pools remembered for one address of a server; more of one
// client share its first.
const maxServerPools = 1024

// assignPool finds the pool of c by what its request names.
func (s *clientShard) assignPool(c *Conn, e *event.Event) {
	key := keyOf(c, e)
	if p := c.pool; p != nil {
		key.identity = p.identity
		if p.joins(key) && !e.Tunnel {
			s.addName(c, key)
		}
		return
	}
	who := event.Who{SYN: c.syn}
	if e.Who != nil {
		who = *e.Who
	}
	key.identity = s.identify(c.clientServer.client, &who)
	c.clientServer.unused.remove(c)
	p := c.clientServer.findPool(key, e.Proxied)
	if p == nil {
		p = s.newPool(c, key)
	} else {
		s.joinPool(p, c, key)
	}
	p.proxied = p.proxied || e.Proxied
}

// joins reports whether a connection of p that carries key joins what key names to p. A
// proxy's carries whatever it is asked for.
func (p *Pool) joins(key poolKey) bool {
	return key.name != "" && key.name != p.Name && !p.proxied
}

// takesName reports whether p, whose name is not known, is called by key's from now on.
func (p *Pool) takesName(key poolKey) bool {
	return key.name != "" && p.Name == "" && !p.proxied
}

// assignUnused puts c, which never carried a request, into the pool of its client and
// server, if there is one.
func (s *clientShard) assignUnused(c *Conn, e *event.Event) {
	cs := c.clientServer
	cs.unused.remove(c)
	if p := cs.latestPool(e.End.SYN); p != nil {
		s.joinPool(p, c, poolKey{})
	} else {
		c.pool = s.newPool(c, poolKey{port: c.server().Port, identity: s.identify(cs.client, &event.Who{SYN: e.End.SYN})})
	}
	if e.End.Refused {
		c.pool.queueAction(action{at: e.Time.Add(c.clockOffset), packet: e.Packet, kind: attemptFails, conn: c})
	}
}

// findPool returns the pool that key names, or the one without a name at cs, whose name is
// known from now on; for what is sent to a proxy, the proxy's own.
func (cs *clientServer) findPool(key poolKey, proxied bool) *Pool {
	switch {
	case proxied:
		return cs.first(key.identity, func(p *Pool) bool { return p.proxied || p.Name == "" })
	case key.name == "":
		return cs.latest(key.identity)
	}
	if p := cs.client.byKey.get(key); p != nil {
		return p.Final()
	}
	if p := cs.first(key.identity, func(p *Pool) bool { return p.Name == "" && !p.proxied }); p != nil || len(cs.pools) < maxServerPools {
		return p
	}
	p := cs.first(key.identity, func(*Pool) bool { return true })
	if p != nil {
		p.moreNames = true
	}
	return p
}

// first returns the first pool at cs of an identity that fits, nil if none does.
func (cs *clientServer) first(identity int32, fits func(*Pool) bool) *Pool {
	for _, p := range cs.pools {
		if p.identity == identity && fits(p) {
			return p
		}
	}
	return nil
}

// latest returns the pool at cs of an identity that was the last to begin, nil if there is
// none.
func (cs *clientServer) latest(identity int32) *Pool {
	for i := len(cs.pools) - 1; i >= 0; i-- {
		if p := cs.pools[i]; p.identity == identity {
			return p
		}
	}
	return nil
}

// newPool begins a pool with c in it.
func (s *clientShard) newPool(c *Conn, key poolKey) *Pool {
	s.newPools++
	s.lastSerial += ClientShards
	p := s.free.pools.Get()
	p.clear()
	p.client = c.clientServer.client
	p.Client = p.client.addr
	p.serial, p.identity, p.TLS, p.FirstPacket, p.onlyConn = s.lastSerial, key.identity, key.tls, c.packet, c
	p.cameBack = key.name == "" && s.cameBack(c, key) // else joinPool looks
	s.pools.add(p)
	s.taken += poolSize
	s.joinPool(p, c, key)
	// Now, so that what is evicted serves again soon; not before, or c's client and server
	// might go with it.
	s.evictSettled(inspectPerNew)
	return p
}

// joinPool makes c one of p's, and has p found by key and at c's server.
func (s *clientShard) joinPool(p *Pool, c *Conn, key poolKey) {
	c.pool = p
	if p.conns.live++; p.conns.live == 1 && p.onlyConn != c {
		s.unopened--
	}
	if p.onlyConn != c {
		p.onlyConn = nil
	}
	p.FirstPacket = min(p.FirstPacket, c.packet)
	if p.takesName(key) {
		p.Name, p.TLS = key.name, key.tls
		s.addKey(p, key)
		p.cameBack = p.cameBack || s.cameBack(c, key)
	}
	if !slices.Contains(c.clientServer.pools, p) {
		c.firstThere = len(p.clientServers) > 0
		c.clientServer.pools = append(c.clientServer.pools, p)
		p.clientServers = append(p.clientServers, c.clientServer)
		p.Servers = append(p.Servers, c.server())
		s.taken += addressSize
	}
}

// addKey has p found by key.
func (s *clientShard) addKey(p *Pool, key poolKey) {
	p.client.byKey.put(key, p)
	p.keys = append(p.keys, key)
	s.taken += key.size()
}

// addName makes one pool of c's and the one that key names: a client that has one
// connection has it for both names.
func (s *clientShard) addName(c *Conn, key poolKey) {
	q := c.clientServer.client.byKey.get(key)
	if q == nil {
		if c.pool.takesName(key) {
			c.pool.Name, c.pool.TLS = key.name, key.tls
		}
		c.pool.cameBack = c.pool.cameBack || s.cameBack(c, key)
		s.addKey(c.pool, key)
		return
	}
	if q = q.Final(); q != c.pool {
		s.merge(c.pool, q)
		c.pool = c.pool.Final()
	}
}
