package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// A Start is a flight that began with nothing in flight: a response, as a rule.
type Start struct {
	N               int // from 1
	Low, Best, High int // the window then
	MSS             int // then
	Basis           Basis
	Restarted       bool // an idle restart took from it just before
	Grown           bool // it was above the initial window
	Lost            bool // an idle restart has taken it since it was last above that
	doubt           bool // an idle restart may have taken from it
	at              segment.Time
	late            segment.Time // when a retransmission timeout was over
	open            bool         // the first ACK has not come: more may show
	flight          int
	gap             time.Duration // the longest between its segments
	sure            int           // of it, what was sent before an ACK can have come
	full            bool          // the flight ended with a full segment
	ends            bool          // and with the end of a write
	silence         time.Duration // at the receiver, for how long none had come before it
	left            int           // of a window that seemed to be by a clock: what idling leaves of it if it is not; else 0
}

// An idle is a restart that the burst after it may refute.
type idle struct {
	on    bool
	at    segment.Time
	was   int // the window before
	after int
	least int // the least it may be after
	most  int // more in flight refutes it
}

// refuted reports whether so much in flight shows that there was no restart. The
// window before is an estimate, and so is what is left of it.
func (i *idle) refuted(flight int) bool { return i.on && flight > i.most }

// startFlight notes a flight that begins from nothing, and takes from the window
// what idling has cost: Linux halves it for each RTO since the latest data, down to
// the initial window (RFC 2861 section 3.1, tcp_cwnd_restart).
func (s *Sender) startFlight(at segment.Time) {
	s.starts++
	if b := &s.burst; b.on && b.sent == 0 && s.showsLossWindow(b, at) {
		s.timedOutBefore(b)
	}
	s.finishBurst(at, s.pipe())
	s.timerAt, s.priorBefore = at, 0
	s.avoidance.rests(at.Sub(s.lastSend))
	s.idle = idle{}
	was, restarted, doubt, left := s.cwnd, false, false, 0
	gap, rto := at.Sub(s.lastSend), s.rto()
	late := max(s.lastSend, s.lastAck).Add(s.srtt/4 + rto) // a loss probe went before (RFC 8985 section 7.2)
	if s.recovery == fast {
		late = max(s.reducedAt.Add(rto), s.lastAck)
	}
	early := rto - tick
	if s.AtReceiver { // its sender's is not known so well
		early = min(early, rtoMin)
	}
	switch {
	case s.AtReceiver && s.waiting && !s.ends && min(gap, s.silence, at.Sub(s.openedAt)) > max(rto, rtoMin):
		// It could send, and what it has sent was lost.
		s.timedOut(late)
	case s.lastSend == 0 || s.keeps: // idling costs it nothing
	case s.isPaced(): // if it is BBR
		if gap > rto+tick {
			left = s.afterIdle(max(s.cwnd, s.most), gap-rto)
		}
	case gap > early && gap <= rto+tick: // which side of it nobody can say
		doubt = s.cwnd > s.initial
	case gap > rto:
		least, _ := s.bounds()
		least = s.afterIdle(least, gap-rto)
		most := s.afterIdle(s.most, gap-rto)
		if s.restarts { // it is known to do this
			s.most = most
		}
		if s.cwnd = s.afterIdle(s.cwnd, gap-rto); s.cwnd < was {
			s.ssthresh = max(s.ssthresh, was/4*3/s.MSS*s.MSS)
			s.idle = idle{true, at, was, s.cwnd, min(least, s.cwnd), max(2*s.cwnd, most+most/8)}
			restarted = true
			s.peak, s.maxOut, s.proven, s.free = 0, 0, 0, 0
			s.basis = Inferred
			s.recovery = open
		}
	}
	s.Start = Start{N: s.starts, MSS: s.MSS, Best: s.cwnd, Basis: s.basis, Restarted: restarted, doubt: doubt,
		at: at, open: true, late: late, left: left, silence: s.silence}
	if restarted {
		s.Start.Low, s.Start.High = s.idle.least, max(s.cwnd, s.most)
	} else {
		s.Start.Low, s.Start.High = s.bounds()
		if doubt {
			s.Start.Low = max(s.initial, s.cwnd/2/s.MSS*s.MSS)
		}
	}
	s.Start.High = s.highest(s.Start.High)
	s.Start.Grown, s.Start.Lost = s.cwnd > s.initial, s.lost
	s.Rounds = 0
	s.round = s.una
	s.burst = burst{}
}

// afterIdle is what is left of a window n after so much time beyond an RTO: half of it for
// each, but not less than the initial window.
func (s *Sender) afterIdle(n int, beyond time.Duration) int {
	floor := min(s.initial, n)
	for ; beyond > 0 && n > floor; beyond -= s.rto() {
		n = n / 2 / s.MSS * s.MSS
	}
	return max(n, floor)
}

// MarkStart notes that a transaction's content has just begun: Marked is its start, and
// says more as the first ACKs come.
func (s *Sender) MarkStart() {
	s.markedAt = s.Sums.Rounds
	if s.Start.open {
		s.Marked = s.Start
		return
	}
	e := s.Estimate() // it began while something was in flight
	s.Marked = Start{N: -1, MSS: s.MSS, Low: e.Low, Best: e.Best, High: s.highest(e.High), Basis: e.Basis,
		Grown: e.Best > s.initial, Lost: s.lost}
}

// StartOf returns what is known of the start that began flight n, as long as that is the latest, or the
// latest that was marked; nil if neither. open says that its first ACK has not come: more may show.
func (s *Sender) StartOf(n int) (start *Start, open bool) {
	switch {
	case n <= 0: // one that began while something was in flight
	case n == s.Marked.N:
		return &s.Marked, n == s.Start.N && s.Start.open
	case n == s.Start.N:
		return &s.Start, s.Start.open
	}
	return nil, false
}

// concludeIdle tells of an idle restart, unless what was sent since refutes it.
func (s *Sender) concludeIdle() {
	i := s.idle
	s.idle.on = false
	if i.refuted(s.Start.flight) {
		return
	}
	s.Sums.Restarts++
	if s.lost = true; !s.restarts {
		s.supposed = i.most
	}
	if s.sink != nil {
		s.sink.Event(i.at, "idle-restart", i.after, 0, s)
	}
}
