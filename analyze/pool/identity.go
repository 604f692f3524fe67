package pool

import (
	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// fits reports whether a and b may be one client.
func fits(a, b *event.Who) bool {
	return fitsSYN(a.SYN, b.SYN) && alike(a.Hello, b.Hello) && alike(a.ProxiedClient, b.ProxiedClient)
}

func fitsSYN(s, t event.SYN) bool { return s == t || !s.Known || !t.Known }

// alike reports whether x and y are the same, or one of them is not known.
func alike[T comparable](x, y T) bool {
	var zero T
	return x == y || x == zero || y == zero
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

// maxWhos bounds how many clients are told apart at one address. More share the last, and
// their pools are not judged.
const maxIdentities = 4096

// who returns which of those at k's address w is, by its index.
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

// find returns the index of w, if all that is known of it is what was known before.
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

// index returns i, and where there are many notes under which names they are found.
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

// crowded reports whether p's client may be several, for there were too many to tell
// apart.
func (p *Pool) ambiguousClient() bool {
	return p.identity == maxIdentities-1
}

// latest returns the pool at s that was the last to begin of those whose client may have
// sent syn, nil if there is none.
func (s *clientServer) latestPool(syn event.SYN) *Pool {
	if n := len(s.pools); n > 0 && len(s.client.identities) == 1 {
		return s.pools[n-1]
	}
	for i := len(s.pools) - 1; i >= 0; i-- {
		if p := s.pools[i]; fitsSYN(s.client.identities[p.identity].SYN, syn) {
			return p
		}
	}
	return nil
}

// Differs tells by what a pool's client is told apart from others at its address that
// ask the same server; by nothing if there are none.
type Differs struct{ SYN, Hello, ProxiedClient bool }

// Who returns what shows who the client of p is, and by what of it others are told apart.
// Call it after Pools.
func (p *Pool) Who() (w event.Who, by Differs) {
	w = p.client.identities[p.identity]
	if len(p.client.identities) == 1 {
		return w, by
	}
	for _, s := range p.clientServers {
		for _, q := range s.pools {
			if p.Used == 0 || q.Used == 0 { // scans have SYNs of all kinds
				continue
			}
			x := &p.client.identities[q.identity]
			by.SYN = by.SYN || !fitsSYN(x.SYN, w.SYN)
			by.Hello = by.Hello || !alike(x.Hello, w.Hello)
			by.ProxiedClient = by.ProxiedClient || !alike(x.ProxiedClient, w.ProxiedClient)
		}
	}
	return w, by
}
