package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// An ending of slow start without a loss is only suspected: it may be the application, or a
// clock, that keeps the sender from sending more. It is told of after a round trip, and may
// be refuted at any later time before a loss.
type ending struct {
	on     bool // not told of yet
	at     segment.Time
	window int
	end    segment.Seq // told of when this is acknowledged
	acked  int         // since
	path   int         // the window, had slow start gone on

	byDelay bool
}

// suspect takes slow start to have ended with a window, by delay as HyStart has it or as what
// was in flight shows.
func (s *Sender) suspect(at segment.Time, window int, byDelay bool) {
	s.ssthresh = window
	// Something else may hold it back, a full send buffer: only if it grows on is it
	// the window that we see.
	s.flat, s.flatAt, s.flatRounds = true, window, s.Sums.Rounds
	s.ending = ending{on: s.ending.on || !s.exited, at: at, window: window, end: s.nxt, path: s.cwnd, byDelay: byDelay}
}

// doubtExit takes a suspicion back if more is in flight than congestion avoidance makes of a
// window: no algorithm adds more than half of what is acknowledged (Linux's
// tcp_cong_avoid_ai, as CUBIC has it).
func (s *Sender) doubtExit() {
	e := &s.ending
	if e.path == 0 || s.cwnd <= e.window+e.acked/2+2*s.MSS {
		return
	}
	s.cwnd = max(s.cwnd, e.path)
	s.most = max(s.most, s.cwnd)
	s.noDelayExit = s.noDelayExit || e.byDelay
	s.ending = ending{}
	s.ssthresh, s.flat = never, false
}

// confirmExit tells of an ending that was suspected.
func (s *Sender) confirmExit() {
	if e := s.ending; e.on {
		s.ending.on = false
		s.exit(e.at, e.window)
	}
}

// exit notes that slow start is over, the first time.
func (s *Sender) exit(at segment.Time, window int) {
	if s.exited {
		return
	}
	s.exited, s.Sums.ExitAt = true, at
	if s.sink != nil {
		s.sink.Event(at, "slow-start-exit", window, 0, s)
	}
}

// A train watches a round of ACKs as CUBIC's HyStart does (Ha and Rhee, "Taming the
// elephants", 2011; Linux's tcp_cubic.c; RFC 9406 is a later form): slow start ends
// where the round-trip time has grown, or where ACKs have come close behind each
// other for half of it.
type train struct {
	end   segment.Seq // of the round
	start segment.Time
	last  segment.Time
	least time.Duration // round trip of this round
	n     int
}

const (
	trainLeast = 16 // segments of window below which slow start goes on
	trainCount = 8  // round trips looked at
	trainGap   = 2 * time.Millisecond
)

// delays takes the round-trip time of the newest segment that an ACK covers.
func (s *Sender) delays(d time.Duration, at segment.Time) {
	t := &s.train
	if s.una.After(t.end) || t.start == 0 {
		*t = train{end: s.nxt, start: at, last: at, least: time.Hour}
	}
	if s.cwnd >= s.ssthresh || s.cwnd < trainLeast*s.MSS || s.recovery != open || s.noDelayExit || s.isPaced() {
		return
	}
	found := false
	if at.Sub(t.last) <= trainGap {
		t.last = at
		least := s.minRTT + time.Millisecond
		if !s.spreads() { // pacing spreads over half of the round trip what would come at once (Linux's hystart_update)
			least /= 2
		}
		found = at.Sub(t.start) > least
	}
	t.least = min(t.least, d)
	if t.n < trainCount {
		t.n++
	} else if t.least > s.minRTT+min(max(s.minRTT/8, 4*time.Millisecond), 16*time.Millisecond) {
		found = true
	}
	if found {
		s.suspect(at, s.cwnd, true)
	}
}
