package growth

import (
	"slices"
	"testing"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

func window(at, best int) tcp.Sample {
	return tcp.Sample{At: segment.Time(at), Event: "window", Offered: 65535,
		Estimate: tcp.Estimate{Low: best - 1, Best: best, High: best + 1, Phase: "slow-start"}}
}

// Of however many samples so few points are kept, in order of time, and none of the extremes is lost.
func TestBounded(t *testing.T) {
	for _, n := range []int{leastSamples, 2*mostPoints - 1, 2 * mostPoints, 100_000} {
		var r Recorder
		var list []tcp.Sample
		for i := range n {
			list = append(list, window(i*1000, 1000+i%100))
		}
		peak, dip := n/3, n/2
		list[peak].Estimate.Best, list[peak].Estimate.High = 9_000_000, 9_000_001
		list[dip].Estimate.Best, list[dip].Estimate.Low = 7, 6
		for chunk := range slices.Chunk(list, 4096) {
			r.Add(1, false, chunk)
		}
		s := r.Longest(9)[0]
		var least, low, most, high = 1 << 40, 1 << 40, 0, 0
		for i, p := range s.Points {
			least, low, most, high = min(least, p.Least), min(low, p.Low), max(most, p.Most), max(high, p.High)
			if i > 0 && p.At <= s.Points[i-1].At {
				t.Fatalf("%d samples: point %d is at %d, after %d", n, i, p.At, s.Points[i-1].At)
			}
		}
		if s.Samples != n || len(s.Points) >= 2*mostPoints || n < 2*mostPoints && len(s.Points) != n {
			t.Errorf("%d samples: %d points of %d", n, len(s.Points), s.Samples)
		}
		if least != 7 || low != 6 || most != 9_000_000 || high != 9_000_001 {
			t.Errorf("%d samples: from %d and %d to %d and %d", n, low, least, most, high)
		}
	}
}

// A clock that jumps as far as it can makes no more points.
func TestWildClock(t *testing.T) {
	var r Recorder
	var list []tcp.Sample
	for i := range 10_000 {
		s := window(i*1000, 1000)
		if i%3 == 0 {
			s.At = segment.Time(-1<<63 + i)
		} else if i%3 == 1 {
			s.At = segment.Time(1<<63 - 1 - i)
		}
		list = append(list, s)
	}
	r.Add(1, true, list)
	if s := r.Longest(1)[0]; len(s.Points) >= 2*mostPoints {
		t.Errorf("%d points", len(s.Points))
	}
}

// What is not known in some samples does not hide what is known in others.
func TestUnknown(t *testing.T) {
	s := &Series{width: 1000}
	for _, best := range []int{0, 500, 0, 400} {
		s.join(Point{At: 1, Least: best, Most: best})
	}
	if len(s.Points) != 1 || s.Points[0].Least != 400 || s.Points[0].Most != 500 {
		t.Errorf("%+v", s.Points)
	}
}

// The directions with the most samples are kept; short ones have nothing to show.
func TestKeptSeries(t *testing.T) {
	var r Recorder
	samples := make([]tcp.Sample, 1000)
	for i := range samples {
		samples[i] = window(i, 1000)
	}
	r.Add(1, false, samples[:leastSamples-1])
	for id := range int64(mostSeries + 10) {
		r.Add(2+id, id%2 == 0, samples[:leastSamples+id])
	}
	all := r.Longest(1000)
	if len(all) != mostSeries || all[0].Connection != mostSeries+11 || all[mostSeries-1].Connection != 12 {
		t.Errorf("%d series, from %d to %d", len(all), all[0].Connection, all[len(all)-1].Connection)
	}
	r.Add(999, false, samples[:leastSamples])
	if all := r.Longest(1000); len(all) != mostSeries || all[mostSeries-1].Connection != 12 {
		t.Error("a short one has driven out a longer one")
	}
	if all := (*Recorder)(nil).Longest(3); all != nil {
		t.Errorf("%v of nothing", all)
	}
}
