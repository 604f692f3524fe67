package compact

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

// What is packed is a row of tokens, each of one byte, with what it needs behind it:
//
//	0x00-0x3f  so many words, and one more, are as expected
//	0x40-0x7f  a word that was the nth of those that were written out
//	0x80-0x87  a word, written out: so many bytes, and one more
//	0x88-0x8f  likewise by how far it is from the base, its sign in the lowest bit
//	0x90-0x97  likewise by how far it is from what was expected
//	0x98-0x9f  likewise by how much farther that is than with the latest like it: so many bytes
//	0xa0-0xa7  a word of four bytes by how much farther it is than the latest or, from 0xa4 on, the one before: so many bytes
//	0xa8-0xff  a word less than that many
//
// The words of a list that is packed with what it belongs to follow on the list's own three.
const (
	tokenExpected = 0x00
	tokenBefore   = 0x40
	tokenWhole    = 0x80
	tokenBase     = 0x88
	tokenOff      = 0x90
	tokenFarther  = 0x98
	tokenApart    = 0xa0
	tokenSmall    = 0xa8

	most  = 64               // by tokenExpected and tokenBefore
	small = 256 - tokenSmall // words below it
)

// What the word of a pointer says. A list's says whether its elements follow, too.
const (
	isNil       = iota
	isElsewhere // the next of the references
	isModels    // what the model refers to there
	isInline    // a list whose elements follow
	isOther     // a place in a part, or one of the references once more
)

// inside says that a pointer leads to a part, again that it is a reference that was.
func inside(part int, off uintptr) uint64 { return isOther + 2*(uint64(part)+uint64(off)*maxParts) }
func again(ref int) uint64                { return isOther + 2*uint64(ref) + 1 }

// maxParts is how many parts there may be.
const maxParts = 16

// mostInline is the most bytes of a list that is packed with what it belongs to; a longer one is moved as a
// whole, for to copy it again and again would cost more than it saves; unless it has pointers, which may lead into a part.
const mostInline = 512

// Differences are how far words were from what was expected.
type differences struct {
	size    int       // of the words, in bytes: 8 of times, numbers of packets and the like, 4 of sequence numbers and the like; 0: else
	farther [2]uint64 // of the latest of 8 that was not as expected: how far it was from that; of times apart
	apart   [2]uint32 // of the latest two kinds of those of 4 that were far from what was expected: how far
}

// A Packer packs and unpacks. It is for one goroutine.
type Packer struct {
	parts []Part
	model *Model
	base  uint64

	bytes    []byte
	refs     []unsafe.Pointer
	all      []uint64 // the words that have numbers, in their order
	inList   bool
	listEnd  int // while in a list: as many words have numbers, with those of the list
	expected int // words before the next, that are as expected
	written  [most]uint64
	n        int        // of written
	index    [256]uint8 // by hash: where in written a word may be, plus 1
	differences

	learns []reference // while a model is made
	moved  int         // bytes of the lists that are moved as a whole

	types []uintptr // of the values of interfaces, by their numbers less 1: the same ones whatever is packed

	in       []byte // what is unpacked, as far as it has not been read
	inRefs   []unsafe.Pointer
	resolved int // of inRefs
}

func (p *Packer) begin(parts []Part, m *Model, base int64) {
	p.parts, p.model, p.base = parts, m, uint64(base)
	p.all, p.expected, p.n, p.inList, p.differences = p.all[:0], 0, 0, false, differences{}
}

