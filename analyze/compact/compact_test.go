package compact

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"
)

type inner struct {
	a    int8
	b    uint16
	c    [3]byte
	d    bool
	name string
	list []uint16
}

// A whole has a field of each kind.
type whole struct {
	when, then int64
	n          int32
	u          uint32
	f          float64
	in         [2]inner
	part       *second
	itself     *whole
	other      *int
	text, same string
	bytes      []byte
	room       [2]inner
	short      []inner // sometimes in room
	long       []uint64
	strings    []string
	any        fmt.Stringer
	call       func() int
	table      map[string]int
	_          struct{}
}

type second struct {
	back  *whole
	field *int32
	all   [40]uint64
}

func (s *second) String() string { return "second" }

// anyWhole returns one with anything in it, and what it points to as a part.
func anyWhole(r *rand.Rand) (*whole, *second) {
	w, s := new(whole), new(second)
	some := func() bool { return r.IntN(3) > 0 }
	word := func() string { return [...]string{"", "a", "GET", "example"}[r.IntN(4)] }
	if w.when = r.Int64N(1e18); some() {
		w.then = w.when + r.Int64N(1e9) - 5e8
	}
	w.n, w.u, w.f = r.Int32N(3), r.Uint32(), r.Float64()
	for i := range w.in {
		w.in[i] = inner{int8(r.Uint32()), uint16(r.Uint32()), [3]byte{1, byte(r.Uint32())}, some(), word(), make([]uint16, r.IntN(3))}
	}
	if some() {
		w.part, w.itself, s.back, s.field = s, w, w, &w.n
	}
	if some() {
		w.other = new(int)
	}
	w.text = word()
	w.same = w.text
	w.bytes = []byte(word() + word())
	if w.short = w.room[:r.IntN(3)]; some() {
		w.short = make([]inner, r.IntN(3), 4)
	}
	for i := range w.short {
		w.short[i].name = word()
	}
	for range r.IntN(2) * 200 {
		w.long = append(w.long, r.Uint64())
	}
	w.strings = []string{word(), word()}[:r.IntN(3)]
	if w.any = nil; some() {
		w.any = s
	}
	if some() {
		w.call, w.table = func() int { return 7 }, map[string]int{"x": 1}
	}
	for i := range s.all {
		s.all[i] = r.Uint64() >> r.IntN(64) * uint64(r.IntN(2))
	}
	return w, s
}

// alike reports whether b, unpacked elsewhere, is what a was: what pointed into a, or its second, points into b's.
func alike(a, b *whole, sa, sb *second) bool {
	x, y := *a, *b
	p, q := *sa, *sb
	if (x.part == sa) != (y.part == sb) || (x.itself == a) != (y.itself == b) || (p.field == &a.n) != (q.field == &b.n) || x.other != y.other {
		return false
	}
	x.part, y.part, x.itself, y.itself, p.back, q.back = nil, nil, nil, nil, nil, nil
	if (x.any != nil) != (y.any != nil) || x.any != nil && (x.any.(*second) != sa || y.any.(*second) != sb) {
		return false
	}
	if (x.call != nil) != (y.call != nil) || x.call != nil && y.call() != 7 {
		return false
	}
	inRoom := func(w *whole) bool { return cap(w.short) > 0 && unsafe.SliceData(w.short[:1]) == &w.room[0] }
	if inRoom(a) != inRoom(b) && len(a.short) > 0 {
		return false
	}
	x.any, y.any, x.call, y.call = nil, nil, nil, nil
	return fmt.Sprintf("%+v %v", x, p.all) == fmt.Sprintf("%+v %v", y, q.all) // nil and empty are the same here
}

