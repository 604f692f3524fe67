package verdict

import (
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
)

// Found is a finding that was made, with what it rests on.
type Found struct {
	ID   string
	Pool int64 // 0 if it concerns none
	Evidence
}

// Evidence is what a finding rests on.
type Evidence struct {
	Connections []int64 // their IDs
	Packets     []int64 // numbered from 1 over the whole capture
	Confidence  pool.Confidence
	Text        string // one sentence, with the numbers
}

// doubt takes e's certainty where what it rests on is inconsistent.
func (e *Evidence) doubt(inconsistent bool) {
	if inconsistent && e.Confidence == pool.Certain {
		e.Confidence = pool.Likely
	}
}

// mostListed bounds how many connections a finding names; it counts all.
const mostListed = 8

func sideName(s event.Side) string {
	if s == event.Client {
		return "client"
	}
	return "server"
}
