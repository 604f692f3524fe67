package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// LeastRTO is the shortest retransmission timeout that senders have: Linux's (TCP_RTO_MIN);
// RFC 6298 section 2.4 would have a second.
const LeastRTO = 200 * time.Millisecond

// rto is the retransmission timeout.
func (s *Sender) rto() time.Duration {
	if s.srtt == 0 {
		return time.Second
	}
	return s.srtt/8 + s.rttvar
}

// sample takes a round-trip time, and keeps the timeout as Linux does
// (tcp_rtt_estimator; RFC 6298 with a variance that falls slowly and has a floor of
// 200 ms). srtt is eight times the smoothed time, mdev and rttvar four times the
// deviation.
func (s *Sender) sample(m time.Duration) {
	if m <= 0 {
		return
	}
	if s.minRTT == 0 || m < s.minRTT {
		s.minRTT = m
	}
	if s.srtt == 0 {
		s.srtt, s.mdev = 8*m, 2*m
		s.rttvar = max(s.mdev, rtoMin)
		s.mdevMax, s.rttEnd = s.rttvar, s.nxt
		return
	}
	m -= s.srtt / 8
	s.srtt += m
	if m < 0 {
		if m = -m - s.mdev/4; m > 0 {
			m /= 8
		}
	} else {
		m -= s.mdev / 4
	}
	s.mdev += m
	if s.mdev > s.mdevMax {
		s.mdevMax = s.mdev
		s.rttvar = max(s.rttvar, s.mdevMax)
	}
	if s.una.After(s.rttEnd) {
		if s.mdevMax < s.rttvar {
			s.rttvar -= (s.rttvar - s.mdevMax) / 4
		}
		s.rttEnd, s.mdevMax = s.nxt, rtoMin
	}
}

// Handshake takes the round trip of the handshake as the sender saw it.
func (s *Sender) Handshake(d time.Duration) { s.sample(d) }

// time takes a sample of the oldest segment that ack covers, unless one of them was
// sent again (Karn; RFC 6298 section 3).
func (s *Sender) time(ack segment.Seq, at segment.Time) {
	first, last, resent := segment.Time(0), segment.Time(0), false
	n := int32(0)
	for ; n < s.out.n; n++ {
		x := s.out.at(n)
		if x.end.After(ack) {
			break
		}
		s.pad.without(x)
		if first == 0 {
			first = x.at
		}
		last, resent = x.at, resent || x.resent
	}
	s.out.drop(n)
	s.sentAt = max(s.sentAt, last)
	if first != 0 && !resent {
		s.sample(at.Sub(first))
		s.delays(at.Sub(last), at)
	}
}