// What is packed is unpacked as it was, wherever that lies now and whatever it was before.
func TestUnpackedAsBefore(t *testing.T) {
	layout, layout2 := LayoutOf[whole](), LayoutOf[second]()
	r := rand.New(rand.NewPCG(1, 2))
	var p Packer
	var free Free
	for range 100 {
		var m Model
		first, first2 := anyWhole(r)
		p.Pack([]Part{PartOf(first, layout), PartOf(first2, layout2)}, &m, first.when, &free)
		to, to2 := anyWhole(r)
		for range 20 {
			a, s := anyWhole(r)
			parts := []Part{PartOf(a, layout), PartOf(s, layout2)}
			before, before2 := *a, *s
			before.short, before.strings, before.bytes = append([]inner(nil), a.short...), append([]string(nil), a.strings...), append([]byte(nil), a.bytes...)
			for i := range before.short {
				before.short[i].list = append([]uint16(nil), before.short[i].list...)
			}
			x := p.Pack(parts, &m, a.when, &free)
			parts2 := []Part{PartOf(to, layout), PartOf(to2, layout2)}
			p.Unpack(parts2, &m, before.when, &x, &free)
			// a's own pointers have been taken away: it is compared as it was.
			*a, *s = before, before2
			if cap(to.short) > 0 && unsafe.SliceData(to.short[:1]) == &to.room[0] {
				a.short = a.room[:len(a.short)]
			}
			if !alike(a, to, s, to2) {
				t.Fatalf("unpacked it is\n%+v %+v\nnot\n%+v %+v", to, to2, a, s)
			}
		}
	}
}

// What is as with others takes next to nothing, and a string that says the same is given up.
func TestAsExpected(t *testing.T) {
	layout := LayoutOf[whole]()
	var p Packer
	var free Free
	var m Model
	at := func(when int64) *whole {
		return &whole{when: when, then: when, n: 1460, text: string([]byte("example"))}
	}
	a := at(1e18)
	p.Pack([]Part{PartOf(a, layout)}, &m, 1e18, &free)
	a = at(1e18 + 5e17)
	x := p.Pack([]Part{PartOf(a, layout)}, &m, 1e18+5e17, &free)
	if len(p.bytes) > 8 || x.refs != nil {
		t.Errorf("% x with %d references", p.bytes, x.refSteps)
	}
}

// Each byte of a struct, but for its padding, belongs to one part of its layout.
func TestLayoutIsComplete(t *testing.T) {
	l := LayoutOf[whole]()
	sizes := map[kind]uintptr{pointer: 8, text: 16, dynamic: 16, list: 24}
	at := make([]int, l.size)
	for _, o := range l.ops {
		n := sizes[o.kind]
		switch o.kind {
		case words:
			n = 8 * o.n
		case halves:
			n = 4 * o.n
		case octets:
			n = o.n
		}
		for i := range n {
			at[o.off+i]++
		}
	}
	var padding int
	for i, n := range at {
		if n > 1 {
			t.Errorf("byte %d is in %d parts", i, n)
		}
		if n == 0 {
			padding++
		}
	}
	if padding > 32 {
		t.Errorf("%d bytes are in no part", padding)
	}
}

