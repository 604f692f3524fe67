package pool

import (
	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// fits reports whether a and b may be one client.
func fits(a, b *event.Who) bool {
	return fitsSYN(a.SYN, b.SYN) && alike(a.Hello, b.Hello) && alike(a.For, b.For)
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
	if a.For == (segment.Addr{}) {
		a.For = b.For
	}
}

// maxWhos bounds how many clients are told apart at one address. More share the last, and
// their pools are not judged.
const maxWhos = 4096

// who returns which of those at k's address w is, by its index.
func (k *client) who(w *event.Who) int32 {
	if i, ok := k.find(w); ok {
		return i
	}
	for i := range k.whos {
		if fits(&k.whos[i], w) {
			learn(&k.whos[i], w)
			return k.index(int32(i))
		}
	}
	if len(k.whos) < maxWhos {
		k.whos = append(k.whos, *w)
	}
	return k.index(int32(len(k.whos) - 1))
}

// find returns the index of w, if all that is known of it is what was known before.
func (k *client) find(w *event.Who) (int32, bool) {
	if k.exact != nil {
		i, ok := k.exact[*w]
		return i, ok
	}
	for i := range k.whos {
		if k.whos[i] == *w {
			return int32(i), true
		}
	}
	return 0, false
}

// index returns i, and where there are many notes under which names they are found.
func (k *client) index(i int32) int32 {
	switch {
	case k.exact != nil:
		k.exact[k.whos[i]] = i
	case len(k.whos) > few:
		k.exact = make(map[event.Who]int32, 2*few)
		for n := range k.whos {
			k.exact[k.whos[n]] = int32(n)
		}
	}
	return i
}

// crowded reports whether p's client may be several, for there were too many to tell
// apart.
func (p *Pool) crowded() bool {
	return p.who == maxWhos-1
}

// latest returns the pool at s that was the last to begin of those whose client may have
// sent syn, nil if there is none.
func (s *site) latest(syn event.SYN) *Pool {
	if n := len(s.pools); n > 0 && len(s.client.whos) == 1 {
		return s.pools[n-1]
	}
	for i := len(s.pools) - 1; i >= 0; i-- {
		if p := s.pools[i]; fitsSYN(s.client.whos[p.who].SYN, syn) {
			return p
		}
	}
	return nil
}

// Differs tells by what a pool's client is told apart from others at its address that
// ask the same server; by nothing if there are none.
type Differs struct{ SYN, Hello, For bool }

// Who returns what shows who the client of p is, and by what of it others are told apart.
// Call it after Pools.
func (p *Pool) Who() (w event.Who, by Differs) {
	w = p.client.whos[p.who]
	if len(p.client.whos) == 1 {
		return w, by
	}
	for _, s := range p.sites {
		for _, q := range s.pools {
			if p.Used == 0 || q.Used == 0 { // scans have SYNs of all kinds
				continue
			}
			x := &p.client.whos[q.who]
			by.SYN = by.SYN || !fitsSYN(x.SYN, w.SYN)
			by.Hello = by.Hello || !alike(x.Hello, w.Hello)
			by.For = by.For || !alike(x.For, w.For)
		}
	}
	return w, by
}
