package event

import (
	"time"

	"tcpwarm/capture/segment"
)

// GivenUp are the requests of a connection that the client gave up before a byte of the
// response had come.
type GivenUp struct {
	N           int64
	Least, Most time.Duration // after the request
	First       segment.Mark  // the first of the requests ...
	At          segment.Mark  // ... and where it was given up
}

// Add notes a request, by where it began, ended and was given up.
func (g *GivenUp) Add(request, end, at segment.Mark) {
	after := at.Time.Sub(end.Time)
	if g.N == 0 {
		g.Least, g.First, g.At = after, request, at
	}
	g.N++
	g.Least, g.Most = min(g.Least, after), max(g.Most, after)
}

// A Response is the status of one and where it began.
type Response struct {
	Status  int // 0: there was none
	At      segment.Mark
	Crossed bool // a request was on its way, of which its sender had nothing
}
