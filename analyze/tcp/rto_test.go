package tcp

import (
	"math/rand/v2"
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// linuxRTT is Linux's tcp_rtt_estimator and tcp_set_rto (net/ipv4/tcp_input.c), in
// microseconds as there, line by line.
type linuxRTT struct {
	srtt, mdev, mdevMax, rttvar int64
	rttSeq                      segment.Seq
}

const linuxRTOMin = 200_000

func (tp *linuxRTT) sample(m int64, sndUna, sndNxt segment.Seq) {
	srtt := tp.srtt
	if srtt == 0 {
		srtt = m << 3
		tp.mdev = m << 1
		tp.rttvar = max(tp.mdev, linuxRTOMin)
		tp.mdevMax = tp.rttvar
		tp.rttSeq = sndNxt
		tp.srtt = max(1, srtt)
		return
	}
	m -= srtt >> 3
	srtt += m
	if m < 0 {
		m = -m
		m -= tp.mdev >> 2
		if m > 0 {
			m >>= 3
		}
	} else {
		m -= tp.mdev >> 2
	}
	tp.mdev += m
	if tp.mdev > tp.mdevMax {
		tp.mdevMax = tp.mdev
		if tp.mdevMax > tp.rttvar {
			tp.rttvar = tp.mdevMax
		}
	}
	if sndUna.After(tp.rttSeq) {
		if tp.mdevMax < tp.rttvar {
			tp.rttvar -= (tp.rttvar - tp.mdevMax) >> 2
		}
		tp.rttSeq = sndNxt
		tp.mdevMax = linuxRTOMin
	}
	tp.srtt = max(1, srtt)
}

func (tp *linuxRTT) rto() time.Duration {
	return time.Duration(tp.srtt>>3+tp.rttvar) * time.Microsecond
}

// The timeout is Linux's, to what rounding to microseconds makes of it: on steady paths, on
// such that change, with round trips far below and above its least variance.
func TestTimeoutIsLinuxs(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for path := range 200 {
		var s Sender
		var want linuxRTT
		s.Reset(1000, 1<<20)
		if s.rto() != time.Second {
			t.Fatalf("a timeout of %v before the first sample, want a second (RFC 6298 section 2)", s.rto())
		}
		base, spread := int64(100+r.IntN(1_000_000)), int64(1+r.IntN(500_000))
		least := int64(0)
		for k := range 100 {
			if r.IntN(20) == 0 {
				base = int64(100 + r.IntN(1_000_000))
			}
			m := base + r.Int64N(spread)
			s.una, s.nxt = s.nxt.Add(r.IntN(3)-1), s.nxt.Add(r.IntN(5)*1000)
			want.sample(m, s.una, s.nxt)
			s.sample(time.Duration(m) * time.Microsecond)
			if d := s.rto() - want.rto(); d > 100*time.Microsecond || d < -100*time.Microsecond {
				t.Fatalf("path %d, sample %d: a timeout of %v, want %v", path, k, s.rto(), want.rto())
			}
			if least == 0 || m < least {
				least = m
			}
			if s.minRTT != time.Duration(least)*time.Microsecond {
				t.Fatalf("path %d, sample %d: least %v, want %d µs", path, k, s.minRTT, least)
			}
		}
	}
	var s Sender
	s.sample(0)
	s.sample(-time.Second)
	if s.SRTT() != 0 || s.minRTT != 0 {
		t.Error("what took no time, or less, is a sample")
	}
}