// To pack and to unpack allocates nothing, once room has been made.
func TestAllocations(t *testing.T) {
	layout, layout2 := LayoutOf[whole](), LayoutOf[second]()
	var p Packer
	var free Free
	var m Model
	a, s := anyWhole(rand.New(rand.NewPCG(3, 4)))
	parts := []Part{PartOf(a, layout), PartOf(s, layout2)}
	if n := testing.AllocsPerRun(100, func() {
		x := p.Pack(parts, &m, a.when, &free)
		p.Unpack(parts, &m, a.when, &x, &free)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPack(b *testing.B) {
	layout, layout2 := LayoutOf[whole](), LayoutOf[second]()
	var p Packer
	var free Free
	var m Model
	a, s := anyWhole(rand.New(rand.NewPCG(3, 4)))
	parts := []Part{PartOf(a, layout), PartOf(s, layout2)}
	for b.Loop() {
		x := p.Pack(parts, &m, 0, &free)
		p.Unpack(parts, &m, 0, &x, &free)
	}
}

// A model is made of the first that is packed, which comes back as it was, too: also what is negative in it.
func TestFirstOfAModelComesBack(t *testing.T) {
	type numbers struct{ a, b, c int64 }
	layout, in := LayoutOf[numbers](), numbers{-1, -5000, -1 << 40}
	var p Packer
	var m Model
	var free Free
	for range 2 {
		from, to := in, numbers{}
		x := p.Pack([]Part{PartOf(&from, layout)}, &m, 1e18, &free)
		if p.Unpack([]Part{PartOf(&to, layout)}, &m, 1e18, &x, &free); to != in {
			t.Errorf("%+v, packed as %+v", to, in)
		}
	}
}

type first struct{ second }

type third struct{ second }

// What the value of an interface takes does not depend on where the runtime has its type, which is another place in every run:
// one byte says it. What a connection takes decides which ones are given up.
func TestTypesTakeOneByte(t *testing.T) {
	type face struct{ is fmt.Stringer }
	l := LayoutOf[face]()
	var p Packer
	var free Free
	for i, is := range []fmt.Stringer{new(second), new(first), new(third), new(second)} {
		x, m := face{is}, new(Model)
		packed := p.Pack([]Part{PartOf(&x, l)}, m, 0, &free)
		if n := len(p.bytes); n != 2 {
			t.Errorf("the %dth takes %d bytes, want one for its type and one for its value", i, n)
		}
		var y face
		p.Unpack([]Part{PartOf(&y, l)}, m, 0, &packed, &free)
		if y.is != is {
			t.Errorf("the %dth is unpacked to %T, want %T", i, y.is, is)
		}
	}
}

// A text that begins where the model's does, and is shorter, stays what it is.
func TestPartOfTheModelsText(t *testing.T) {
	l := LayoutOf[string]()
	var p Packer
	var free Free
	var m Model
	long := string([]byte("a.example"))
	for _, want := range []string{long, long[:1], long} {
		x, y := want, ""
		packed := p.Pack([]Part{PartOf(&x, l)}, &m, 0, &free)
		if p.Unpack([]Part{PartOf(&y, l)}, &m, 0, &packed, &free); y != want {
			t.Errorf("%q is unpacked to %q", want, y)
		}
	}
}

// Where parts are alike but for when they were captured, and which packets they were, a byte says each of their times and
// numbers behind the first of each.
func TestAlikeButForWhen(t *testing.T) {
	type whens struct{ times, packets [8]int64 }
	l := LayoutOf[whens]()
	var p Packer
	var free Free
	var m Model
	for n := range int64(4) {
		var x, y whens
		for i := range int64(8) {
			x.times[i], x.packets[i] = 1<<60+n*1e10+i*i*1e6, 3000+n*70_000+i*i
		}
		want := x
		packed := p.Pack([]Part{PartOf(&x, l)}, &m, 1<<60, &free)
		if n > 0 && len(p.bytes) > 7+7+4+7 {
			t.Errorf("they take %d bytes", len(p.bytes))
		}
		if p.Unpack([]Part{PartOf(&y, l)}, &m, 1<<60, &packed, &free); y != want {
			t.Errorf("%v is unpacked to %v", want, y)
		}
	}
}

// What is larger than a model has room for comes back, too, whatever its words are.
func TestMoreThanAModel(t *testing.T) {
	type large struct{ all [20_000]uint64 }
	l := LayoutOf[large]()
	r := rand.New(rand.NewPCG(5, 6))
	var p Packer
	var m Model
	var free Free
	for range 3 {
		x, y := new(large), new(large)
		for i := range x.all {
			x.all[i] = r.Uint64()
		}
		want := *x
		packed := p.Pack([]Part{PartOf(x, l)}, &m, 0, &free)
		if p.Unpack([]Part{PartOf(y, l)}, &m, 0, &packed, &free); *y != want {
			t.Fatal("it is not as it was")
		}
	}
}

// Where two rows of sequence numbers begin elsewhere than with others, and go on alike, two bytes say most of them, and one
// where they go on the same.
func TestAlikeButForWhereTheyBegin(t *testing.T) {
	type numbers struct{ all [16]uint32 }
	l := LayoutOf[numbers]()
	r := rand.New(rand.NewPCG(7, 8))
	var p Packer
	var m Model
	var free Free
	for n := range 50 {
		var x, y numbers
		begin := [2]uint32{r.Uint32(), r.Uint32()}
		for i := range uint32(16) {
			x.all[i] = begin[i%2] + i*1000 + i/8*r.Uint32N(50)
		}
		want := x
		packed := p.Pack([]Part{PartOf(&x, l)}, &m, 0, &free)
		if n > 0 && len(p.bytes) > 2*6+6*1+8*2+1 {
			t.Errorf("they take %d bytes", len(p.bytes))
		}
		if p.Unpack([]Part{PartOf(&y, l)}, &m, 0, &packed, &free); y != want {
			t.Errorf("%v is unpacked to %v", want, y)
		}
	}
}