// Pack packs parts as m expects them; base is near the most of their words that are large. The parts' references go with
// it: they may only be unpacked to, or be made anew.
func (p *Packer) Pack(parts []Part, m *Model, base int64, free *Free) (x Packed) {
	p.begin(parts, m, base)
	p.bytes, p.refs, p.learns, p.moved = p.bytes[:0], p.refs[:0], p.learns[:0], 0
	p.index = [256]uint8{}
	for i := range parts {
		p.pack(parts[i].l, parts[i].at)
	}
	p.flush()
	if !m.made {
		m.learn(p.all, p.learns)
	}
	clear(p.learns)
	x.bytes, x.byteSteps = free.bytes.copyOf(p.bytes, byteStep)
	x.refs, x.refSteps = free.refs.copyOf(p.refs, refStep)
	x.moved = uint32(p.moved)
	clear(p.refs)
	p.parts = nil
	return x
}

// pack packs what lies at an address by its layout.
func (p *Packer) pack(l *Layout, at unsafe.Pointer) {
	for i := range l.ops {
		o := &l.ops[i]
		at := unsafe.Add(at, o.off)
		switch o.kind {
		case words:
			p.size = 8
			packWords[uint64](p, at, o.n)
			p.size = 0
		case halves:
			p.size = 4
			packWords[uint32](p, at, o.n)
			p.size = 0
		case octets:
			p.octets(at, o.n)
		case pointer:
			p.pointer((*unsafe.Pointer)(at))
		case text:
			p.text((*string)(at))
		case dynamic:
			f := (*face)(at)
			p.put(p.typeNumber(f.typ))
			p.pointer(&f.value)
			if f.value == nil {
				f.typ = 0
			}
		case list:
			p.list(o.elem, (*header)(at))
		}
	}
}

// packWords packs n words that follow one another.
func packWords[T uint32 | uint64](p *Packer, at unsafe.Pointer, n uintptr) {
	all, is := p.next(n)
	for k := range n {
		w := uint64(*(*T)(unsafe.Add(at, k*unsafe.Sizeof(T(0)))))
		if k >= uintptr(len(is)) {
			p.put(w)
			continue
		}
		x := p.model.expects(is[k], p.all)
		if all[k] = w; x == w {
			p.expected++
		} else {
			p.differs(w, x)
		}
	}
}

// octets packs n bytes, eight to a word.
func (p *Packer) octets(at unsafe.Pointer, n uintptr) {
	for k := uintptr(0); k < n; k += 8 {
		var w uint64
		for j := k; j < min(n, k+8); j++ {
			w |= uint64(*(*byte)(unsafe.Add(at, j))) << (8 * (j - k))
		}
		p.put(w)
	}
}

// pointer packs a pointer. What it refers to is taken away, if it is none of the parts.
func (p *Packer) pointer(at *unsafe.Pointer) {
	if *at == nil {
		p.put(isNil)
		return
	}
	if i, off := find(p.parts, *at); i >= 0 {
		p.put(inside(i, off))
		return
	}
	p.refer(*at)
	*at = nil
}

// typeNumber returns the number of the type of an interface's value, 0: it has none. The type's address is another in
// every run where the interface was made of another one (the runtime allocates its table of methods then), and how
// many bytes a word takes must not depend on chance.
func (p *Packer) typeNumber(typ uintptr) uint64 {
	if typ == 0 {
		return 0
	}
	i := slices.Index(p.types, typ)
	if i < 0 {
		i = len(p.types)
		p.types = append(p.types, typ)
	}
	return uint64(i) + 1
}

// refer packs a pointer to what is none of the parts.
func (p *Packer) refer(at unsafe.Pointer) {
	word := p.number()
	x := p.model.ref(word)
	if !p.model.made {
		p.learns = append(p.learns, reference{word: int32(word), at: at})
	}
	switch i := slices.Index(p.refs, at); {
	case x != nil && x.at == at && x.text == "": // a text may be a part of the model's
		p.put(isModels)
	case i >= 0:
		p.put(again(i))
	default:
		p.refs = append(p.refs, at)
		p.put(isElsewhere)
	}
}

