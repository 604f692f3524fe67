package compact

import "unsafe"

// A Model says of each word of some parts what it is expected to be. It is made of the first ones that are packed
// with it, for connections resemble each other; the zero Model has yet to be made. A word that was the same as one
// before it is expected to be so again: times, packet numbers and sequence numbers stand at many places. Of a list as many
// words have numbers as it had then: what lies behind has the same number whatever the list holds.
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

// A reference is what a pointer, or a string, referred to that was no part; or the words of a list.
type reference struct {
	word  int
	at    unsafe.Pointer // nil: it is a list
	text  string
	words int
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
		if m.is[r.word].ref = int32(i) + 1; r.at != nil {
			m.is[r.word].value, m.is[r.word].from = isModels, 0
		}
	}
	m.made = true
}

// word returns what word i is expected to be after those in all; one without a number, -1, is expected to be zero.
func (m *Model) word(i int, all []uint64) uint64 {
	if i < 0 || i >= len(m.is) {
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
	if i < 0 || i >= len(m.is) || m.is[i].ref == 0 {
		return nil
	}
	return &m.refs[m.is[i].ref-1]
}

// list returns how many words of the list have numbers whose first word is i.
func (m *Model) list(i int) int {
	if r := m.ref(i); r != nil {
		return r.words
	}
	return 0
}
