package compact

import "unsafe"

// A Model says of each word of some parts what it is expected to be. It is made of the first ones that are packed
// with it, for connections resemble each other; the zero Model has yet to be made. A word that was the same as one
// before it is expected to be so again: times, packet numbers and sequence numbers stand at many places.
type Model struct {
	made bool
	is   []expected
	refs []reference
}

// An expected word is what word number from is, or value where from is 0.
type expected struct {
	value uint64
	from  int32 // plus 1
	ref   int32 // where in refs what it refers to is, plus 1; 0: to nothing
}

// A reference is what a pointer, or a string, referred to that was no part.
type reference struct {
	word int
	at   unsafe.Pointer
	text string
}

// distinctive words are no flags, counts or the like: two that are equal are so for a reason.
const distinctive = 1 << 10

// Memory returns how many bytes m takes.
func (m *Model) Memory() int {
	return int(unsafe.Sizeof(*m)) + cap(m.is)*int(unsafe.Sizeof(expected{})) + cap(m.refs)*int(unsafe.Sizeof(reference{}))
}

// learn makes m of the words of what was packed. They are unpacked with it, too, though zero was expected of each: those
// that were not zero have been written out, and m expects the same of the others.
func (m *Model) learn(all []uint64, refs []reference) {
	first := map[uint64]int{}
	m.is = make([]expected, len(all))
	for i, w := range all {
		m.is[i].value = w
		if w < distinctive {
			continue
		}
		if at, ok := first[w]; ok {
			m.is[i].from = int32(at) + 1
		} else {
			first[w] = i
		}
	}
	m.refs = append(m.refs, refs...)
	for i, r := range refs {
		m.is[r.word].ref = int32(i) + 1
	}
	m.made = true
}

// word returns what word i is expected to be after those in all, and what it is expected to refer to, nil: to
// nothing.
func (m *Model) word(i int, all []uint64) uint64 {
	if i >= len(m.is) {
		return 0
	}
	x := &m.is[i]
	if x.from > 0 {
		return all[x.from-1]
	}
	return x.value
}

// ref returns what word i is expected to refer to, nil: to nothing.
func (m *Model) ref(i int) *reference {
	if i >= len(m.is) || m.is[i].ref == 0 {
		return nil
	}
	return &m.refs[m.is[i].ref-1]
}
