package pool

import "slices"

// A Verdict says how well a pool, or the whole, reused its connections.
type Verdict string

// The verdicts.
const (
	NotReused      Verdict = "not-reused"      // connections were avoidable, and none was reused
	PartlyReused   Verdict = "partly-reused"   // some were reused, others avoidable
	ServerPrevents Verdict = "server-prevents" // none was reused, for the server ended them
	NotKnown       Verdict = "not-known"       // the capture does not show enough
	Reused         Verdict = "reused"          // none was avoidable
	NoOpportunity  Verdict = "no-opportunity"  // there was nothing to reuse
)

// Severity orders verdicts, 0 the worst.
func (v Verdict) Severity() int { return slices.Index(allVerdicts[:], v) }

// allVerdicts in the order in which reports list them, the worst first.
var allVerdicts = [...]Verdict{NotReused, PartlyReused, ServerPrevents, NotKnown, Reused, NoOpportunity}

// Verdicts are how many pools have which verdict, and what the verdict of the whole rests
// on: the sums of its pools, so that it never contradicts them.
type Verdicts struct {
	counts          [len(allVerdicts)]int64
	avoidable       int64 // connections, of pools whose verdict is known
	reused          int64 // transactions, of all pools
	severalNotKnown int64 // pools of several connections whose verdict is not known
	inexact         int64 // pools of which a client that did with less is not ruled out
}

// Add adds p, which is concluded.
func (v *Verdicts) Add(p *Pool) {
	v.counts[slices.Index(allVerdicts[:], p.Verdict)]++
	v.reused += p.Reused
	switch {
	case p.Verdict != NotKnown:
		v.avoidable += p.Avoidable
	case p.Used+p.Opaque > 1 || p.lacksPast() || p.contradicted(): // of which pool it is, is not known either
		v.severalNotKnown++
	}
	if !p.exact() {
		v.inexact++
	}
}

// Merge adds all of w's pools.
func (v *Verdicts) Merge(w *Verdicts) {
	for i, n := range w.counts {
		v.counts[i] += n
	}
	v.avoidable += w.avoidable
	v.reused += w.reused
	v.severalNotKnown += w.severalNotKnown
	v.inexact += w.inexact
}

// exact reports whether it is known how many connections p's ideal client opens: each
// transaction was seen, and nothing that could not be read would have changed it. With one
// connection there is nothing to know: no client does with none.
func (p *Pool) exact() bool {
	switch {
	case p.Verdict == NotKnown || p.Opaque > 0 || p.contradicted():
		return false
	case p.Used <= 1:
		return true
	}
	return p.Provoked+p.PerhapsAvoidable+p.PerhapsNeeded.Sum()+p.MaxOver+p.MaxUnder == 0
}

// Whole returns the verdict of all pools together, by the same words as a pool's. Nothing
// seen is NoOpportunity.
//
// A pool whose verdict is not known hides nothing as long as it has one connection, which is no other pool's, and its client had
// none before: then it counts only where nothing else was to be judged.
func (v *Verdicts) Whole() Verdict {
	switch {
	case v.avoidable > 0 && v.reused > 0:
		return PartlyReused
	case v.avoidable > 0:
		return NotReused
	case v.severalNotKnown > 0:
		return NotKnown
	}
	for _, is := range [...]Verdict{Reused, ServerPrevents, NotKnown} {
		if v.Of(is) > 0 {
			return is
		}
	}
	return NoOpportunity
}

// Of returns how many pools have a verdict.
func (v *Verdicts) Of(is Verdict) int64 { return v.counts[slices.Index(allVerdicts[:], is)] }

// Pools returns how many there are.
func (v *Verdicts) Pools() (n int64) {
	for _, k := range v.counts {
		n += k
	}
	return n
}

// Inexact returns of how many pools it is not known how many connections they need.
func (v *Verdicts) Inexact() int64 { return v.inexact }

// Map returns how many pools have which verdict.
func (v *Verdicts) Map() map[Verdict]int64 {
	m := map[Verdict]int64{}
	for i, n := range v.counts {
		if n > 0 {
			m[allVerdicts[i]] = n
		}
	}
	return m
}
