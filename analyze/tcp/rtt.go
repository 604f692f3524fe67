package tcp

import (
	"slices"
	"time"
)

// maxSamples bounds the round-trip samples kept for the median: when full,
// every second one is dropped and from then on only every second taken, so what
// is kept stays spread evenly over the connection's life.
const maxSamples = 64

// RTT sums up the round-trip times of one half, as seen at the capture point.
type RTT struct {
	Samples int64
	Min     time.Duration // valid if Samples > 0

	kept  []time.Duration
	every uint8 // of 2 to this power samples one is kept
}

func (r *RTT) add(d time.Duration) {
	if d < 0 {
		return
	}
	if r.Samples == 0 || d < r.Min {
		r.Min = d
	}
	if r.takes() && len(r.kept) == maxSamples {
		for i := range maxSamples / 2 {
			r.kept[i] = r.kept[2*i]
		}
		r.kept = r.kept[:maxSamples/2]
		r.every++
	}
	if r.takes() {
		r.kept = append(r.kept, d)
	}
	r.Samples++
}

// takes reports whether the next sample is one of those to be kept.
func (r *RTT) takes() bool { return r.Samples&(1<<r.every-1) == 0 }

// Quantile returns the value below which the share q of the kept samples lies.
// 0 if there are none.
func (r *RTT) Quantile(q float64) time.Duration {
	if len(r.kept) == 0 {
		return 0
	}
	s := slices.Clone(r.kept)
	slices.Sort(s)
	return s[min(len(s)-1, int(q*float64(len(s))))]
}
