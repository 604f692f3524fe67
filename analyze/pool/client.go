package pool

import (
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A client is what the judge knows of one address that opens connections: of one client,
// unless the wire shows that there are several.
type client struct {
	addr       segment.Addr
	shard      *clientShard
	byKey      smallMap[poolKey, *Pool]
	servers    smallMap[segment.Endpoint, *clientServer]
	unused     smallMap[uint16, *unusedConns] // by port, whatever the address
	identities []event.Who                    // that open connections at the address
	exact      map[event.Who]int32            // their indexes, nil while there are few
	room       [1]event.Who                   // for whos, as long as it will do
}

// A nameKey is what a client calls a pool.
type poolKey struct {
	name     string
	port     uint16
	tls      bool
	identity int32 // index in its client's whos
}

// A site is one client and one endpoint of a server.
type clientServer struct {
	client *client
	server segment.Endpoint
	pools  []*Pool      // that have connections here, latest last
	unused *unusedConns // of the client and the port: a name may have several addresses

	opening opening // the latest
}

// site returns what addr has to do with server.
func (w *clientShard) clientServer(addr segment.Addr, server segment.Endpoint) *clientServer {
	k := w.clients[addr]
	if k == nil {
		if w.clients == nil {
			w.clients = map[segment.Addr]*client{}
		}
		k = w.free.clients.get()
		k.addr, k.shard, k.identities, k.exact = addr, w, k.identities[:0], nil
		if cap(k.identities) == 0 {
			k.identities = k.room[:0]
		}
		w.clients[addr] = k
	}
	if s := k.servers.get(server); s != nil {
		return s
	}
	s := w.free.clientServers.get()
	*s = clientServer{client: k, server: server, pools: s.pools[:0]}
	if s.unused = k.unused.get(server.Port); s.unused == nil {
		s.unused = w.free.unusedConns.get()
		k.unused.put(server.Port, s.unused)
	}
	s.unused.sharers++
	k.servers.put(server, s)
	return s
}

// leave forgets s if nothing is known of it, and its client with it.
func (w *clientShard) leaveServer(s *clientServer) {
	k := s.client
	if len(s.pools) > 0 || s.unused.first != nil || k.servers.get(s.server) != s {
		return
	}
	k.servers.delete(s.server)
	if s.unused.sharers--; s.unused.sharers == 0 {
		k.unused.delete(s.server.Port)
		w.free.unusedConns.put(s.unused)
	}
	w.free.clientServers.put(s)
	if k.servers.len() == 0 {
		delete(k.shard.clients, k.addr)
		if k.byKey.len() == 0 {
			w.free.clients.put(k)
		}
	}
}

// A silence is a list of connections without a request yet, in the order of
// opening.
type unusedConns struct {
	sharers     int // that share it
	first, last *Conn
}

func (s *unusedConns) add(c *Conn) {
	if c.prevUnused = s.last; c.prevUnused != nil {
		c.prevUnused.nextUnused = c
	} else {
		s.first = c
	}
	s.last = c
}

func (s *unusedConns) remove(c *Conn) {
	if c.prevUnused != nil {
		c.prevUnused.nextUnused = c.nextUnused
	} else {
		s.first = c.nextUnused
	}
	if c.nextUnused != nil {
		c.nextUnused.prevUnused = c.prevUnused
	} else {
		s.last = c.prevUnused
	}
	c.prevUnused, c.nextUnused = nil, nil
}

// few is how many entries are searched from end to end.
const few = 16

// An index is a small map: nearly all have one entry or two.
type smallMap[K comparable, V any] struct {
	few  []entry[K, V]
	many map[K]V        // nil while few will do
	room [3]entry[K, V] // for few, as long as it will do
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func (x *smallMap[K, V]) len() int { return len(x.few) + len(x.many) }

// get returns the value of k, the zero value if there is none.
func (x *smallMap[K, V]) get(k K) (v V) {
	if x.many != nil {
		return x.many[k]
	}
	for i := range x.few {
		if x.few[i].key == k {
			return x.few[i].value
		}
	}
	return v
}

// put sets the value of k.
func (x *smallMap[K, V]) put(k K, v V) {
	if x.many != nil {
		x.many[k] = v
		return
	}
	for i := range x.few {
		if x.few[i].key == k {
			x.few[i].value = v
			return
		}
	}
	if x.few == nil {
		x.few = x.room[:0]
	}
	if x.few = append(x.few, entry[K, V]{k, v}); len(x.few) <= few {
		return
	}
	x.many = make(map[K]V, 2*few)
	for _, e := range x.few {
		x.many[e.key] = e.value
	}
	x.few = nil
}

// reset empties x.
func (x *smallMap[K, V]) reset() {
	clear(x.few)
	x.few, x.many = x.few[:0], nil
}

func (x *smallMap[K, V]) delete(k K) {
	delete(x.many, k)
	x.few = slices.DeleteFunc(x.few, func(e entry[K, V]) bool { return e.key == k })
	if len(x.many) == 0 {
		x.many = nil
	}
}
