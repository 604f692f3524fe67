package tcp

import (
	"math"
	"time"

	"tcpwarm/capture/segment"
)

// An avoidance is how congestion avoidance goes on where it does not show how: at the receiver, where it is a guess which ACKs had
// come when a segment was sent.
type avoidance struct {
	began segment.Time // when the latest loss was repaired
	most  int          // the window before the loss, which CUBIC returns to (RFC 9438 section 4.2, W_max)
	from  int          // and what that left (cwnd_epoch)
	acked int          // since the window has last grown
}

// begin begins at an instant, after a loss that has left from of a window.
func (a *avoidance) begin(at segment.Time, was, from int) {
	if was < a.most { // another needs room (RFC 9438 section 4.7)
		was = was * 85 / 100
	}
	*a = avoidance{began: at, most: was, from: from}
}

// rests notes that nothing was in flight for a while: that does not count (Linux's cubictcp_cwnd_event).
func (a *avoidance) rests(d time.Duration) {
	if a.began != 0 {
		a.began = a.began.Add(d)
	}
}

// avoid grows the window in congestion avoidance: by a segment each time as much as the window is acknowledged (RFC 5681
// section 3.1, equation 3), or, where a loss leaves 7/10, as the cubic function has it (RFC 9438 section 4.2), but not
// less than by what gets as much of the path as the other does (section 4.3).
func (s *Sender) avoid(acked int, at segment.Time) {
	a := &s.avoidance
	a.acked += acked * 300 * (100 - s.beta) / (100 + s.beta) / 100 // 1 for a half, 0.52 for 7/10
	if a.acked >= s.cwnd {
		a.acked -= s.cwnd
		s.cwnd += s.MSS
	}
	if s.beta == 70 && a.began != 0 {
		target := a.cubic((at.Sub(a.began) + s.SRTT()), s.MSS)
		s.cwnd = max(s.cwnd, min(target, s.cwnd+acked/2)) // nobody adds more than half of what is acknowledged (tcp_cong_avoid_ai)
	}
}

// cubic returns the window of the cubic function after so much time.
func (a *avoidance) cubic(since time.Duration, mss int) int {
	const c = 0.4 // segments a cubic second
	k := math.Cbrt(float64(max(0, a.most-a.from)/mss) / c)
	t := since.Seconds() - k
	return int(min(c*t*t*t, 1e6))*mss + a.most
}
