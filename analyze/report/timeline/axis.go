package timeline

import (
	"math"
	"slices"
)

// An Axis places instants in columns. It is linear but for cuts: long stretches
// in which nothing happens on any connection are drawn short, or a keep-alive of
// a minute would press everything else into one column. Instants are nanoseconds
// since the first connection's start.
type Axis struct {
	End  int64
	Cuts []Stretch // in order, apart
	Cols int
	Step int64 // between ticks
}

// A Stretch is time in which nothing happens, and the time it is drawn as.
type Stretch struct{ From, To, Drawn int64 }

// MostCuts bounds how broken an axis may be and still be read.
const MostCuts = 4

// NewAxis fits the instants at into cols columns.
func NewAxis(at []int64, cols int) *Axis {
	at = slices.Clone(at)
	slices.Sort(at)
	at = slices.Compact(at)
	a := &Axis{End: max(at[len(at)-1], 1), Cols: max(cols, 2)}
	for len(a.Cuts) < MostCuts && a.cutLongest(at) {
	}
	a.Step = roundUp(a.length()/int64(a.Cols)*tickColumns + 1)
	a.reachTick()
	return a
}

// tickColumns is how far apart ticks are at least.
const tickColumns = 10

// cutLongest cuts the longest gap if it takes more than three quarters of the
// axis, and leaves it a quarter.
func (a *Axis) cutLongest(at []int64) bool {
	var longest Stretch
	for i := 1; i < len(at); i++ {
		g := Stretch{From: at[i-1], To: at[i]}
		if g.To-g.From > longest.To-longest.From && !a.isCut(g.From) {
			longest = g
		}
	}
	gap := longest.To - longest.From
	rest := a.length() - gap
	if gap <= a.length()/4*3 || rest < 3 {
		return false
	}
	longest.Drawn = rest / 3
	a.Cuts = append(a.Cuts, longest)
	slices.SortFunc(a.Cuts, func(x, y Stretch) int { return int(min(max(x.From-y.From, -1), 1)) })
	return true
}

func (a *Axis) isCut(from int64) bool {
	return slices.ContainsFunc(a.Cuts, func(s Stretch) bool { return s.From == from })
}

// length is the drawn length of the axis, in time.
func (a *Axis) length() int64 { return a.drawn(a.End) }

// drawn is how far from the start t is drawn, in time.
func (a *Axis) drawn(t int64) int64 {
	d := t
	for _, s := range a.Cuts {
		switch {
		case t >= s.To:
			d -= s.To - s.From - s.Drawn
		case t > s.From:
			part := float64(t-s.From) / float64(s.To-s.From) * float64(s.Drawn)
			d -= t - s.From - int64(part)
		}
	}
	return d
}

// Place is where on the axis t is drawn, from 0 to 1.
func (a *Axis) Place(t int64) float64 {
	t = min(max(t, 0), a.End)
	return float64(a.drawn(t)) / float64(a.length())
}

// Col is the column of t, from 0.
func (a *Axis) Col(t int64) int { return int(a.Place(t) * float64(a.Cols-1)) }

// roundUp is the least of 1, 2 or 5 times a power of ten that is not below n.
func roundUp(n int64) int64 {
	for p := int64(1); p < math.MaxInt64/10; p *= 10 {
		for _, m := range []int64{1, 2, 5} {
			if m*p >= n {
				return m * p
			}
		}
	}
	return math.MaxInt64 / 2
}

// reachTick lengthens an axis whose last part, after a cut, has no tick: how
// long the cut was could not be read from it.
func (a *Axis) reachTick() {
	if len(a.Cuts) == 0 {
		return
	}
	from := a.Cuts[len(a.Cuts)-1].To
	if tick := ceil(from, a.Step); tick > a.End {
		a.End = tick
	}
}

func ceil(n, step int64) int64 { return (n + step - 1) / step * step }

// Ticks are the round instants to label. Inside cuts are none: a number there
// would be read as part of an even scale.
func (a *Axis) Ticks() []int64 {
	var all []int64
	from := int64(0)
	for i := 0; i <= len(a.Cuts); i++ {
		to := a.End
		if i < len(a.Cuts) {
			to = a.Cuts[i].From
		}
		step := a.Step
		for range 2 { // a short part takes a finer number rather than none
			if ceil(from, step) <= to || step < 10 {
				break
			}
			step /= 10
		}
		for t, n := ceil(from, step), 0; t <= to && n < a.Cols; t, n = t+step, n+1 {
			all = append(all, t)
		}
		if i < len(a.Cuts) {
			from = a.Cuts[i].To
		}
	}
	return all
}

// Unit is the unit of the labels and its length. Milliseconds are for what a
// person cannot feel; whole seconds are written as such.
func (a *Axis) Unit() (string, int64) {
	if a.End >= 2e9 && a.Step >= 1e7 {
		return "s", 1e9
	}
	return "ms", 1e6
}
