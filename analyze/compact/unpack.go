package compact

import (
	"reflect"
	"unsafe"
)

// Unpack makes parts, which may lie elsewhere now, what they were when they were packed to x. What they hold of their own
// gives room to their lists. x is not valid any more.
func (p *Packer) Unpack(parts []Part, m *Model, base int64, x *Packed, free *Free) {
	p.begin(parts, m, base)
	p.in, p.inRefs, p.resolved = unsafe.Slice(x.bytes, byteStep*int(x.byteSteps)), unsafe.Slice(x.refs, refStep*int(x.refSteps)), 0
	for i := range parts {
		p.unpack(parts[i].l, parts[i].at)
	}
	p.in, p.inRefs, p.parts = nil, nil, nil
	free.bytes.release(x.bytes, x.byteSteps, byteStep)
	free.refs.release(x.refs, x.refSteps, refStep)
	*x = Packed{}
}

func (p *Packer) unpack(l *Layout, at unsafe.Pointer) {
	for i := range l.ops {
		o := &l.ops[i]
		at := unsafe.Add(at, o.off)
		switch o.kind {
		case words:
			p.size = 8
			unpackWords[uint64](p, at, o.n)
			p.size = 0
		case halves:
			p.size = 4
			unpackWords[uint32](p, at, o.n)
			p.size = 0
		case octets:
			p.putOctets(at, o.n)
		case pointer:
			*(*unsafe.Pointer)(at) = p.target()
		case text:
			n, word := int(p.get()), p.number()
			if w := p.get(); w == isModels {
				*(*string)(at) = p.model.ref(word).text
			} else {
				*(*string)(at) = unsafe.String((*byte)(p.resolve(w, word)), n)
			}
		case dynamic:
			f := (*face)(at)
			f.value = nil // never a value that is not of its type
			f.typ = 0
			if n := p.get(); n > 0 {
				f.typ = p.types[n-1]
			}
			f.value = p.target()
		case list:
			p.putList(o.elem, (*header)(at))
		}
	}
}

// unpackWords is the inverse of packWords.
func unpackWords[T uint32 | uint64](p *Packer, at unsafe.Pointer, n uintptr) {
	all, is := p.next(n)
	for k := range n {
		to := (*T)(unsafe.Add(at, k*unsafe.Sizeof(T(0))))
		if k >= uintptr(len(is)) {
			*to = T(p.get())
			continue
		}
		x := p.model.expects(is[k], p.all)
		if p.expected > 0 {
			p.expected--
		} else {
			x = p.token(x)
		}
		all[k], *to = x, T(x)
	}
}

func (p *Packer) putOctets(at unsafe.Pointer, n uintptr) {
	for k := uintptr(0); k < n; k += 8 {
		w := p.get()
		for j := k; j < min(n, k+8); j++ {
			*(*byte)(unsafe.Add(at, j)) = byte(w >> (8 * (j - k)))
		}
	}
}

// target returns what the next word, a pointer, points to.
func (p *Packer) target() unsafe.Pointer {
	word := p.number()
	return p.resolve(p.get(), word)
}

// resolve returns the pointer that w says, the word of a number.
func (p *Packer) resolve(w uint64, word int) unsafe.Pointer {
	switch {
	case w == isNil:
		return nil
	case w == isElsewhere:
		p.resolved++
		return p.inRefs[p.resolved-1]
	case w == isModels:
		return p.model.ref(word).at
	case w%2 != isOther%2:
		return p.inRefs[(w-isOther)/2]
	}
	w = (w - isOther) / 2
	return unsafe.Add(p.parts[w%maxParts].at, uintptr(w/maxParts))
}

// putList unpacks a slice. It is given the room that h has, if that is none of the parts and large enough.
func (p *Packer) putList(elem *Layout, h *header) {
	defer p.endList(len(p.all), p.inList)
	word := p.number()
	is := p.get()
	n, c := int(p.get()), int(p.get())
	switch is {
	case isNil:
		h.len = 0
	case isInline:
		if part, _ := find(p.parts, h.at); part >= 0 || h.cap < n {
			h.len, h.cap = 0, 0
			h.at = reflect.MakeSlice(reflect.SliceOf(elem.typ), n, n).UnsafePointer()
			h.cap = n
		}
		p.beginList()
		if elem.plain() {
			p.putOctets(h.at, uintptr(n)*elem.size)
		} else {
			for i := range n {
				p.unpack(elem, unsafe.Add(h.at, uintptr(i)*elem.size))
			}
		}
		h.len = n
	default:
		h.len, h.cap = 0, 0
		h.at = p.resolve(is, word)
		h.len, h.cap = n, c
	}
}

// get unpacks a word.
func (p *Packer) get() (w uint64) {
	word := p.number()
	x := p.model.word(word, p.all)
	switch {
	case p.expected > 0:
		p.expected--
		w = x
	default:
		w = p.token(x)
	}
	if word >= 0 {
		p.all = append(p.all, w)
	}
	return w
}

// token reads a token and returns the word that it stands for; x was expected.
func (p *Packer) token(x uint64) (w uint64) {
	t := p.in[0]
	p.in = p.in[1:]
	switch {
	case t < tokenBefore:
		p.expected = int(t)
		return x
	case t < tokenWhole:
		w = p.written[t-tokenBefore]
	case t >= tokenSmall:
		w = uint64(t - tokenSmall)
	default:
		w = p.writtenOut(t, x)
		p.note(w)
	}
	p.lastFarther(w, x)
	p.noteApart(w, x)
	return w
}

// writtenOut reads what follows on a token and returns the word that both stand for; x was expected.
func (p *Packer) writtenOut(t byte, x uint64) (w uint64) {
	n := int(t&7) + 1
	switch {
	case t >= tokenApart:
		n = int(t & 3)
	case t >= tokenFarther:
		n--
	}
	for i := range n {
		w |= uint64(p.in[i]) << (8 * i)
	}
	p.in = p.in[n:]
	switch {
	case t >= tokenApart:
		return uint64(uint32(x) + p.apart[t>>2&1] + zagzig32(uint32(w)))
	case t >= tokenFarther:
		return x + *p.latestFarther(x) + zagzig(w)
	case t >= tokenOff:
		return x + zagzig(w)
	case t >= tokenBase:
		return p.base + zagzig(w)
	}
	return w
}
