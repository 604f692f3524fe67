package pool

import "slices"

// few is how many entries are searched from end to end.
const few = 16

// A smallMap is a map that nearly always has one entry or two.
type smallMap[K comparable, V any] struct {
	few    []entry[K, V]
	many   map[K]V        // nil while few will do
	inline [1]entry[K, V] // room for few, as long as it will do
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func (m *smallMap[K, V]) len() int { return len(m.few) + len(m.many) }

// get returns the value of k, the zero value if there is none.
func (m *smallMap[K, V]) get(k K) (v V) {
	if m.many != nil {
		return m.many[k]
	}
	for i := range m.few {
		if m.few[i].key == k {
			return m.few[i].value
		}
	}
	return v
}

// put sets the value of k.
func (m *smallMap[K, V]) put(k K, v V) {
	if m.many != nil {
		m.many[k] = v
		return
	}
	for i := range m.few {
		if m.few[i].key == k {
			m.few[i].value = v
			return
		}
	}
	if m.few == nil {
		m.few = m.inline[:0]
	}
	if m.few = append(m.few, entry[K, V]{k, v}); len(m.few) <= few {
		return
	}
	m.many = make(map[K]V, 2*few)
	for _, e := range m.few {
		m.many[e.key] = e.value
	}
	m.few = nil
}

// reset empties m.
func (m *smallMap[K, V]) reset() {
	clear(m.few)
	m.few, m.many = m.few[:0], nil
}

// delete removes k, if it is there.
func (m *smallMap[K, V]) delete(k K) {
	delete(m.many, k)
	m.few = slices.DeleteFunc(m.few, func(e entry[K, V]) bool { return e.key == k })
	if len(m.many) == 0 {
		m.many = nil
	}
}
