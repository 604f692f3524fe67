package pool

import (
	"cmp"

	"tcpwarm/capture/segment"
)

// An actionKind is what the ideal client has to act on. Of several at one instant ends come
// before losses, and losses before starts.
type actionKind uint8

const (
	occupationEnds actionKind = iota
	serverCloses
	givesUp
	attemptFails
	occupationStarts
)

// An action is something that the ideal client acts on, in the order of time on the
// client's clock.
type action struct {
	at     segment.Time
	packet int64
	kind   actionKind
	conn   *Conn
	occ    *occupation // nil where the connection is all there is
}

// compare orders actions. Numbers of connections only make the order complete.
func (a *action) compare(b *action) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.packet, b.packet),
		cmp.Compare(a.kind, b.kind), cmp.Compare(a.conn.id, b.conn.id))
}

// An actionQueue is a binary heap of actions, the earliest first.
type actionQueue []action

// push adds an action.
func (q *actionQueue) push(a action) {
	*q = append(*q, a)
	h := *q
	for k := len(h) - 1; k > 0; {
		up := (k - 1) / 2
		if h[up].compare(&h[k]) <= 0 {
			return
		}
		h[up], h[k] = h[k], h[up]
		k = up
	}
}

// pop removes and returns the earliest.
func (q *actionQueue) pop() action {
	h := *q
	top, n := h[0], len(h)-1
	h[0] = h[n]
	h[n] = action{}
	h = h[:n]
	*q = h
	for k := 0; ; {
		least := k
		for _, down := range [2]int{2*k + 1, 2*k + 2} {
			if down < n && h[down].compare(&h[least]) < 0 {
				least = down
			}
		}
		if least == k {
			return top
		}
		h[least], h[k] = h[k], h[least]
		k = least
	}
}
