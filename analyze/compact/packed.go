package compact

import (
	"fmt"
	"math"
	"unsafe"
)

// A Packed is what Parts were packed to. It is small, for there may be many; how long it is it tells in whole steps, so that
// its memory can serve another.
type Packed struct {
	bytes               *byte // the tokens; what follows the last is not read
	refs                *unsafe.Pointer
	byteSteps, refSteps uint16
	moved               uint32 // bytes of what references lead to: of the lists that were not packed but moved, and what was charged
}

const (
	byteStep = 16 // as the runtime's size classes are apart
	refStep  = 2
)

// Memory returns how many bytes p takes beside itself, with what it has of the parts' own.
func (p *Packed) Memory() int {
	return byteStep*int(p.byteSteps) + refStep*int(unsafe.Sizeof(unsafe.Pointer(nil)))*int(p.refSteps) + int(p.moved)
}

// Charge counts n bytes more, which are of what p refers to.
func (p *Packed) Charge(n int) { p.moved += uint32(n) }

// A Free is memory that has been a Packed's.
type Free struct {
	bytes blocks[byte]
	refs  blocks[unsafe.Pointer]
}

// blocks are pieces of memory, by their steps. Larger ones do not serve again.
type blocks[T any] struct {
	of [32][]*T
	n  int
}

// mostFree is how many blocks of a kind wait to serve again.
const mostFree = 64

// copyOf returns a copy of what, of whole steps.
func (b *blocks[T]) copyOf(what []T, step int) (x *T, steps uint16) {
	n := (len(what) + step - 1) / step
	if n > math.MaxUint16 {
		panic(fmt.Sprintf("compact: %d steps", n)) // what is packed is bounded far below that
	}
	switch {
	case n == 0:
		return nil, 0
	case n <= len(b.of) && len(b.of[n-1]) > 0:
		l := &b.of[n-1]
		last := len(*l) - 1
		x, (*l)[last] = (*l)[last], nil
		*l = (*l)[:last]
		b.n--
	default:
		x = unsafe.SliceData(make([]T, n*step))
	}
	copy(unsafe.Slice(x, n*step), what)
	return x, uint16(n)
}

// release takes back what copyOf has returned.
func (b *blocks[T]) release(x *T, steps uint16, step int) {
	if steps == 0 || int(steps) > len(b.of) || b.n >= mostFree {
		return
	}
	clear(unsafe.Slice(x, int(steps)*step))
	b.of[steps-1] = append(b.of[steps-1], x)
	b.n++
}
