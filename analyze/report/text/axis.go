package text

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// An axis places instants in columns. It is linear but for cuts: long stretches
// in which nothing happens on any connection are drawn short, or a keep-alive of
// a minute would press everything else into one column. Instants are nanoseconds
// since the first connection's start.
type axis struct {
	end  int64
	cuts []stretch // in order, apart
	cols int
	step int64 // between ticks
}

// A stretch of time in which nothing happens, and the time it is drawn as.
type stretch struct{ from, to, drawn int64 }

// mostCuts bounds how broken an axis may be and still be read.
const mostCuts = 4

// newAxis fits the instants at into cols columns.
func newAxis(at []int64, cols int) *axis {
	at = slices.Clone(at)
	slices.Sort(at)
	at = slices.Compact(at)
	a := &axis{end: max(at[len(at)-1], 1), cols: max(cols, 2)}
	for len(a.cuts) < mostCuts && a.cutLongest(at) {
	}
	a.step = roundUp(a.length()/int64(a.cols)*tickColumns + 1)
	a.reachTick()
	return a
}

// tickColumns is how far apart ticks are at least.
const tickColumns = 10

// cutLongest cuts the longest gap if it takes more than three quarters of the
// axis, and leaves it a quarter.
func (a *axis) cutLongest(at []int64) bool {
	var longest stretch
	for i := 1; i < len(at); i++ {
		g := stretch{from: at[i-1], to: at[i]}
		if g.to-g.from > longest.to-longest.from && !a.isCut(g.from) {
			longest = g
		}
	}
	gap := longest.to - longest.from
	rest := a.length() - gap
	if gap <= a.length()/4*3 || rest < 3 {
		return false
	}
	longest.drawn = rest / 3
	a.cuts = append(a.cuts, longest)
	slices.SortFunc(a.cuts, func(x, y stretch) int { return int(min(max(x.from-y.from, -1), 1)) })
	return true
}

func (a *axis) isCut(from int64) bool {
	return slices.ContainsFunc(a.cuts, func(s stretch) bool { return s.from == from })
}

// length is the drawn length of the axis, in time.
func (a *axis) length() int64 { return a.drawn(a.end) }

// drawn is how far from the start t is drawn, in time.
func (a *axis) drawn(t int64) int64 {
	d := t
	for _, s := range a.cuts {
		switch {
		case t >= s.to:
			d -= s.to - s.from - s.drawn
		case t > s.from:
			part := float64(t-s.from) / float64(s.to-s.from) * float64(s.drawn)
			d -= t - s.from - int64(part)
		}
	}
	return d
}

// col is the column of t, from 0.
func (a *axis) col(t int64) int {
	t = min(max(t, 0), a.end)
	return int(float64(a.drawn(t)) / float64(a.length()) * float64(a.cols-1))
}

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
func (a *axis) reachTick() {
	if len(a.cuts) == 0 {
		return
	}
	from := a.cuts[len(a.cuts)-1].to
	if tick := ceil(from, a.step); tick > a.end {
		a.end = tick
	}
}

func ceil(n, step int64) int64 { return (n + step - 1) / step * step }

// ticks are the round instants to label. Inside cuts are none: a number there
// would be read as part of an even scale.
func (a *axis) ticks() []int64 {
	var all []int64
	from := int64(0)
	for i := 0; i <= len(a.cuts); i++ {
		to := a.end
		if i < len(a.cuts) {
			to = a.cuts[i].from
		}
		step := a.step
		for range 2 { // a short part takes a finer number rather than none
			if ceil(from, step) <= to || step < 10 {
				break
			}
			step /= 10
		}
		for t, n := ceil(from, step), 0; t <= to && n < a.cols; t, n = t+step, n+1 {
			all = append(all, t)
		}
		if i < len(a.cuts) {
			from = a.cuts[i].to
		}
	}
	return all
}

// unit is the unit of the labels and its length. Milliseconds are for what a
// person cannot feel; whole seconds are written as such.
func (a *axis) unit() (string, int64) {
	if a.end >= 2e9 && a.step >= 1e7 {
		return "s", 1e9
	}
	return "ms", 1e6
}

// String is the line of labels. "//" stands in the middle of each cut.
func (a *axis) String() string {
	row := []byte(strings.Repeat(" ", a.cols+8))
	_, unit := a.unit()
	for _, t := range a.ticks() {
		s := strconv.FormatFloat(float64(t)/float64(unit), 'f', -1, 64)
		put(row, a.col(t), s)
	}
	for _, s := range a.cuts {
		put(row, (a.col(s.from)+a.col(s.to))/2, "//")
	}
	return strings.TrimRight(string(row), " ")
}

// put writes s at column at if that and a column around it are free.
func put(row []byte, at int, s string) {
	if at+len(s) > len(row) {
		return
	}
	around := row[max(0, at-1):min(len(row), at+len(s)+1)]
	if strings.TrimSpace(string(around)) == "" {
		copy(row[at:], s)
	}
}
