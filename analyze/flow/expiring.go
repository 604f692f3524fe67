package flow

import (
	"math/bits"
	"math/rand/v2"
	"slices"

	"tcpwarm/capture/segment"
)

// An Expiring table remembers what belongs to a key until a deadline: linear probing, one
// look at memory for nearly all that is asked.
type Expiring[V any] struct {
	Most int // keys it may hold: beyond, those go first whose deadlines come first; 0: any number

	slots []expiring[V] // length zero or a power of two
	free  []expiring[V] // for the next sweep
	n     int           // used ones
	seed  uint64        // odd
}

// An expiring entry holds until its deadline; 0 stands for an unused slot.
type expiring[V any] struct {
	value    V // first: at the end nothing would take eight bytes too
	key      uint64
	deadline segment.Time
}

func (s *expiring[V]) valid(now segment.Time) bool { return s.deadline != 0 && s.deadline >= now }

// Put remembers value of key until a deadline.
func (f *Expiring[V]) Put(key uint64, value V, deadline, now segment.Time) {
	if f.n*4 >= len(f.slots)*3 {
		f.sweep(now)
	}
	s := f.find(key)
	if s.deadline == 0 {
		f.n++
	}
	*s = expiring[V]{value, key, max(deadline, 1)}
}

// Get returns the value of key, nil if there is none or it has run out.
func (f *Expiring[V]) Get(key uint64, now segment.Time) *V {
	if f.n == 0 {
		return nil
	}
	if s := f.find(key); s.valid(now) {
		return &s.value
	}
	return nil
}

// Len returns how many keys there are, those that have run out since the last sweep with them.
func (f *Expiring[V]) Len() int { return f.n }

// Drop forgets key, which is there; its slot stays in use until the next sweep.
func (f *Expiring[V]) Drop(key uint64) { f.find(key).deadline = 1 }

// find returns the slot of key, or the unused one where it belongs. Senders choose keys:
// where they lie is told by a number that is another in every run, and that nothing else
// depends on.
func (f *Expiring[V]) find(key uint64) *expiring[V] {
	mask := uint64(len(f.slots) - 1)
	for i := key * f.seed >> bits.LeadingZeros64(mask); ; i = (i + 1) & mask {
		if s := &f.slots[i]; s.deadline == 0 || s.key == key {
			return s
		}
	}
}

// sweep makes room: what has run out goes, and the table fits what is left.
func (f *Expiring[V]) sweep(now segment.Time) {
	old, live := f.slots, 0
	for i := range old {
		if old[i].valid(now) {
			live++
		}
	}
	if f.Most > 0 && live > f.Most {
		now = f.lateHalf(now)
		live = 0
		for i := range old {
			if old[i].valid(now) {
				live++
			}
		}
	}
	if f.seed == 0 {
		f.seed = rand.Uint64() | 1
	}
	size := 16
	for size < 2*live+2 {
		size *= 2
	}
	if f.slots, f.free, f.n = f.free, nil, live; len(f.slots) != size {
		f.slots = make([]expiring[V], size)
	}
	for i := range old {
		if old[i].valid(now) {
			*f.find(old[i].key) = old[i]
		}
	}
	if len(old) == size {
		clear(old)
		f.free = old
	}
}

// lateHalf returns the instant after which half of what holds at now has run out.
func (f *Expiring[V]) lateHalf(now segment.Time) segment.Time {
	var all []segment.Time
	for i := range f.slots {
		if f.slots[i].valid(now) {
			all = append(all, f.slots[i].deadline)
		}
	}
	slices.Sort(all)
	return all[len(all)/2] + 1
}
