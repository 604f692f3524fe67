package verdict

// recentPairs remembers something of each pair of client and server that was seen lately. Nearly
// all pairs will never be asked for, so it has room for a fixed number and allocates nothing: a
// pair that falls on the place of another takes it.
type recentPairs[T any] struct {
	bound
	places []place[T]
}

type place[T any] struct {
	pair  pair
	taken bool
	of    T
}

// recentKept is how many pairs there is room for.
const recentKept = 2048

// get returns what is remembered of c's pair; nothing yet, where it was not seen lately.
func (r *recentPairs[T]) get(c *Conn) *T {
	if r.places == nil {
		r.places = make([]place[T], recentKept)
	}
	k := c.pair()
	p := &r.places[k.hash()%recentKept]
	if !p.taken || p.pair != k {
		r.acted = r.acted || p.taken
		*p = place[T]{pair: k, taken: true}
	}
	return &p.of
}

// hash is the same in every run, so that reports are too.
func (k *pair) hash() uint64 {
	h := uint64(k.port)
	for _, v := range [...]uint64{k.client.Hi, k.client.Lo, k.server.Hi, k.server.Lo} {
		h = (h ^ v) * 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	return h
}
