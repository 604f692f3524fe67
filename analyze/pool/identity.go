package pool

import (
	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Behind one address there may be several clients, of which none can use another's
// connections: machines behind a NAT, programs on one machine, or whom a proxy before the
// server speaks for. They are told apart by what an event.Who says. What is not known of one
// fits anything, and is learned from the first connection that fits and shows it.

// fits reports whether a and b may be one client.
func fits(a, b *event.Who) bool {
	return fitsSYN(a.SYN, b.SYN) &&
		sameOrUnknown(a.Hello, b.Hello) &&
		sameOrUnknown(a.ProxiedClient, b.ProxiedClient)
}

// fitsSYN reports whether a and b may be one machine's.
func fitsSYN(a, b event.SYN) bool { return a == b || !a.Known || !b.Known }

// sameOrUnknown reports whether x and y are the same, or one of them is not known.
func sameOrUnknown[T comparable](x, y T) bool {
	var unknown T
	return x == y || x == unknown || y == unknown
}

// learn adds to a what b knows more.
func learn(a, b *event.Who) {
	if !a.SYN.Known {
		a.SYN = b.SYN
	}
	if a.Hello == 0 {
		a.Hello = b.Hello
	}
	if a.ProxiedClient == (segment.Addr{}) {
		a.ProxiedClient = b.ProxiedClient
	}
}

// maxIdentities bounds how many clients are told apart at one address. More share the last,
// and their pools are not judged.
const maxIdentities = 4096

// identify returns which of those at k's address w is, by its index.
func (s *clientShard) identify(k *client, w *event.Who) int32 {
	before := k.identitiesSize()
	i := k.identify(w)
	s.taken += k.identitiesSize() - before
	return i
}

// identify returns which of those at k's address w is, by its index.
func (k *client) identify(w *event.Who) int32 {
	if i, ok := k.lookUp(w); ok {
		return i
	}
	for i := range k.identities {
		if fits(&k.identities[i], w) {
			learn(&k.identities[i], w)
			return k.register(int32(i))
		}
	}
	if len(k.identities) < maxIdentities {
		k.identities = append(k.identities, *w)
	}
	return k.register(int32(len(k.identities) - 1))
}

// lookUp returns the index of w, if all that is known of it was known before.
func (k *client) lookUp(w *event.Who) (int32, bool) {
	if k.exact != nil {
		i, ok := k.exact[*w]
		return i, ok
	}
	for i := range k.identities {
		if k.identities[i] == *w {
			return int32(i), true
		}
	}
	return 0, false
}

// register returns i, and where there are many identities has lookUp find that one as it
// is now.
func (k *client) register(i int32) int32 {
	switch {
	case k.exact != nil:
		k.exact[k.identities[i]] = i
	case len(k.identities) > few:
		k.exact = make(map[event.Who]int32, 2*few)
		for n := range k.identities {
			k.exact[k.identities[n]] = int32(n)
		}
	}
	return i
}

// ambiguousClient reports whether p's client may be several, for there were too many to
// tell apart.
func (p *Pool) ambiguousClient() bool {
	return p.identity == maxIdentities-1
}

// latestPool returns the pool at cs that was the last to begin of those whose client may
// have sent syn, nil if there is none.
func (cs *clientServer) latestPool(syn event.SYN) *Pool {
	if n := len(cs.pools); n > 0 && len(cs.client.identities) == 1 {
		return cs.pools[n-1]
	}
	for i := len(cs.pools) - 1; i >= 0; i-- {
		if p := cs.pools[i]; fitsSYN(cs.client.identities[p.identity].SYN, syn) {
			return p
		}
	}
	return nil
}

// Differs tells by what a pool's client is told apart from others at its address that
// ask the same server; by nothing if there are none.
type Differs struct{ SYN, Hello, ProxiedClient bool }

// Who returns what shows who the client of p is, and by what of it others are told apart.
// Call it after Judge.Pools.
func (p *Pool) Who() (w event.Who, by Differs) {
	w = p.client.identities[p.identity]
	if len(p.client.identities) == 1 {
		return w, by
	}
	for _, cs := range p.clientServers {
		for _, q := range cs.pools {
			if p.Used == 0 || q.Used == 0 { // scans have SYNs of all kinds
				continue
			}
			x := &p.client.identities[q.identity]
			by.SYN = by.SYN || !fitsSYN(x.SYN, w.SYN)
			by.Hello = by.Hello || !sameOrUnknown(x.Hello, w.Hello)
			by.ProxiedClient = by.ProxiedClient || !sameOrUnknown(x.ProxiedClient, w.ProxiedClient)
		}
	}
	return w, by
}
