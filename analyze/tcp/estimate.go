package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// A Basis says what an estimate rests on.
type Basis uint8

// The bases.
const (
	Assumed Basis = iota
	Inferred
	Observed
)

// String is the word that reports use for b.
func (b Basis) String() string { return [...]string{"assumed", "inferred", "observed"}[b] }

// A Limit says what keeps a sender from sending more.
type Limit uint8

// The limits.
const (
	UnknownLimit Limit = iota
	Congestion
	Receiver
	SendBuffer
	Application

	Limits int = iota // how many there are
)

// String is the word that reports use for l.
func (l Limit) String() string {
	return [...]string{"unknown", "congestion", "receiver", "sender", "application"}[l]
}

// An Estimate is what is known of the window. Zero bounds are not known.
type Estimate struct {
	Low, Best, High int
	Basis           Basis
	Phase           string // slow-start, congestion-avoidance, recovery, timeout, not-limited; BBR: startup, drain, probe-bandwidth
	Limit           Limit
	Pipe            int // RFC 6675 section 2
}

// A Watcher is told how the estimate goes on, in order of time.
type Watcher interface {
	Window(at segment.Time, e Estimate, s *Sender)
	// Event is initial-window, slow-start-exit, loss, timeout, ecn or idle-restart;
	// low is set alone where the value is only known to be at least that.
	Event(at segment.Time, name string, value, low int, s *Sender)
}

// weaken says that the estimate is not seen any more, but inferred.
func (s *Sender) weaken() {
	s.crest.before, s.crest.now = 0, 0
	if s.basis == Observed && !s.stillSeen() {
		s.basis = Inferred
	}
}

// keptFor is what part of what was in flight may have come to the window, one in so many, since that was seen to be it: as
// much as what is called seen may be off. From a sixth to a twentieth, as many of the values that are seen are right, and
// their share differs by a hundredth.
const keptFor = 10

// stillSeen reports whether a window that has been seen is, though there was no more to send since: until what was in flight then is
// acknowledged, as Linux holds a sender to be kept by its window (is_cwnd_limited in tcp_cwnd_validate), and no longer
// than what ACKs may have added, by any rule, is little. Nothing takes from it meanwhile but a loss.
func (s *Sender) stillSeen() bool {
	return !s.AtReceiver && s.recovery == open && s.limited && s.limit != SendBuffer && s.una.Before(s.cwndUsageSeq) &&
		max(s.cwnd, s.most)+s.MSS-s.seen <= s.seen/keptFor
}

// bounds returns how low and how high the window may be. Not limited by it, the
// sender shows no more than the least: what it had in flight.
func (s *Sender) bounds() (low, high int) {
	if s.basis == Observed {
		if s.AtReceiver { // at which segment an ACK met it is known to some of them
			return min(s.seen, s.cwnd-s.cwnd/10), s.cwnd + s.cwnd/10
		}
		if s.limit != Congestion { // what ACKs add in congestion avoidance is not counted, but little: see stillSeen
			return min(s.seen, s.cwnd), max(s.cwnd, s.most) + s.whole(s.cwnd/keptFor)
		}
		return min(s.seen, s.cwnd), s.cwnd
	}
	if s.recovery == fast && !s.isPaced() {
		return min(s.cwnd, s.whole(s.pipe()), s.prior/2), max(s.cwnd, s.prior)
	}
	peak := s.whole(s.peak)
	low = max(min(s.cwnd, peak), min(s.cwnd, s.initial))
	switch {
	case s.isPaced(): // the model is right to within a tenth, as a rule
		low, high = min(s.cwnd, s.whole(s.cwnd*4/5)), s.whole(s.cwnd*5/4)
		if s.bbr.full {
			// Or the clock is one that an application has set (SO_MAX_PACING_RATE), which the window does not
			// follow: below its threshold that grows until it is twice what was in flight, and then by what the
			// same ACK covers (Linux's tcp_is_cwnd_limited).
			high = max(high, 2*peak, s.free)
		}
		return low, high
	case s.cwnd < s.ssthresh || s.flat || s.Sums.Losses+s.Sums.Timeouts == 0: // slow start, or nothing but suspicion that it has ended
		high = max(s.cwnd, 2*peak)
	default: // congestion avoidance goes on while what is in flight is acknowledged
		high = s.cwnd + s.whole(s.cwnd/12)
	}
	if s.AtReceiver { // whether it has a clock of its own does not show, nor what it kept back, nor all that was in flight
		high = max(high, min(s.cwnd, max(peak+peak/2, s.initial))*9/4)
	}
	if s.guessed && s.mayHaveAcked.After(s.una) {
		low = min(low, max(s.whole(s.nxt.Sub(s.mayHaveAcked)), s.MSS))
	}
	if s.most > s.cwnd { // it was seen to within a few segments, then they were counted
		high = max(high, s.most+s.whole(s.most/24))
	}
	return low, high
}

// mayBeBBR reports whether nothing that was seen speaks against a sender that goes by BBR: no burst
// that its clock would have spread, and no window that idling took.
func (s *Sender) mayBeBBR() bool { return !s.rushed && !s.restarts && s.Sums.Restarts == 0 }

// highest returns how high the window may be, n by what was seen, if a model that need not show
// itself where little is sent is not left out.
func (s *Sender) highest(n int) int {
	if s.mayBeBBR() {
		return max(n, s.bbr.cwnd*s.MSS)
	}
	return n
}

// Estimate returns what is known now.
func (s *Sender) Estimate() Estimate {
	e := Estimate{Best: s.cwnd, Basis: s.basis, Limit: s.limit, Pipe: s.pipe(), Phase: s.phase()}
	e.Low, e.High = s.bounds()
	if s.idle.on {
		e.High = max(e.High, s.idle.was)
	}
	return e
}

func (s *Sender) phase() string {
	switch {
	case s.recovery == fast:
		return "recovery"
	case s.recovery == timeout:
		return "timeout"
	case s.byClock():
		return s.bbr.phase()
	case s.limit == Application || s.limit == Receiver || s.limit == SendBuffer:
		return "not-limited"
	case s.cwnd < s.ssthresh:
		return "slow-start"
	}
	return "congestion-avoidance"
}

// Acknowledged and Next return SND.UNA and SND.NXT.
func (s *Sender) Acknowledged() segment.Seq { return s.una }

// Next returns SND.NXT.
func (s *Sender) Next() segment.Seq { return s.nxt }

// Started reports whether data was sent.
func (s *Sender) Started() bool { return s.started }

// Room returns how many bytes more the window is thought to permit.
func (s *Sender) Room() int { return s.cwnd - s.pipe() }

// SRTT returns the smoothed round-trip time, 0 if none is known.
func (s *Sender) SRTT() time.Duration { return s.srtt / 8 }

// Offered returns how many bytes beyond SND.UNA the peer permits, -1 if not known.
func (s *Sender) Offered() int {
	if !s.hasEdge {
		return -1
	}
	return s.edge.Sub(s.una)
}

// Initial returns the initial window, and whether it was seen to be full.
func (s *Sender) Initial() (segments, bytes int, exact bool) {
	segments = s.initial / s.MSS
	return segments, segments * s.initialMSS, s.initFull
}

func (s *Sender) tell(at segment.Time) {
	if s.sink != nil {
		s.sink.Window(at, s.Estimate(), s)
	}
}
