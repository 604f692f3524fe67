package pool

import (
	"slices"
	"time"

	"tcpwarm/analyze/event"
)

// maxSamples bounds Lifetimes.Conns and Packets.
const maxSamples = 8

// The Lifetimes detector watches how much connections had carried, and how old they were,
// when the server ended them right after a response, or with one that said close: these show
// a limit of requests or of age.
type Lifetimes struct {
	Count            int64
	Fewest, Most     int64 // transactions
	Youngest, Oldest time.Duration
	Conns, Packets   []int64 // the first few, and where they ended
	GoAways          int64   // of Count, ended by HTTP/2's GOAWAY
	SayAge           int64   // of these, those whose GOAWAY said that it was for their age
	Status           uint16  // of the last response of each, 0: they differ, or are not known
}

// add notes that c has ended, at an age and in a packet.
func (l *Lifetimes) add(c *Conn, age time.Duration, packet int64) {
	n := int64(c.n)
	if l.Count == 0 {
		l.Fewest, l.Youngest, l.Status = n, age, c.lastStatus
	}
	if l.Status != c.lastStatus {
		l.Status = 0
	}
	if c.goAway != nil {
		l.GoAways++
	}
	if c.saysAge() {
		l.SayAge++
	}
	l.Count++
	l.Fewest, l.Most = min(l.Fewest, n), max(l.Most, n)
	l.Youngest, l.Oldest = min(l.Youngest, age), max(l.Oldest, age)
	if len(l.Conns) < maxSamples {
		l.Conns, l.Packets = append(l.Conns, c.id), append(l.Packets, packet)
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

// saysAge reports whether GOAWAY has said that c has come to its age.
func (c *Conn) saysAge() bool { return c.goAway != nil && c.goAway.ForAge }

// endedAfterUse notes how long c lived if the server ended it right after a response, or
// with one that said so, or for its age. An error that the server tells of is no limit of
// its own.
func (s *clientShard) endedAfterUse(c *Conn) {
	end := moment{c.closedAt, c.closePacket}
	switch {
	case c.asksClose, c.goAway != nil && c.goAway.Code != 0:
		return
	case c.closedBy == event.Server && c.saysAge():
	case !c.lastComplete:
		return
	case c.saysClose:
		end = c.lastEnd
	case c.closedBy != event.Server, c.closedAt.Sub(c.lastEnd.at) >= atOnce:
		return
	}
	rare := s.rare(c.pool)
	l := rare.lifetimes
	if l == nil {
		l = s.free.lifetimes.Get()
		*l = Lifetimes{Conns: l.Conns[:0], Packets: l.Packets[:0]}
		rare.lifetimes = l
		s.taken += lifetimesSize
	}
	l.add(c, end.at.Sub(c.opened), end.packet)
}

// Lifetimes returns those of p's connections that the server ended right after a response.
func (p *Pool) Lifetimes() Lifetimes { return valueOf(p.seen().lifetimes) }
