package pool

// Where many clients come and go, what is over serves again: to begin each in
// fresh memory costs more than to judge it.
type spares struct {
	occupations list[occupation] // over and judged
	decisions   list[Decision]   // no longer used
	pools       list[Pool]       // folded, and nothing points to them
	conns       list[Conn]       // likewise
	sites       list[site]
	clients     list[client]
	silences    list[silence] // empty
	closes      list[Closes]
	lifetimes   list[Lifetimes]
	stacks      list[stacks]
}

// A list holds what is spare. It is as long as there once was use for it.
type list[T any] []*T

// get returns one to be overwritten.
func (l *list[T]) get() *T {
	n := len(*l) - 1
	if n < 0 {
		return new(T)
	}
	x := (*l)[n]
	*l = (*l)[:n]
	return x
}

// put takes x back, if it is anything.
func (l *list[T]) put(x *T) {
	if x != nil {
		*l = append(*l, x)
	}
}

// recycle takes back a folded pool, with its connection if it had only one. A dirty
// one waits for Advance.
func (w *ward) recycle(p *Pool) {
	if p.dirty {
		return
	}
	if p.sole != nil && p.sole.ended {
		w.spare.conns.put(p.sole)
	}
	w.spare.closes.put(p.detectors.idle.byClient)
	w.spare.closes.put(p.detectors.idle.byServer)
	w.spare.lifetimes.put(p.detectors.lifetimes)
	w.spare.stacks.put(p.sim)
	w.spare.pools.put(p)
}
