package conn

import (
	"unsafe"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/compact"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// Most connections are idle most of the time. A Conn is large, for all that may ever matter has its place there; what
// matters of an idle one takes some hundred bytes (see compact). These are kept instead, and make a Conn what it was
// once another segment comes.

// A Packed is what is kept instead of a Conn on which nothing happens.
type Packed struct {
	bytes []byte
	refs  []unsafe.Pointer
	like  *likeness
	last  segment.Mark
	held  int // bytes of what refs lead to
}

// A likeness is what Conns that are packed alike have in common.
type likeness struct {
	shape
	compact.Model
}

// A shape says which parts a Conn has, and in what it is likely to be as others are.
type shape struct {
	client     segment.Dir
	reading    app.Reading
	views      [2]bool // by Dir: there is one
	atReceiver [2]bool // likewise: it is one of a receiver's
	timestamps bool
	many       bool // it has carried more than one request
}

// A Store is what the packed connections of one shard have in common. The Packer may be that of several.
type Store struct {
	Packer   *compact.Packer
	likeness map[shape]*likeness
	parts    []compact.Part

	free struct { // to pack others
		packed []*Packed
		bytes  rooms[byte]
		refs   rooms[unsafe.Pointer]
	}
}

var (
	connLayout = compact.LayoutOf[Conn]()
	viewLayout = compact.LayoutOf[tcp.SenderView]()
)

// CanPack reports whether c may be packed: it is open, and nothing but its own parts points into it.
func (c *Conn) CanPack() bool {
	x := &c.http
	return c.opened && c.State() == Open && !c.reset.exists() && x.tunnel == nil && x.connect == nil && c.app.Reading() != app.Unpackable
}

// shape returns c's.
func (c *Conn) shape() shape {
	s := shape{client: c.client, reading: c.app.Reading(), timestamps: c.half[0].Timestamps, many: c.http.facts.Count > 1}
	for d := range c.half {
		if v := c.half[d].View; v != nil {
			s.views[d], s.atReceiver[d] = true, v.AtReceiver
		}
	}
	return s
}

// Pack returns what is to be kept instead of c, which CanPack. c may serve another connection then, and so may its readers.
func (c *Conn) Pack(st *Store) *Packed {
	p := take(&st.free.packed)
	s := c.shape()
	p.like, p.last, p.held = st.like(&s), c.last, c.http.text
	readers, views := c.app.Readers(), c.views
	st.parts = append(st.parts[:0], compact.PartOf(c, connLayout))
	for d := range views {
		if s.views[d] {
			st.parts = append(st.parts, compact.PartOf(views[d], viewLayout))
		}
	}
	st.parts = c.app.Parts(st.parts)
	c.views, c.id, c.sink = [2]*tcp.SenderView{}, nil, nil // it is given them again
	bytes, refs := st.Packer.Pack(st.parts, &p.like.Model, int64(p.last.Time))
	p.bytes, p.refs = st.free.bytes.hold(bytes, bytesStep), st.free.refs.hold(refs, refsStep)
	p.held += st.Packer.Moved()
	c.views = views
	c.app.Emptied(readers)
	clear(st.parts)
	return p
}

// Unpack makes c, which may have served before, what it was when p was packed, to go on with its Identity and its sink.
// p is no longer valid then.
func (c *Conn) Unpack(p *Packed, st *Store, readers *app.Readers, id *Identity, sink Sink) {
	views := c.views
	st.parts = append(st.parts[:0], compact.PartOf(c, connLayout))
	for d, has := range p.like.views {
		if !has {
			continue
		}
		if views[d] == nil {
			views[d] = new(tcp.SenderView)
		}
		st.parts = append(st.parts, compact.PartOf(views[d], viewLayout))
	}
	st.parts = readers.Parts(p.like.reading, st.parts)
	st.Packer.Unpack(st.parts, &p.like.Model, int64(p.last.Time), p.bytes, p.refs)
	c.views, c.id, c.sink = views, id, sink
	clear(st.parts)
	st.free.bytes.give(p.bytes, bytesStep)
	st.free.refs.give(p.refs, refsStep)
	*p = Packed{}
	if len(st.free.packed) < mostFree {
		st.free.packed = append(st.free.packed, p)
	}
}

// Memory returns how many bytes p takes.
func (p *Packed) Memory() int {
	return int(unsafe.Sizeof(*p)) + cap(p.bytes) + cap(p.refs)*int(unsafe.Sizeof(p.refs[0])) + p.held
}

// LastPacket returns the latest packet of the connection that p stands for.
func (p *Packed) LastPacket() int64 { return p.last.Packet }

// like returns the likeness of what has a shape.
func (st *Store) like(s *shape) *likeness {
	l := st.likeness[*s]
	if l == nil {
		if st.likeness == nil {
			st.likeness = map[shape]*likeness{}
		}
		l = &likeness{shape: *s}
		st.likeness[*s] = l
	}
	return l
}

// Memory returns how many bytes st takes beside what is packed.
func (st *Store) Memory() int {
	n := 0
	for _, l := range st.likeness {
		n += l.Model.Memory()
	}
	return n
}

// take takes the last of list, or a new one where list is empty.
func take[T any](list *[]*T) *T {
	n := len(*list) - 1
	if n < 0 {
		return new(T)
	}
	x := (*list)[n]
	*list = (*list)[:n]
	return x
}

// rooms are slices that hold nothing, by how many steps of their elements each has room for.
type rooms[T any] struct {
	by [sizes][][]T
	n  int
}

// What is packed takes whole steps of bytes and of references, so that it serves again. What takes more than
// there are sizes does not, and no more does than mostFree of each.
const (
	bytesStep = 32
	refsStep  = 2
	sizes     = 16
	mostFree  = 64
)

// hold returns a copy of what.
func (r *rooms[T]) hold(what []T, step int) []T {
	n := (len(what) + step - 1) / step
	if n == 0 {
		return nil
	}
	if n <= sizes {
		if l := &r.by[n-1]; len(*l) > 0 {
			last := len(*l) - 1
			to := (*l)[last]
			(*l)[last] = nil
			*l = (*l)[:last]
			r.n--
			return append(to, what...)
		}
	}
	return append(make([]T, 0, n*step), what...)
}

// give takes back what hold has returned.
func (r *rooms[T]) give(what []T, step int) {
	if n := cap(what) / step; n > 0 && n <= sizes && r.n < mostFree {
		clear(what)
		r.by[n-1] = append(r.by[n-1], what[:0])
		r.n++
	}
}
