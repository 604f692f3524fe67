// Package flow finds the connection a segment belongs to.
//
// Hashes of keys come in, values go out. It is a hash table and nothing
// else: when a key's connection ends and another begins is decided by its user.
package flow

import "unsafe"

// A Table maps hashes to values: open addressing with linear probing, at most
// three quarters full. A value knows its key, which is too large to be there twice; so of several with one hash
// the user tells which it looks for.
type Table[V any] struct {
	slots []slot[V]
	n     int
}

type slot[V any] struct {
	hash uint64
	val  *V // nil: empty
}

// Len returns how many values t holds.
func (t *Table[V]) Len() int { return t.n }

// First returns a value with a hash, nil if there is none, and its place, for Next.
func (t *Table[V]) First(hash uint64) (v *V, place int) {
	if t.n == 0 {
		return nil, 0
	}
	return t.from(hash, hash)
}

// Next returns another value with a hash, that First or Next has returned the place before of; nil if there is none
// any more. No other method may have been called in between.
func (t *Table[V]) Next(hash uint64, place int) (v *V, next int) {
	return t.from(hash, uint64(place)+1)
}

func (t *Table[V]) from(hash, i uint64) (v *V, place int) {
	mask := uint64(len(t.slots) - 1)
	for i &= mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; s.val == nil || s.hash == hash {
			return s.val, int(i)
		}
	}
}

// Put adds v, which must not be nil, nor in t already.
func (t *Table[V]) Put(hash uint64, v *V) {
	if t.n*4 >= len(t.slots)*3 {
		t.grow()
	}
	t.n++
	t.add(slot[V]{hash, v})
}

// Delete takes v out and moves up what probed past it.
func (t *Table[V]) Delete(hash uint64, v *V) {
	if t.n == 0 {
		return
	}
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for ; t.slots[i].val != nil; i = (i + 1) & mask {
		if t.slots[i].val == v {
			break
		}
	}
	if t.slots[i].val == nil {
		return
	}
	t.n--
	for j := (i + 1) & mask; t.slots[j].val != nil; j = (j + 1) & mask {
		// The entry at j may fill the hole at i only if its own place is not
		// between the two.
		if home := t.slots[j].hash & mask; (j-home)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot[V]{}
}

// All calls yield with every value, in no useful order.
func (t *Table[V]) All(yield func(*V) bool) {
	for i := range t.slots {
		if v := t.slots[i].val; v != nil && !yield(v) {
			return
		}
	}
}

// add puts s where it belongs: there is room.
func (t *Table[V]) add(s slot[V]) {
	mask := uint64(len(t.slots) - 1)
	i := s.hash & mask
	for t.slots[i].val != nil {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

func (t *Table[V]) grow() {
	old := t.slots
	t.slots = make([]slot[V], max(16, 2*len(old)))
	for i := range old {
		if old[i].val != nil {
			t.add(old[i])
		}
	}
}

// SlotSize is how many bytes a Table takes for each value that it has room for.
const SlotSize = int(unsafe.Sizeof(slot[int]{}))
