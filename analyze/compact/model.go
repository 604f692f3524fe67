package compact

import (
	"slices"
	"unsafe"
)

// A Model says of each word of some parts what it is expected to be. It is made of the first ones that are packed
// with it, for connections resemble each other; the zero Model has yet to be made. A word that was the same as one
// before it is expected to be so again: times, packet numbers and sequence numbers stand at many places. Of a list as many
// words have numbers as it had then: what lies behind has the same number whatever the list holds.
//
// There are many models, and where little memory is permitted they take much of it: so most of a word is told in two bytes.
type Model struct {
	made   bool
	is     []expected
	values []uint64
	refs   []reference
}

// What is expected of a word: zero; or, by the two highest bits, the nth of the model's values, the same as the nth word, or
// what the nth of the model's references is of.
type expected uint16

const (
	isValue expected = iota << 14
	isSame
	isRef
	whichOne expected = 1<<14 - 1
)

// A reference is what a pointer, or a string, referred to that was no part; or the words of a list.
type reference struct {
	at          unsafe.Pointer // nil: it is a list, whose elements follow
	text        string
	word, words int32
}

// value returns what a word is where this is expected.
func (r *reference) value() uint64 {
	if r.at == nil {
		return isInline
	}
	return isModels
}

// distinctive words are no flags, counts or the like: two that are equal are so for a reason.
const distinctive = 1 << 10

// Memory returns how many bytes m takes.
func (m *Model) Memory() int {
	return int(unsafe.Sizeof(*m)) + cap(m.is)*int(unsafe.Sizeof(expected(0))) + cap(m.values)*int(unsafe.Sizeof(uint64(0))) +
		cap(m.refs)*int(unsafe.Sizeof(reference{}))
}

// learn makes m of the words of what was packed. They are unpacked with it, too, though zero was expected of each: those
// that were not zero have been written out, and m expects the same of the others. Words behind as many as have room are
// expected to be zero still.
func (m *Model) learn(all []uint64, refs []reference) {
	all = all[:min(len(all), int(whichOne))]
	m.is = make([]expected, len(all))
	first, values := map[uint64]int{}, map[uint64]int{0: 0}
	m.values = append(m.values, 0)
	for i, w := range all {
		if at, ok := first[w]; ok {
			m.is[i] = isSame | expected(at)
			continue
		}
		if w >= distinctive {
			first[w] = i
		}
		if _, ok := values[w]; !ok {
			values[w] = len(m.values)
			m.values = append(m.values, w)
		}
		m.is[i] = isValue | expected(values[w])
	}
	for _, r := range refs {
		if int(r.word) < len(all) {
			m.is[r.word] = isRef | expected(len(m.refs))
			m.refs = append(m.refs, r)
		}
	}
	m.values, m.refs = slices.Clip(m.values), slices.Clip(m.refs)
	m.made = true
}

// word returns what word i is expected to be after those in all; one without a number, -1, is expected to be zero.
func (m *Model) word(i int, all []uint64) uint64 {
	if i < 0 || i >= len(m.is) {
		return 0
	}
	return m.expects(m.is[i], all)
}

// expects returns the word that x says is expected.
func (m *Model) expects(x expected, all []uint64) uint64 {
	switch {
	case x < isSame:
		return m.values[x]
	case x < isRef:
		return all[x&whichOne]
	}
	return m.refs[x&whichOne].value()
}

// ref returns what word i is expected to refer to, nil: to nothing.
func (m *Model) ref(i int) *reference {
	if i < 0 || i >= len(m.is) || m.is[i]&^whichOne != isRef {
		return nil
	}
	return &m.refs[m.is[i]&whichOne]
}

// list returns how many words of the list have numbers whose first word is i.
func (m *Model) list(i int) int {
	if r := m.ref(i); r != nil {
		return int(r.words)
	}
	return 0
}
