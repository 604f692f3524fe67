package conn

import (
	"unsafe"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/compact"
	"tcpwarm/analyze/freelist"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// Most connections are idle most of the time. A Conn is large, for all that may ever matter has its place there; what
// matters of an idle one takes some hundred bytes (see compact). These are kept instead, and make a Conn what it was
// once another segment comes.

// A Resting is what is kept instead of a Conn: of one that is half-open its SYNs, of another what it was packed to. There may
// be many of them: it is small.
type Resting struct {
	first       syn  // if half-open: its mark is the connection's
	keepTargets bool // likewise: as Env said when that began
	open        bool // not half-open
	packed      *packed
}

// A packed is a Conn, or the SYNs after the first.
type packed struct {
	model *shapeModel
	last  segment.Mark
	compact.Packed
}

// A shapeModel is the model of Conns that have a shape.
type shapeModel struct {
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
	many       bool        // it has carried more than one request
	tunnel     bool        // it is one
	inside     app.Reading // likewise: how what runs inside is read
}

// A Store is what the packed connections of one shard have in common. The Packer may be that of several.
type Store struct {
	Packer *compact.Packer
	models map[shape]*shapeModel
	syns   struct {
		shapeModel
		list []markedSYN // room
	}

	parts  []compact.Part // room
	memory compact.Free
	size   int // bytes of the models
	free   struct {
		packed  freelist.List[packed]
		tunnels freelist.List[tunnel]
	}
}

var (
	connLayout   = compact.LayoutOf[Conn]()
	viewLayout   = compact.LayoutOf[tcp.SenderView]()
	tunnelLayout = compact.LayoutOf[tunnel]()
	synsLayout   = compact.LayoutOf[[]markedSYN]()
)

// CanPack reports whether c may be packed: it is open, waits for no bytes that are missing, which take what packing does not
// save, and nothing but its own parts points into it.
func (c *Conn) CanPack() bool {
	x := &c.http
	if !c.opened || c.State() != Open || c.reset.exists() || x.connect != nil ||
		c.half[0].stream.Holes() || c.half[1].stream.Holes() {
		return false
	}
	if x.tunnel != nil {
		if _, packable := x.tunnel.app.Reading(); !packable {
			return false
		}
	}
	_, packable := c.app.Reading()
	return packable
}

// shape returns the shape of c.
func (c *Conn) shape() shape {
	reading, _ := c.app.Reading()
	s := shape{client: c.client, reading: reading, timestamps: c.half[0].Timestamps, many: c.http.facts.Count > 1}
	for d := range c.half {
		if v := c.half[d].View; v != nil {
			s.views[d], s.atReceiver[d] = true, v.AtReceiver
		}
	}
	if t := c.http.tunnel; t != nil {
		s.tunnel = true
		s.inside, _ = t.app.Reading()
	}
	return s
}

// parts adds the parts of c to list, and those of its readers.
func (c *Conn) parts(list []compact.Part) []compact.Part {
	list = append(list, compact.PartOf(c, connLayout))
	for d := range c.half {
		if v := c.half[d].View; v != nil {
			list = append(list, compact.PartOf(v, viewLayout))
		}
	}
	list = c.app.Parts(list)
	if t := c.http.tunnel; t != nil {
		list = t.app.Parts(append(list, compact.PartOf(t, tunnelLayout)))
	}
	return list
}

// Pack returns what is to be kept instead of c from now on, of which CanPack has reported true. c may serve another connection
// then, and so may its readers.
func (c *Conn) Pack(st *Store, now segment.Time) Resting {
	s, readers, views := c.shape(), c.app.Readers(), c.views
	held := c.http.text + c.app.Referred()
	if t := c.http.tunnel; t != nil {
		held += t.app.Referred()
	}
	for d := range c.half {
		h := &c.half[d]
		h.Rest(now)
		if h.View != nil {
			h.View.Rest()
		}
		held += h.stream.Memory() + h.Half.Referred()
	}
	parts := c.parts(st.parts[:0])
	c.views, c.id, c.sink = [2]*tcp.SenderView{}, nil, nil // it is given them again
	p := st.pack(st.modelOf(&s), parts, c.last)
	p.Charge(held)
	c.views = views
	c.app.Emptied(readers)
	if t := c.http.tunnel; t != nil {
		t.app.Emptied(readers)
		st.free.tunnels.PutAtMost(mostFreeTunnels, t)
		c.http.tunnel = nil
	}
	return Resting{open: true, packed: p}
}

// unpackOpen makes c, which may have served before, what it was when it was packed.
func (c *Conn) unpackOpen(p *packed, st *Store, readers *app.Readers, id *Identity, sink Sink) {
	views, model := c.views, p.model
	parts := append(st.parts[:0], compact.PartOf(c, connLayout))
	for d, has := range model.views {
		if !has {
			continue
		}
		if views[d] == nil {
			views[d] = new(tcp.SenderView)
		}
		parts = append(parts, compact.PartOf(views[d], viewLayout))
	}
	parts = readers.Parts(model.reading, parts)
	if model.tunnel {
		parts = append(parts, compact.PartOf(st.free.tunnels.Get(), tunnelLayout))
		parts = readers.Parts(model.inside, parts)
	}
	st.unpack(p, parts)
	c.views, c.id, c.sink = views, id, sink
}

// Resume readies c, which may have served before, to go on with the connection that r was kept of, which is not valid
// any more.
func (c *Conn) Resume(r *Resting, st *Store, env *Env, readers *app.Readers, id *Identity, sink Sink, budget *Budget) {
	if r.open {
		c.unpackOpen(r.packed, st, readers, id, sink)
	} else {
		c.resumeHalfOpen(r, st, env, readers, id, sink, budget)
	}
	*r = Resting{}
}

// pack packs parts, whose latest segment has a mark.
func (st *Store) pack(model *shapeModel, parts []compact.Part, last segment.Mark) *packed {
	p := st.free.packed.Get()
	p.model, p.last = model, last
	st.size -= model.Memory()
	p.Packed = st.Packer.Pack(parts, &model.Model, int64(last.Time), &st.memory)
	st.size += model.Memory()
	st.parts = parts
	return p
}

// unpack makes parts what p was packed of, and p serves again.
func (st *Store) unpack(p *packed, parts []compact.Part) {
	st.Packer.Unpack(parts, &p.model.Model, int64(p.last.Time), &p.Packed, &st.memory)
	*p = packed{}
	st.free.packed.PutAtMost(mostFree, p)
	st.parts = parts
}

// HalfOpen reports whether r was kept of a Conn that was half-open.
func (r *Resting) HalfOpen() bool { return !r.open }

// Memory returns how many bytes r holds beside itself.
func (r *Resting) Memory() int {
	if r.packed == nil {
		return 0
	}
	return int(unsafe.Sizeof(*r.packed)) + r.packed.Memory()
}

// LastPacket returns the latest packet of the connection that r stands for, which began with first.
func (r *Resting) LastPacket(first int64) int64 {
	if r.packed == nil {
		return first
	}
	return r.packed.last.Packet
}

// modelOf returns the model of what has a shape.
func (st *Store) modelOf(s *shape) *shapeModel {
	l := st.models[*s]
	if l == nil {
		if st.models == nil {
			st.models = map[shape]*shapeModel{}
		}
		l = &shapeModel{shape: *s}
		st.models[*s] = l
	}
	return l
}

// Memory returns how many bytes st takes beside what is packed.
func (st *Store) Memory() int { return st.size }

// mostFree is how many wait to serve again.
const mostFree = 64

// mostFreeTunnels is likewise of tunnels, which are large.
const mostFreeTunnels = 4
