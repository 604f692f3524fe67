package tcp

import (
	"tcpwarm/capture/segment"
)

// maxGrowth bounds WindowSums.Growth: when full, every second value goes, and from
// then on only every second round adds one.
const maxGrowth = 32

// trace keeps the window at the begin of a round.
func (s *Sender) trace() {
	g := &s.Sums
	if g.stride == 0 {
		g.stride = 1
	}
	if g.Rounds%g.stride != 0 {
		return
	}
	if len(g.Growth) == maxGrowth {
		for i := range maxGrowth / 2 {
			g.Growth[i] = g.Growth[2*i]
		}
		g.Growth, g.stride = g.Growth[:maxGrowth/2], 2*g.stride
	}
	g.Growth = append(g.Growth, s.cwnd)
}

// WindowSums are what a sender's life comes to.
type WindowSums struct {
	Losses, Timeouts, Restarts, Rounds int64
	Max                                int
	By                                 [Limits]int64 // ACKs by Limit
	ExitAt                             segment.Time
	Growth                             []int // the window at the begin of rounds, spread over all
	Phases                             []Phase
	stride                             int64
}

// A Phase is a run of rounds in which the window did the same, or an episode of
// recovery.
type Phase struct {
	Name       string // as Estimate.Phase; "several" for all that did not fit
	Start, End segment.Time
	From, To   int // the window
}

// maxPhases bounds WindowSums.Phases.
const maxPhases = 64

// enter notes the phase at the begin of a round, or of an episode.
func (s *Sender) enter(at segment.Time) {
	g, name := &s.Sums, s.phase()
	if n := len(g.Phases); n > 0 {
		last := &g.Phases[n-1]
		if last.End, last.To = at, s.cwnd; last.Name == name {
			return
		}
		if n == maxPhases {
			last.Name = "several"
			return
		}
	}
	g.Phases = append(g.Phases, Phase{name, at, at, s.cwnd, s.cwnd})
}

// countRound counts rounds: one opens with the first segment sent after what opened the
// one before was acknowledged.
func (s *Sender) countRound(end segment.Seq, at segment.Time) {
	if s.Rounds == 0 || !s.round.After(s.una) {
		s.beginRound(end, at)
	}
}

func (s *Sender) beginRound(end segment.Seq, at segment.Time) {
	s.Rounds++
	s.Sums.Rounds++
	s.round = end
	s.trace()
	s.enter(at)
}
