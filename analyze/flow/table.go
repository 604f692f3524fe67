// Package flow finds the connection a segment belongs to.
//
// Keys with their hash come in, values go out. It is a hash table and nothing
// else: when a key's connection ends and another begins is decided by its user.
package flow

import (
	"unsafe"

	"tcpwarm/capture/segment"
)

// A Table maps keys to values: open addressing with linear probing, at most
// three quarters full. The caller brings the hash, which it has for the shard
// already; the built-in map would compute its own once more.
type Table[V any] struct {
	slots []slot[V]
	n     int
}

type slot[V any] struct {
	hash uint64
	key  segment.Key
	val  *V // nil: empty
}

// Len returns how many keys t holds.
func (t *Table[V]) Len() int { return t.n }

// Get returns the value of k, nil if there is none. hash is k.Hash().
func (t *Table[V]) Get(k *segment.Key, hash uint64) *V {
	if t.n == 0 {
		return nil
	}
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.val == nil || s.hash == hash && s.key == *k {
			return s.val
		}
	}
}

// Put sets the value of k, which must not be nil.
func (t *Table[V]) Put(k segment.Key, hash uint64, v *V) {
	if t.n*4 >= len(t.slots)*3 {
		t.grow()
	}
	s := t.find(k, hash)
	if s.val == nil {
		t.n++
	}
	*s = slot[V]{hash, k, v}
}

// Delete takes k out and moves up what probed past it.
func (t *Table[V]) Delete(k segment.Key, hash uint64) {
	if t.n == 0 {
		return
	}
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for ; t.slots[i].val != nil; i = (i + 1) & mask {
		if t.slots[i].hash == hash && t.slots[i].key == k {
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

func (t *Table[V]) find(k segment.Key, hash uint64) *slot[V] {
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; s.val == nil || s.hash == hash && s.key == k {
			return s
		}
	}
}

func (t *Table[V]) grow() {
	old := t.slots
	t.slots = make([]slot[V], max(16, 2*len(old)))
	for i := range old {
		if old[i].val != nil {
			*t.find(old[i].key, old[i].hash) = old[i]
		}
	}
}

// SlotSize is how many bytes a Table takes for each value that it has room for.
const SlotSize = int(unsafe.Sizeof(slot[int]{}))
