// Package timesequence keeps time-sequence graphs, as tcptrace draws them: of the connections with the most to
// see, what each side sent and what the other said of it. Where that is more than a picture shows, strokes are
// joined that lie too near each other to be told apart; none is dropped. Each kind has room of its own, so that
// however much went well, what was sent again stays.
package timesequence

import (
	"cmp"
	"slices"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// Bounds of what is kept.
const (
	mostConnections = 32  // together 16 MB, if each loses as much as can be drawn, both ways
	mostStrokes     = 512 // of a kind and a direction; twice as many before they are joined
	mostRare        = 128 // likewise, of what there is little of
	lookBack        = 16  // strokes that a further one may be joined with
	unusualWeight   = 8   // segments as usual count for as much as one that was sent again: of what there is to see
)

// A Connection has the graphs of both directions.
type Connection struct {
	ID             int64
	Client, Server Graph // of the data that the client sent, and the server

	weight int64 // how much there is to see
}

// A Graph is what one side sent, and what the other said of it.
type Graph struct {
	lists [tcp.StepKinds]strokes
}

// A Stroke stands for N segments of one kind. From and To are the least number and the most, as tcp.StepKind
// has them.
type Stroke struct {
	At           segment.Time
	Packet, Last int64
	From, To     int64
	N            int32
}

// strokes are those of one kind, in the order of the capture.
type strokes struct {
	list   []Stroke
	width  segment.Time // less than this apart in time ...
	height int64        // ... and no more in number, two are joined
}

// A Recorder keeps Connections. Its zero value is empty.
type Recorder struct {
	connections map[int64]*Connection
}

// Add takes further segments of a connection, in the order of the capture.
func (r *Recorder) Add(connection int64, client segment.Dir, list []tcp.Step) {
	weight := weigh(list)
	c := r.connections[connection]
	if c == nil {
		if !r.room(weight) {
			return
		}
		c = &Connection{ID: connection}
		if r.connections == nil {
			r.connections = map[int64]*Connection{}
		}
		r.connections[connection] = c
	}
	c.weight += weight
	for i := range list {
		x := &list[i]
		if x.Dir == client {
			c.Client.add(x)
		} else {
			c.Server.add(x)
		}
	}
}

// weigh is how much there is to see in list.
func weigh(list []tcp.Step) (n int64) {
	for i := range list {
		switch list[i].Kind {
		case tcp.NewStep, tcp.ProbeStep:
			n++
		case tcp.ResentStep, tcp.ReorderedStep, tcp.ZeroStep:
			n += unusualWeight
		}
	}
	return n
}

// room makes room for a connection, if there is more to see in it than in the least of those that are kept.
func (r *Recorder) room(weight int64) bool {
	if len(r.connections) < mostConnections {
		return true
	}
	all := r.Most(len(r.connections))
	least := all[len(all)-1]
	if least.weight >= weight {
		return false
	}
	delete(r.connections, least.ID)
	return true
}

// Most returns the n connections with the most to see, or all there are.
func (r *Recorder) Most(n int) []*Connection {
	if r == nil {
		return nil
	}
	all := make([]*Connection, 0, len(r.connections))
	for _, c := range r.connections {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *Connection) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.ID, b.ID))
	})
	return all[:min(n, len(all))]
}

func (g *Graph) add(x *tcp.Step) {
	s := Stroke{At: x.At, Packet: x.Packet, Last: x.Packet, From: x.Start, To: x.End, N: 1}
	g.lists[x.Kind].add(s, x.Kind, most(x.Kind))
}

// most is how many strokes of a kind a graph has at least before they are joined.
func most(kind tcp.StepKind) int {
	switch kind {
	case tcp.NewStep, tcp.ResentStep, tcp.ACKStep, tcp.SACKStep:
		return mostStrokes
	}
	return mostRare
}

// Strokes returns those of a kind. They are g's.
func (g *Graph) Strokes(kind tcp.StepKind) []Stroke { return g.lists[kind].list }

// Count returns how many segments the strokes of a kind stand for.
func (g *Graph) Count(kind tcp.StepKind) (n int64) {
	for _, s := range g.lists[kind].list {
		n += int64(s.N)
	}
	return n
}

// Thinned returns g with less than 2n strokes of each kind.
func (g *Graph) Thinned(n int) *Graph {
	thin := &Graph{}
	for kind := range g.lists {
		l := &thin.lists[kind]
		l.width, l.height = g.lists[kind].width, g.lists[kind].height
		for _, s := range g.lists[kind].list {
			l.add(s, tcp.StepKind(kind), min(n, most(tcp.StepKind(kind))))
		}
	}
	return thin
}

// add adds s, and joins strokes where there are too many.
func (l *strokes) add(s Stroke, kind tcp.StepKind, most int) {
	l.join(s, kind)
	for len(l.list) >= 2*most {
		list := l.list
		low, high := list[0].From, list[0].To
		for _, s := range list {
			low, high = min(low, s.From), max(high, s.To)
		}
		n := int64(most)
		l.width = max(2*l.width, (list[len(list)-1].At-list[0].At)/segment.Time(n), 1)
		l.height = max(2*l.height, (high-low)/(4*n), 1)
		l.list = list[:0]
		for _, s := range list {
			l.join(s, kind)
		}
	}
}

// join appends s, or adds it to a stroke that it is too near to.
func (l *strokes) join(s Stroke, kind tcp.StepKind) {
	for i := len(l.list) - 1; i >= max(0, len(l.list)-lookBack); i-- {
		q := &l.list[i]
		if s.At-q.At >= l.width {
			break
		}
		if kind == tcp.ACKStep { // a line: where it has got to
			q.From, q.To, q.Last, q.N = s.From, s.To, s.Last, q.N+s.N
			return
		}
		if s.From-q.To <= l.height && q.From-s.To <= l.height {
			q.From, q.To, q.Last, q.N = min(q.From, s.From), max(q.To, s.To), s.Last, q.N+s.N
			return
		}
	}
	l.list = append(l.list, s)
}
