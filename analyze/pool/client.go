package pool

import (
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A client is what the judge knows of one address that opens connections: of one client,
// unless the wire shows that there are several.
type client struct {
	addr  segment.Addr
	ward  *ward
	named index[nameKey, *Pool]
	sites index[segment.Endpoint, *site]
	quiet index[uint16, *silence] // by port, whatever the address
	whos  []event.Who             // that open connections at the address
	exact map[event.Who]int32     // their indexes, nil while there are few
	room  [1]event.Who            // for whos, as long as it will do
}

// A nameKey is what a client calls a pool.
type nameKey struct {
	name string
	port uint16
	tls  bool
	who  int32 // index in its client's whos
}

// A site is one client and one endpoint of a server.
type site struct {
	client *client
	server segment.Endpoint
	pools  []*Pool  // that have connections here, latest last
	silent *silence // of the client and the port: a name may have several addresses
}

// site returns what addr has to do with server.
func (w *ward) site(addr segment.Addr, server segment.Endpoint) *site {
	k := w.clients[addr]
	if k == nil {
		if w.clients == nil {
			w.clients = map[segment.Addr]*client{}
		}
		k = w.spare.clients.get()
		k.addr, k.ward, k.whos, k.exact = addr, w, k.whos[:0], nil
		if cap(k.whos) == 0 {
			k.whos = k.room[:0]
		}
		w.clients[addr] = k
	}
	if s := k.sites.get(server); s != nil {
		return s
	}
	s := w.spare.sites.get()
	*s = site{client: k, server: server, pools: s.pools[:0]}
	if s.silent = k.quiet.get(server.Port); s.silent == nil {
		s.silent = w.spare.silences.get()
		k.quiet.put(server.Port, s.silent)
	}
	s.silent.sites++
	k.sites.put(server, s)
	return s
}

// leave forgets s if nothing is known of it, and its client with it.
func (w *ward) leave(s *site) {
	k := s.client
	if len(s.pools) > 0 || s.silent.first != nil || k.sites.get(s.server) != s {
		return
	}
	k.sites.delete(s.server)
	if s.silent.sites--; s.silent.sites == 0 {
		k.quiet.delete(s.server.Port)
		w.spare.silences.put(s.silent)
	}
	w.spare.sites.put(s)
	if k.sites.len() == 0 {
		delete(k.ward.clients, k.addr)
		if k.named.len() == 0 {
			w.spare.clients.put(k)
		}
	}
}

// A silence is a list of connections without a request yet, in the order of
// opening.
type silence struct {
	sites       int // that share it
	first, last *Conn
}

func (s *silence) add(c *Conn) {
	if c.before = s.last; c.before != nil {
		c.before.after = c
	} else {
		s.first = c
	}
	s.last = c
}

func (s *silence) remove(c *Conn) {
	if c.before != nil {
		c.before.after = c.after
	} else {
		s.first = c.after
	}
	if c.after != nil {
		c.after.before = c.before
	} else {
		s.last = c.before
	}
	c.before, c.after = nil, nil
}

// few is how many entries are searched from end to end.
const few = 16

// An index is a small map: nearly all have one entry or two.
type index[K comparable, V any] struct {
	few  []entry[K, V]
	many map[K]V        // nil while few will do
	room [3]entry[K, V] // for few, as long as it will do
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func (x *index[K, V]) len() int { return len(x.few) + len(x.many) }

// get returns the value of k, the zero value if there is none.
func (x *index[K, V]) get(k K) (v V) {
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
func (x *index[K, V]) put(k K, v V) {
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
func (x *index[K, V]) reset() {
	clear(x.few)
	x.few, x.many = x.few[:0], nil
}

func (x *index[K, V]) delete(k K) {
	delete(x.many, k)
	x.few = slices.DeleteFunc(x.few, func(e entry[K, V]) bool { return e.key == k })
	if len(x.many) == 0 {
		x.many = nil
	}
}
