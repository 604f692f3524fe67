// Package growth keeps how congestion windows grew, as much of it as a picture shows: of the
// directions with the most to tell, in so many parts of time, with the least and the most in each.
package growth

import (
	"cmp"
	"slices"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// Bounds of what is kept. A direction with fewer samples than leastSamples has no growth to see.
const (
	mostSeries   = 48  // together 6 MB
	mostPoints   = 512 // of a series; twice as many before they are joined
	mostEvents   = 256
	leastSamples = 16
)

// A Series is how the window of one direction of a connection grew.
type Series struct {
	Connection int64
	ByClient   bool // data that the client sent
	Samples    int  // that Points stand for
	Points     []Point
	Events     []Event

	width segment.Time // of the time that a point stands for; 0: an instant
}

// A Point is what was so from a time on, on the sender's clock. Sizes are bytes.
type Point struct {
	At             segment.Time
	Least, Most    int // of the best estimates; 0: not known
	Low, High      int // of the bounds
	Flight         int // the most
	Offered        int // by the receiver, beyond what is acknowledged; -1: not known
	RTT            float64
	Basis          string
	Phase, Limited string
}

// An Event is a loss, a timeout, an idle restart and the like.
type Event struct {
	At   segment.Time
	Name string
}

// A Recorder keeps Series. Its zero value is empty.
type Recorder struct {
	series map[key]*Series
}

type key struct {
	connection int64
	byClient   bool
}

// Add takes further samples of one direction of a connection, in order of time.
func (r *Recorder) Add(connection int64, byClient bool, list []tcp.Sample) {
	k := key{connection, byClient}
	s := r.series[k]
	if s == nil {
		if len(list) < leastSamples || !r.room(len(list)) {
			return
		}
		s = &Series{Connection: connection, ByClient: byClient}
		if r.series == nil {
			r.series = map[key]*Series{}
		}
		r.series[k] = s
	}
	for i := range list {
		s.add(&list[i])
	}
}

// room makes room for a series of n samples, if it tells more than the least of those that are kept.
func (r *Recorder) room(n int) bool {
	if len(r.series) < mostSeries {
		return true
	}
	all := r.Longest(len(r.series))
	least := all[len(all)-1]
	if least.Samples >= n {
		return false
	}
	delete(r.series, key{least.Connection, least.ByClient})
	return true
}

// Longest returns the n series with the most samples, or all there are.
func (r *Recorder) Longest(n int) []*Series {
	if r == nil {
		return nil
	}
	all := make([]*Series, 0, len(r.series))
	for _, s := range r.series {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Series) int {
		one := 0 // the server's first
		if a.ByClient {
			one = 1
		}
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(a.Connection, b.Connection), one)
	})
	return all[:min(n, len(all))]
}

func (s *Series) add(sample *tcp.Sample) {
	s.Samples++
	e := &sample.Estimate
	if sample.Event != "window" {
		if len(s.Events) < mostEvents {
			s.Events = append(s.Events, Event{sample.At, sample.Event})
		}
		return
	}
	s.join(Point{At: sample.At, Least: e.Best, Most: e.Best, Low: e.Low, High: e.High, Flight: e.Pipe, Offered: sample.Offered,
		RTT: sample.RTT, Basis: e.Basis.String(), Phase: e.Phase, Limited: e.Limit.String()})
	for len(s.Points) >= 2*mostPoints {
		points := s.Points
		s.width = max(2*s.width, (points[len(points)-1].At-points[0].At)/mostPoints, 1)
		s.Points = points[:0]
		for _, p := range points {
			s.join(p)
		}
	}
}

// join appends p, or adds it to the last point, whose time it shares.
func (s *Series) join(p Point) {
	n := len(s.Points)
	if n == 0 || p.At-s.Points[n-1].At >= s.width {
		s.Points = append(s.Points, p)
		return
	}
	q := &s.Points[n-1]
	if p.Least > 0 && (q.Least == 0 || p.Least < q.Least) {
		q.Least = p.Least
	}
	if p.Low < q.Low {
		q.Low = p.Low
	}
	q.Most, q.High, q.Flight, q.RTT = max(q.Most, p.Most), max(q.High, p.High), max(q.Flight, p.Flight), max(q.RTT, p.RTT)
	q.Offered, q.Basis, q.Phase, q.Limited = p.Offered, p.Basis, p.Phase, p.Limited
}
