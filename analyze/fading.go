package analyze

import (
	"math/bits"
	"math/rand/v2"

	"tcpwarm/capture/segment"
)

// A fading table remembers what belongs to a key until an instant: linear probing, one
// look at memory for nearly all that is asked.
type fading[V any] struct {
	slots []faded[V] // length zero or a power of two
	spare []faded[V] // for the next sweep
	n     int        // used ones
	seed  uint64     // odd
}

// A faded entry holds until an instant; 0 stands for an unused slot.
type faded[V any] struct {
	value V // first: at the end nothing would take eight bytes too
	key   uint64
	until segment.Time
}

func (s *faded[V]) holds(now segment.Time) bool { return s.until != 0 && s.until >= now }

// put remembers value of key until an instant.
func (f *fading[V]) put(key uint64, value V, until, now segment.Time) {
	if f.n*4 >= len(f.slots)*3 {
		f.sweep(now)
	}
	s := f.find(key)
	if s.until == 0 {
		f.n++
	}
	*s = faded[V]{value, key, max(until, 1)}
}

// get returns the value of key, nil if there is none or it has run out.
func (f *fading[V]) get(key uint64, now segment.Time) *V {
	if f.n == 0 {
		return nil
	}
	if s := f.find(key); s.holds(now) {
		return &s.value
	}
	return nil
}

// drop forgets key, which is there; its slot stays in use until the next sweep.
func (f *fading[V]) drop(key uint64) { f.find(key).until = 1 }

// find returns the slot of key, or the unused one where it belongs. Senders choose keys:
// where they lie is told by a number that is another in every run, and that nothing else
// depends on.
func (f *fading[V]) find(key uint64) *faded[V] {
	mask := uint64(len(f.slots) - 1)
	for i := key * f.seed >> bits.LeadingZeros64(mask); ; i = (i + 1) & mask {
		if s := &f.slots[i]; s.until == 0 || s.key == key {
			return s
		}
	}
}

// sweep makes room: what has run out goes, and the table fits what is left.
func (f *fading[V]) sweep(now segment.Time) {
	old, live := f.slots, 0
	for i := range old {
		if old[i].holds(now) {
			live++
		}
	}
	if f.seed == 0 {
		f.seed = rand.Uint64() | 1
	}
	size := 16
	for size < 2*live+2 {
		size *= 2
	}
	if f.slots, f.spare, f.n = f.spare, nil, live; len(f.slots) != size {
		f.slots = make([]faded[V], size)
	}
	for i := range old {
		if old[i].holds(now) {
			*f.find(old[i].key) = old[i]
		}
	}
	if len(old) == size {
		clear(old)
		f.spare = old
	}
}