// text packs a string. One that says what the model's says is given up for that: many connections have the same name.
func (p *Packer) text(s *string) {
	p.put(uint64(len(*s)))
	x := p.model.ref(p.number())
	switch {
	case *s == "":
		p.put(isNil)
	case x != nil && x.text == *s:
		p.put(isModels)
	default:
		p.refer(unsafe.Pointer(unsafe.StringData(*s)))
		if !p.model.made {
			p.learns[len(p.learns)-1].text = *s
		}
	}
	*s = ""
}

// list packs a slice. An empty one leaves its room where it is.
func (p *Packer) list(elem *Layout, h *header) {
	defer p.endList(len(p.all), p.inList)
	part, off := find(p.parts, h.at)
	switch {
	case h.cap > 0 && part >= 0:
		p.put(inside(part, off))
		p.put(uint64(h.len))
		p.put(uint64(h.cap))
	case h.len == 0:
		p.put(isNil)
		p.put(0)
		p.put(0)
	case uintptr(h.len)*elem.size > mostInline && !elem.leads:
		n, c := h.len, h.cap
		p.moved += c * int(elem.size)
		p.refer(h.at)
		p.put(uint64(n))
		p.put(uint64(c))
		*h = header{}
	default:
		p.put(isInline)
		p.put(uint64(h.len))
		p.put(0)
		p.beginList()
		if elem.plain() {
			p.octets(h.at, uintptr(h.len)*elem.size)
		} else {
			for i := range h.len {
				p.pack(elem, unsafe.Add(h.at, uintptr(i)*elem.size))
			}
		}
		h.len = 0
	}
}

// A list begins with three words: what and where it is, its length and its capacity.
const listWords = 3

// beginList comes between those and its elements.
func (p *Packer) beginList() {
	if p.inList {
		return
	}
	p.inList = true
	if p.listEnd = math.MaxInt; p.model.made {
		p.listEnd = len(p.all) + p.model.list(len(p.all)-listWords)
	}
}

// endList comes after a list whose first word has a number, which may be one in another list.
func (p *Packer) endList(first int, inList bool) {
	if p.inList = inList; inList {
		return
	}
	if !p.model.made {
		if n := len(p.all) - first - listWords; n > 0 {
			p.learns = append(p.learns, reference{word: int32(first), words: int32(n)})
		}
		return
	}
	for end := first + listWords + p.model.list(first); len(p.all) < end; {
		p.all = append(p.all, 0)
	}
}

// number returns the number of the next word, -1: it has none.
func (p *Packer) number() int {
	if p.inList && len(p.all) >= p.listEnd {
		return -1
	}
	return len(p.all)
}

// put packs a word.
func (p *Packer) put(w uint64) {
	word := p.number()
	x := p.model.word(word, p.all)
	if word >= 0 {
		p.all = append(p.all, w)
	}
	if w == x {
		p.expected++
		return
	}
	p.differs(w, x)
}

// next gives the next n words their numbers, and returns where they are to be put and what is expected of them; nothing, if
// some have none or nothing is expected of them. Most words are as expected: so they cost little.
func (p *Packer) next(n uintptr) (all []uint64, is []expected) {
	i := len(p.all)
	end := i + int(n)
	if p.inList || end > len(p.model.is) {
		return nil, nil
	}
	p.all = slices.Grow(p.all, int(n))[:end]
	return p.all[i:], p.model.is[i:end]
}

