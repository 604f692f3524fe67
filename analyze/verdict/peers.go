package verdict

import (
	"cmp"
	"slices"

	"tcpwarm/capture/segment"
)

// A pair is a client and what it connects to.
type pair struct {
	client, server segment.Addr
	port           uint16
}

func (c *Conn) pair() pair { return pair{c.Client, c.Server, c.Port} }

// peersKept is how many pairs a rule holds against each other.
const peersKept = 10_000

// pairs holds something for each pair, for at most peersKept: more are left out.
type pairs[T any] struct {
	bound
	of map[pair]*T
}

// get returns what is held for c's pair; nil where there are too many.
func (p *pairs[T]) get(c *Conn) *T {
	k := c.pair()
	x := p.of[k]
	if x == nil && len(p.of) >= peersKept {
		p.acted = true
	} else if x == nil {
		if p.of == nil {
			p.of = map[pair]*T{}
		}
		x = new(T)
		p.of[k] = x
	}
	return x
}

// all returns what is held, in an order that does not depend on the map's.
func (p *pairs[T]) all() []*T {
	keys := make([]pair, 0, len(p.of))
	for k := range p.of {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.client.Hi, b.client.Hi), cmp.Compare(a.client.Lo, b.client.Lo),
			cmp.Compare(a.server.Hi, b.server.Hi), cmp.Compare(a.server.Lo, b.server.Lo), cmp.Compare(a.port, b.port))
	})
	list := make([]*T, len(keys))
	for i, k := range keys {
		list[i] = p.of[k]
	}
	return list
}

// A shownConn is a connection with the packets that show something of it.
type shownConn struct {
	id      int64
	packets [2]int64
}

// shownConns are the first few of them, by packet: connections come by their ends.
type shownConns []shownConn

func (s *shownConns) add(x shownConn) {
	at, _ := slices.BinarySearchFunc(*s, x, func(a, b shownConn) int { return cmp.Compare(a.packets[0], b.packets[0]) })
	if at < mostListed {
		*s = slices.Insert(*s, at, x)
		*s = (*s)[:min(len(*s), mostListed)]
	}
}

// show writes them into e.
func (s shownConns) show(e *Evidence) {
	for _, x := range s {
		e.Connections = append(e.Connections, x.id)
		for _, p := range x.packets {
			if p != 0 {
				e.Packets = append(e.Packets, p)
			}
		}
	}
}
