package report

import (
	"fmt"
	"strconv"
)

// Bounds are the least and the most that a count may be. They are equal where it
// is known.
type Bounds struct{ Low, High int64 }

// String prints b as a number, or as "2 to 5".
func (b Bounds) String() string {
	if b.Low == b.High {
		return strconv.FormatInt(b.Low, 10)
	}
	return fmt.Sprintf("%d to %d", b.Low, b.High)
}

// NeededBounds returns how many connections the ideal client opens. Of those
// counted as needed some are perhaps avoidable, and the other way round.
func (t *Totals) NeededBounds() Bounds {
	return Bounds{t.Needed - t.PerhapsAvoidable, t.Needed + t.PerhapsNeeded}
}

// AvoidableBounds returns how many used connections it does without.
func (t *Totals) AvoidableBounds() Bounds {
	return Bounds{t.Avoidable - t.PerhapsNeeded, t.Avoidable + t.PerhapsAvoidable}
}

// NeededBounds returns how many connections the ideal client opens in p.
func (p *Pool) NeededBounds() Bounds {
	return Bounds{p.Needed - p.PerhapsAvoidable, p.Needed + p.PerhapsNeeded}
}
