package pool

import (
	"cmp"
	"slices"
	"time"

	"tcpwarm/capture/segment"
)

// kept are the numbers of idle connections the pool curve is drawn for.
var idleKept = [...]int{0, 1, 2, 4, 8, 16, 32, 64}

// A CurvePoint says how many connections a client would have opened that keeps
// at most IdleKept idle ones, and how long it must let them idle for that.
// Request times are taken as given.
type CurvePoint struct {
	IdleKept    int64
	Connections int64
	IdleTimeout time.Duration
}

// A stack simulates a client that keeps only so many idle connections: the one
// idle longest goes when there are more.
type keepingClient struct {
	idle   []idleConn
	opened int64
	oldest time.Duration // longest idle time of one used again
}

// stacks simulate clients that keep as many as kept says.
type keepingClients [len(idleKept)]keepingClient

type idleConn struct {
	conn *Conn
	at   segment.Time
}

func (s *keepingClient) push(c *Conn, at segment.Time, keep int) {
	if s.idle == nil {
		s.idle = make([]idleConn, 0, min(keep, 3)+1)
	}
	s.idle = append(s.idle, idleConn{c, at})
	if len(s.idle) > keep {
		s.idle = s.idle[:copy(s.idle, s.idle[1:])]
	}
}

// merge adds what o opened and has idle; what has been so longest goes.
func (s *keepingClient) merge(o *keepingClient, keep int) {
	s.opened += o.opened
	s.oldest = max(s.oldest, o.oldest)
	s.idle = append(s.idle, o.idle...)
	slices.SortStableFunc(s.idle, func(a, b idleConn) int { return cmp.Compare(a.at, b.at) })
	s.idle = s.idle[:copy(s.idle, s.idle[max(0, len(s.idle)-keep):])]
}

func (s *keepingClient) take(c *Conn, at segment.Time) {
	n := len(s.idle) - 1
	for k := n; k >= 0; k-- {
		if s.idle[k].conn == c {
			n = k
			break
		}
	}
	if n < 0 {
		s.opened++
		return
	}
	s.oldest = max(s.oldest, at.Sub(s.idle[n].at))
	s.idle = slices.Delete(s.idle, n, n+1)
}

func (s *keepingClient) drop(c *Conn) {
	for k := range s.idle {
		if s.idle[k].conn == c {
			s.idle = slices.Delete(s.idle, k, k+1)
			return
		}
	}
}

// simulate starts with the second connection: most pools have one, and of one
// everything is known.
func (p *Pool) simulate(do func(s *keepingClient, keep int)) {
	if p.simulated == nil {
		return
	}
	for i := range p.simulated {
		do(&p.simulated[i], idleKept[i])
	}
}

// startCurve catches up with a pool that had one connection so far.
func (w *clientShard) startCurve(p *Pool) {
	p.simulated = w.free.keepingClients.get()
	for i := range p.simulated {
		s := &p.simulated[i]
		*s = keepingClient{idle: s.idle[:0], opened: min(p.occupations, 1), oldest: p.longestIdle}
		if idleKept[i] == 0 {
			s.opened, s.oldest = p.occupations, 0
			continue
		}
		for t := p.tokens.bottom; t != nil; t = t.above {
			s.push(t.conn, t.freedAt, idleKept[i])
		}
	}
}

// curve reads off the simulations, up to the first that keeping more does not
// change.
func (p *Pool) curve() {
	if p.Used == 0 {
		return
	}
	if p.simulated == nil { // one connection: any client that keeps one idle has it
		p.Curve = []CurvePoint{{0, p.occupations, 0}, {1, min(p.occupations, 1), p.longestIdle}}
		return
	}
	for i := range p.simulated {
		s := &p.simulated[i]
		p.Curve = append(p.Curve, CurvePoint{int64(idleKept[i]), s.opened, s.oldest})
		if i > 0 && s.opened == p.simulated[len(p.simulated)-1].opened {
			return
		}
	}
}
