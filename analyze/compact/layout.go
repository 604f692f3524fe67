package compact

import (
	"fmt"
	"reflect"
	"unsafe"
)

// A Layout says where the parts of a type lie.
type Layout struct {
	typ  reflect.Type
	size uintptr
	ops  []op

	leads bool // there are pointers in it, beside those of strings
}

// A kind is what an op is about.
type kind uint8

const (
	words   kind = iota // n words of eight bytes that hold no pointers
	halves              // n words of four bytes, likewise
	octets              // n bytes, likewise
	pointer             // to anything; a map's, a channel's, a function's is one, too
	text                // a string
	list                // a slice of elem
	dynamic             // an interface: a pointer to its type, which does not move and stays, and one to its value
)

// An op is a part of a type.
type op struct {
	kind kind
	off  uintptr
	n    uintptr
	elem *Layout
}

// LayoutOf returns the layout of T.
func LayoutOf[T any]() *Layout { return layoutOf(reflect.TypeFor[T]()) }

func layoutOf(t reflect.Type) *Layout {
	l := &Layout{typ: t, size: t.Size()}
	l.add(t, 0)
	return l
}

// add adds what a t that lies at off consists of.
func (l *Layout) add(t reflect.Type, off uintptr) {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			l.add(f.Type, off+f.Offset)
		}
	case reflect.Array:
		for i := range t.Len() {
			l.add(t.Elem(), off+uintptr(i)*t.Elem().Size())
		}
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func:
		l.ops, l.leads = append(l.ops, op{kind: pointer, off: off}), true
	case reflect.String:
		l.ops = append(l.ops, op{kind: text, off: off})
	case reflect.Interface:
		l.ops, l.leads = append(l.ops, op{kind: dynamic, off: off}), true
	case reflect.Slice:
		l.ops, l.leads = append(l.ops, op{kind: list, off: off, elem: layoutOf(t.Elem())}), true
	default:
		switch size := t.Size(); size {
		case 8:
			l.scalar(words, off, 8)
		case 4:
			l.scalar(halves, off, 4)
		case 1, 2:
			for i := range size {
				l.scalar(octets, off+i, 1)
			}
		default:
			panic(fmt.Sprintf("compact: no layout of %v", t))
		}
	}
}

// scalar adds one of size bytes, to the op before it if it is alike.
func (l *Layout) scalar(k kind, off, size uintptr) {
	if n := len(l.ops) - 1; n >= 0 {
		if last := &l.ops[n]; last.kind == k && last.off+last.n*size == off {
			last.n++
			return
		}
	}
	l.ops = append(l.ops, op{kind: k, off: off, n: 1})
}

// plain reports whether l is one of bytes.
func (l *Layout) plain() bool { return len(l.ops) == 1 && l.ops[0].kind == octets }

// A header is how a slice lies in memory.
type header struct {
	at       unsafe.Pointer
	len, cap int
}

// A face is how an interface lies in memory.
type face struct {
	typ   uintptr
	value unsafe.Pointer
}

// A Part is a piece of memory that is packed.
type Part struct {
	at unsafe.Pointer
	l  *Layout
}

// PartOf returns x, whose layout is l, as a part to be packed.
func PartOf[T any](x *T, l *Layout) Part { return Part{unsafe.Pointer(x), l} }

// find returns in which of parts at lies, and where there; -1: in none.
func find(parts []Part, at unsafe.Pointer) (i int, off uintptr) {
	for i := range parts {
		if off := uintptr(at) - uintptr(parts[i].at); off < parts[i].l.size {
			return i, off
		}
	}
	return -1, 0
}

// Within reports whether at lies in one of parts.
func Within(parts []Part, at unsafe.Pointer) bool {
	i, _ := find(parts, at)
	return i >= 0
}
