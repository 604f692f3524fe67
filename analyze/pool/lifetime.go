package pool

import (
	"slices"
	"strings"
	"time"

	"tcpwarm/analyze/event"
)

// maxSamples bounds Lifetimes.Conns.
const maxSamples = 8

// Lifetimes are how much connections had carried, and how old they were, when the server
// ended them right after a response, or with one that said so.
type Lifetimes struct {
	Count            int64
	Fewest, Most     int64 // transactions
	Youngest, Oldest time.Duration
	Conns, Packets   []int64 // the first few, and where they ended
	GoAways          int64   // of Count, ended by HTTP/2's GOAWAY
	SayAge           int64   // of these, those whose GOAWAY said that it was for their age
	Status           uint16  // of the last response of each, 0: they differ, or are not known
}

// add notes a connection that had carried n transactions at an age, and the packet that
// ended it; its last response had a status.
func (l *Lifetimes) add(conn, n int64, age time.Duration, packet int64, status uint16) {
	if l.Count == 0 {
		l.Fewest, l.Youngest, l.Status = n, age, status
	}
	if l.Status != status {
		l.Status = 0
	}
	l.Count++
	l.Fewest, l.Most = min(l.Fewest, n), max(l.Most, n)
	l.Youngest, l.Oldest = min(l.Youngest, age), max(l.Oldest, age)
	if len(l.Conns) < maxSamples {
		l.Conns, l.Packets = append(l.Conns, conn), append(l.Packets, packet)
	}
}

// merge adds those of o; the first few are the first of both.
func (l *Lifetimes) merge(o *Lifetimes) {
	l.Count += o.Count
	l.GoAways += o.GoAways
	l.SayAge += o.SayAge
	if l.Status != o.Status {
		l.Status = 0
	}
	l.Fewest, l.Most = min(l.Fewest, o.Fewest), max(l.Most, o.Most)
	l.Youngest, l.Oldest = min(l.Youngest, o.Youngest), max(l.Oldest, o.Oldest)
	for i, packet := range o.Packets {
		at, _ := slices.BinarySearch(l.Packets, packet)
		l.Conns, l.Packets = slices.Insert(l.Conns, at, o.Conns[i]), slices.Insert(l.Packets, at, packet)
	}
	n := min(len(l.Conns), maxSamples)
	l.Conns, l.Packets = l.Conns[:n], l.Packets[:n]
}

// saysAge reports whether g says that the connection has come to its age, as servers of gRPC
// do in these words.
func saysAge(g *event.GoAway) bool { return g != nil && strings.Contains(g.Debug, "max_age") }

// endedAfterUse notes how long c lived if the server ended it right after a response, or
// with one that said so, or for its age. An error that the server tells of is no limit of
// its own.
func (w *clientShard) endedAfterUse(p *Pool, c *Conn) {
	said := c.saysClose && !c.asksClose
	switch {
	case c.goAway != nil && c.goAway.Code != 0, c.asksClose:
		return
	case c.closedBy == event.Server && saysAge(c.goAway):
	case !c.lastComplete, !said && (c.closedBy != event.Server || c.closedAt.Sub(c.lastEnd.at) >= atOnce):
		return
	}
	if p.detectors.lifetimes == nil {
		p.detectors.lifetimes = w.free.lifetimes.get()
		*p.detectors.lifetimes = Lifetimes{Conns: p.detectors.lifetimes.Conns[:0], Packets: p.detectors.lifetimes.Packets[:0]}
	}
	at, packet := c.lastEnd.at, c.lastEnd.packet
	if !said {
		at, packet = c.closedAt, c.closePacket
	}
	l := p.detectors.lifetimes
	if l.add(c.id, int64(c.n), at.Sub(c.opened), packet, c.lastStatus); c.goAway != nil {
		l.GoAways++
	}
	if saysAge(c.goAway) {
		l.SayAge++
	}
}

// Lifetimes returns those of p's connections that the server ended right after a response.
func (p *Pool) Lifetimes() Lifetimes { return valueOf(p.detectors.lifetimes) }