// differs packs a word that is not x, which was expected.
func (p *Packer) differs(w, x uint64) {
	p.flush()
	last := p.lastFarther(w, x)
	before := p.apart
	kind := p.noteApart(w, x)
	if w < small {
		p.bytes = append(p.bytes, byte(tokenSmall+w))
		return
	}
	at := &p.index[hash(w)]
	if *at > 0 && p.written[*at-1] == w {
		p.bytes = append(p.bytes, tokenBefore+*at-1)
		return
	}
	if p.note(w) {
		*at = uint8(p.n)
	}
	off, base := zigzag(w-x), zigzag(w-p.base)
	if !p.model.made {
		off = math.MaxUint64 // what is expected now is not what the model expects once it is made
	}
	n := min(length(w), length(off), length(base))
	if farther := zigzag(w - x - last); p.size == 8 && p.model.made && (farther == 0 || length(farther) < n) {
		if n = 0; farther != 0 {
			n = length(farther)
		}
		p.write(tokenFarther+1, farther, n)
		return
	}
	if kind >= 0 && p.model.made {
		more := zigzag32(uint32(w-x) - before[kind])
		if m := (bits.Len32(more) + 7) / 8; m < min(n, 4) {
			p.bytes = append(p.bytes, byte(tokenApart+4*kind+m))
			p.append(uint64(more), m)
			return
		}
	}
	switch n {
	case length(w):
		p.write(tokenWhole, w, n)
	case length(base):
		p.write(tokenBase, base, n)
	default:
		p.write(tokenOff, off, n)
	}
}

// lastFarther notes how far w is from x, which was expected, and returns how far the latest like it was: connections that are
// alike differ in when they were captured, all of their times by about the same, and all numbers of their packets.
func (p *Packer) lastFarther(w, x uint64) (last uint64) {
	if p.size == 8 {
		latest := p.latestFarther(x)
		last, *latest = *latest, w-x
	}
	return last
}

// latestFarther returns how far the latest of the numbers, or of the times, was from what was expected, as x is.
func (p *Packer) latestFarther(x uint64) *uint64 { return &p.farther[min(1, x>>timeBits)] }

// noteApart notes how far w, of four bytes, is from x, which was expected, if that is far; and returns which of the latest two is
// nearest to that, -1: none is near. The sequence numbers of connections that are alike differ by as much for all that one side
// sends.
func (p *Packer) noteApart(w, x uint64) (kind int) {
	d := uint32(w - x)
	if p.size != 4 || zigzag32(d) < 1<<16 {
		return -1
	}
	kind = 0
	if zigzag32(d-p.apart[1]) < zigzag32(d-p.apart[0]) {
		kind = 1
	}
	if zigzag32(d-p.apart[kind]) >= 1<<24 {
		kind = -1
	}
	if kind != 0 {
		p.apart[1] = p.apart[0]
	}
	p.apart[0] = d
	return kind
}

// timeBits is how many bits a number takes that is no time: those are nanoseconds since 1970.
const timeBits = 48

// flush writes how many words were as expected.
func (p *Packer) flush() {
	for p.expected > 0 {
		n := min(p.expected, most)
		p.bytes = append(p.bytes, byte(tokenExpected+n-1))
		p.expected -= n
	}
}

// note notes that w is written out, if there is room.
func (p *Packer) note(w uint64) bool {
	if p.n == most {
		return false
	}
	p.written[p.n] = w
	p.n++
	return true
}

// write writes the n low bytes of w behind token.
func (p *Packer) write(token byte, w uint64, n int) {
	p.bytes = append(p.bytes, token+byte(n-1))
	p.append(w, n)
}

// append writes the n low bytes of w.
func (p *Packer) append(w uint64, n int) {
	for range n {
		p.bytes = append(p.bytes, byte(w))
		w >>= 8
	}
}

// hash returns one of 256 numbers for w.
func hash(w uint64) uint8 { return uint8(w * 0x9E3779B97F4A7C15 >> 56) }

// length returns how many bytes w takes.
func length(w uint64) int { return max(1, (bits.Len64(w)+7)/8) }

// zigzag returns d, a difference, with its sign in the lowest bit; zagzig the difference of that.
func zigzag(d uint64) uint64   { return d<<1 ^ uint64(int64(d)>>63) }
func zigzag32(d uint32) uint32 { return d<<1 ^ uint32(int32(d)>>31) }
func zagzig32(z uint32) uint32 { return z>>1 ^ -(z & 1) }
func zagzig(z uint64) uint64   { return z>>1 ^ -(z & 1) }
