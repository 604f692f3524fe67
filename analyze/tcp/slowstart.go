package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// An ending of slow start without a loss is only suspected for a round trip: it may
// be the application, or a clock, that keeps the sender from sending more.
type ending struct {
	on     bool
	at     segment.Time
	window int
	end    segment.Seq // decided when this is acknowledged
}

// suspect takes slow start to have ended with a window.
func (s *Sender) suspect(at segment.Time, window int) {
	s.ssthresh = window
	// Something else may hold it back, a full send buffer: only if it grows on is it
	// the window that we see.
	s.flat, s.flatAt, s.flatRounds = true, window, s.Sums.Rounds
	if !s.exited && !s.ending.on {
		s.ending = ending{true, at, window, s.nxt}
	}
}

// doubtExit takes a suspicion back if the window has grown as only slow start does.
func (s *Sender) doubtExit() {
	if e := &s.ending; e.on && s.cwnd > e.window+e.window/2 {
		e.on = false
		s.ssthresh, s.flat, s.noDelayExit = never, false, true
	}
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
		found = at.Sub(t.start) > (s.minRTT+time.Millisecond)/2
	}
	t.least = min(t.least, d)
	if t.n < trainCount {
		t.n++
	} else if t.least > s.minRTT+min(max(s.minRTT/8, 4*time.Millisecond), 16*time.Millisecond) {
		found = true
	}
	if found {
		s.suspect(at, s.cwnd)
	}
}
