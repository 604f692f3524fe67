package conn

import (
	"unsafe"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// The starts of a connection's transactions say with which window their contents began. Where several are
// under way at once (HTTP/2), each has that of the streams that began together with it, not of the latest.
type starts struct {
	latest  [2]int32 // by Dir: the transaction whose content was the latest to begin, 0: it has ended
	earlier []earlierStart

	// Of the flight whose first ACK may still show more: the first record that began with it, and one past
	// the last; none if they are equal.
	from, to int
	flight   int
	dir      segment.Dir
}

// An earlierStart is that of a transaction that goes on while another has begun.
type earlierStart struct {
	n    int32
	dir  segment.Dir
	mark tcp.Mark
}

// mostEarlier bounds the starts that are kept. Clients have a hundred streams open at once, as servers permit.
const mostEarlier = 128

func (x *starts) memory() int { return cap(x.earlier) * int(unsafe.Sizeof(earlierStart{})) }

// markStart notes that the content of transaction n begins in direction d.
func (x *httpTracker) markStart(d segment.Dir, n int32) {
	v := x.conn.half[d].View
	if v == nil {
		return
	}
	if x.latest[d] != 0 {
		x.push(d, v.Mark())
	}
	v.MarkStart()
	x.latest[d] = n
}

// push keeps the mark of the latest start of direction d, for another begins beside it. Those that began in
// the same flight know as much as it does.
func (x *starts) push(d segment.Dir, m tcp.Mark) {
	for i := len(x.earlier) - 1; i >= 0 && m.N > 0; i-- {
		if h := &x.earlier[i]; h.dir == d {
			if h.mark.N != m.N {
				break
			}
			h.mark.Start = m.Start
		}
	}
	if len(x.earlier) == mostEarlier {
		x.earlier = x.earlier[:copy(x.earlier, x.earlier[1:])]
	}
	x.earlier = append(x.earlier, earlierStart{x.latest[d], d, m})
}

// markOf returns the mark of transaction n in direction d: the latest, if none is kept of it.
func (x *starts) markOf(n int32, d segment.Dir, latest tcp.Mark) tcp.Mark {
	for i := len(x.earlier) - 1; i >= 0; i-- {
		h := &x.earlier[i]
		if h.n != n || h.dir != d {
			continue
		}
		m := h.mark
		if m.N > 0 && m.N == latest.N {
			m.Start = latest.Start
		}
		return m
	}
	return latest
}

// ends forgets what is held of transaction n.
func (x *starts) ends(n int32) {
	for d := range x.latest {
		if x.latest[d] == n {
			x.latest[d] = 0
		}
	}
	k := 0
	for i := range x.earlier {
		if x.earlier[i].n != n {
			x.earlier[k] = x.earlier[i]
			k++
		}
	}
	x.earlier = x.earlier[:k]
}

// noteStart notes the window that the content of record i, of transaction n, began with. Its first ACK may
// still show more.
func (x *httpTracker) noteStart(i int, n int32) {
	r, c := &(*x.judgedRecords())[i], x.conn
	r.Dir = 1 - c.client
	if r.RequestBytes > r.ResponseBytes {
		r.Dir = c.client
	}
	v := c.half[r.Dir].View
	if v == nil {
		return
	}
	m := v.Mark()
	if x.latest[r.Dir] != n {
		m = x.markOf(n, r.Dir, m)
	}
	r.Window, r.Rounds = m.Start, v.RoundsSince(&m)
	x.reviseStart()
	if x.from == x.to || x.flight != m.N || x.dir != r.Dir {
		x.from, x.flight, x.dir = i, m.N, r.Dir
	}
	x.to = i + 1
}

// reviseStart looks again at the latest records' start, once its first ACK has come.
func (x *httpTracker) reviseStart() {
	list := *x.judgedRecords()
	if x.from == x.to || x.to > len(list) {
		x.from, x.to = 0, 0
		return
	}
	s, open := x.conn.half[x.dir].View.StartOf(x.flight)
	if open {
		return
	}
	for i := x.from; i < x.to && s != nil; i++ {
		if r := &list[i]; r.Window.N == x.flight && r.Dir == x.dir {
			r.Window = *s
		}
	}
	x.from, x.to = 0, 0
}
