package tcp

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// Where it is a guess which ACKs had come, what was in flight when a loss was repaired is the window before: with two or three segments
// let out beyond by those that had arrived, which do not count (RFC 5681 section 3.2, step 2). Else the window is what it was thought to
// be: where the ACKs are known, and of who had no more to send.
func TestFlightAtALossIsTheWindow(t *testing.T) {
	for _, x := range []struct {
		what    string
		guess   bool
		limit   Limit
		message Message
		want    int
	}{
		{"its window keeps it", true, Congestion, MessageUnknown, 37},
		{"more is to come", true, Application, UnderWay, 37},
		{"nothing more is to come", true, Application, Complete, 60},
		{"the ACKs are known", false, Congestion, UnderWay, 60},
	} {
		var s Sender
		s.Reset(1000, 1<<20)
		s.Handshake(100 * time.Millisecond)
		s.AtReceiver = true
		if x.guess {
			s.NoDelays()
		}
		at := segment.Time(time.Hour)
		for n := range 40 {
			s.Sent(segment.Seq(1+1000*n), 1000, at)
		}
		at = at.Add(100 * time.Millisecond)
		for n := 2; n <= 4; n++ {
			s.Acked(1, []segment.Block{{Start: 1001, End: segment.Seq(1 + 1000*n)}}, 1<<20, false, true, at)
		}
		s.cwnd, s.limit, s.Message = 60_000, x.limit, x.message
		s.Sent(1, 1000, at)
		if s.prior != x.want*1000 {
			t.Errorf("%s: a window of %d bytes before the loss, want %d segments", x.what, s.prior, x.want)
		}
	}
}

// A window that is nearer to a half than to 7/10 of what it was at the loss before, when nothing but that has taken from it, is that of a
// sender whose losses leave a half.
func TestHalvesShowFromLossToLoss(t *testing.T) {
	for _, x := range []struct {
		second int // in flight at the second loss
		since  func(*Sender)
		halves bool
	}{
		{47, func(*Sender) {}, true},
		{48, func(*Sender) {}, false},
		{47, func(s *Sender) { s.startFlight(segment.Time(time.Hour)) }, false},
		{47, func(s *Sender) { s.reduce(timeout, "timeout", segment.Time(time.Hour)) }, false},
	} {
		var s Sender
		s.Reset(1000, 1<<20)
		for _, flight := range []int{80, x.second} {
			s.recovery, s.una, s.nxt, s.prior = open, 1, segment.Seq(1+1000*flight), 100_000
			if s.settlePrior(); flight == 80 {
				x.since(&s)
			}
		}
		if s.halves != x.halves {
			t.Errorf("80 segments at one loss, %d at the next: its losses leave a half: %v", x.second, s.halves)
		}
	}
}

// In congestion avoidance that does not show, a window grows by a segment for each window that is acknowledged (RFC 5681 equation 3), of
// senders that keep 7/10 by about half of one (RFC 9438 section 4.3).
func TestAvoidanceAddsASegmentForAWindow(t *testing.T) {
	for _, x := range []struct{ beta, want int }{{50, 22}, {70, 21}} {
		var s Sender
		s.Reset(1000, 1<<20)
		s.cwnd, s.beta = 20_000, x.beta
		for range 42 {
			s.avoid(1000, segment.Time(time.Hour))
		}
		if s.cwnd != x.want*1000 {
			t.Errorf("a loss leaves %d %%: 20 segments have become %d bytes, want %d segments", x.beta, s.cwnd, x.want)
		}
	}
}

// A sender that keeps 7/10 returns to its window of before by the cubic function, in K seconds, and goes on from there (RFC 9438 section 4.2);
// while nothing is in flight its time stands still. One that keeps a half does not.
func TestAvoidanceByTheCubicFunction(t *testing.T) {
	for _, x := range []struct {
		beta  int
		after time.Duration
		rests time.Duration
		want  int
	}{
		{70, 0, 0, 70},
		{70, 4217 * time.Millisecond, 0, 100},
		{70, 8434 * time.Millisecond, 0, 130},
		{70, 8434 * time.Millisecond, 4217 * time.Millisecond, 100},
		{50, 4217 * time.Millisecond, 0, 71},
	} {
		var s Sender
		s.Reset(1000, 1<<20)
		s.cwnd, s.beta = 70_000, x.beta
		at := segment.Time(time.Hour)
		s.avoidance.begin(at, 100_000, 70_000)
		s.avoidance.rests(x.rests)
		s.avoid(120_000, at.Add(x.after))
		if got := s.cwnd; got/1000 != x.want && (got+1000)/1000 != x.want {
			t.Errorf("a loss leaves %d %%, %v later: %d bytes, want %d segments", x.beta, x.after, got, x.want)
		}
	}
	var a avoidance
	a.begin(1, 100_000, 70_000)
	if a.begin(1, 80_000, 56_000); a.most != 68_000 {
		t.Errorf("a second loss at 80 of 100: it returns to %d, want 68000: another needs room", a.most)
	}
}
