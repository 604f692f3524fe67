package main

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A wire delays each frame by its turn at the bottleneck and the way, and does to it what the direction says.
func TestWire(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	size := 0
	carry := func(d direction, n int, every time.Duration) (w *wire, arrive []time.Duration) {
		w = &wire{direction: d, begin: begin, last: begin, delay: 10 * ms, random: rand.New(rand.NewPCG(1, 2))}
		for i := range n {
			f, _ := parse(build(t, false, make([]byte, 1000)))
			f.data[f.ip+1] |= 1 // ECT
			size = len(f.data)
			w.take(begin.Add(time.Duration(i)*every), f)
		}
		for _, x := range w.onItsWay {
			arrive = append(arrive, x.arrive.Sub(begin))
		}
		return w, arrive
	}
	if _, got := carry(direction{}, 2, 0); got[0] != 10*ms || got[1] != 10*ms {
		t.Errorf("without a bottleneck: %v", got)
	}
	one := time.Duration(size) * 8 * time.Microsecond // at 1 Mbit/s
	if _, got := carry(direction{Mbits: 1}, 3, 0); got[0] != 10*ms+one || got[2] != 10*ms+3*one {
		t.Errorf("at 1 Mbit/s, %v a frame: %v", one, got)
	}
	if w, got := carry(direction{Mbits: 1, QueueBytes: 3 * size}, 10, 0); len(got) != 3 || w.Overflowed != 7 {
		t.Errorf("a queue of three: %d frames came, %d did not fit", len(got), w.Overflowed)
	}
	if w, _ := carry(direction{Mbits: 1, MarkAbove: 2 * size}, 10, 0); w.Marked != 7 {
		t.Errorf("%d of 10 were marked; the first three find two in the queue at most", w.Marked)
	}
	if w, got := carry(direction{Drop: []int{2, 5}}, 10, ms); w.Lost != 2 || len(got) != 8 || got[1] != 12*ms {
		t.Errorf("without the second and the fifth: %v", got)
	}
	if w, _ := carry(direction{DarkFrom: 3 * ms, DarkFor: 4 * ms}, 10, ms); w.Lost != 4 {
		t.Errorf("dark for 4 ms: %d were lost", w.Lost)
	}
	if _, got := carry(direction{Hold: 6 * ms}, 10, ms); got[0] != 12*ms || got[2] != 12*ms || got[3] != 18*ms {
		t.Errorf("held until multiples of 6 ms: %v", got)
	}
	_, got := carry(direction{Jitter: 5 * ms}, 200, 100*time.Microsecond)
	for i := range got {
		if most := time.Duration(i)*100*time.Microsecond + 15*ms; got[i] > most || i > 0 && got[i] < got[i-1] {
			t.Fatalf("jitter: frame %d after %v", i, got[i])
		}
	}
	w, _ := carry(direction{Reorder: 0.2, ReorderBy: 3 * ms}, 200, ms)
	late := 0
	for _, x := range w.onItsWay {
		if x.arrive.Sub(begin)%ms != 0 || x.arrive.Sub(begin) != time.Duration(x.n-1)*ms+10*ms {
			late++
		}
	}
	if late < 20 || late > 60 {
		t.Errorf("%d of 200 were late, a fifth should be", late)
	}
	if mean := meanBurst(carry(direction{Loss: 0.02, Burst: 5}, 2000, ms)); mean < 3 || mean > 8 {
		t.Errorf("%.1f lost in a burst, five should be", mean)
	}
}

// meanBurst is how many frames were lost in a row of those that went a millisecond apart.
func meanBurst(w *wire, arrived []time.Duration) float64 {
	bursts := 0
	for i := 1; i < len(arrived); i++ {
		if arrived[i]-arrived[i-1] > ms {
			bursts++
		}
	}
	return float64(w.Lost) / float64(bursts)
}

// A rate that swings goes as far up as down.
func TestSwing(t *testing.T) {
	w := wire{direction: direction{Mbits: 10, Swing: 0.5, SwingTime: 4 * time.Second}}
	for at, want := range map[time.Duration]float64{0: 10e6, time.Second: 15e6, 3 * time.Second: 5e6} {
		if got := w.rate(w.begin.Add(at)); got < want-1 || got > want+1 {
			t.Errorf("after %v: %v bit/s, want %v", at, got, want)
		}
	}
}
