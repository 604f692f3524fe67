package verdict

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tcpwarm/analyze/pool"
)

// count adds up the pools that d is about. Of the avoidable connections, those of
// allowed causes are left out; excused is how many of the others are perhaps
// needed.
func (d *Demands) count(pools []*pool.Pool) (sums pool.Sums, excused int64) {
	for _, p := range d.Of(pools) {
		sums.Add(&p.Sums)
	}
	sums.PerhapsAvoidable += sums.Unjudged
	allowed := d.allowed()
	for c := range allowed {
		sums.Avoidable -= sums.Causes.Of(c)
	}
	for _, x := range sums.PerhapsNeeded {
		if !allowed[x.Cause] {
			excused += x.N
		}
	}
	return sums, excused
}

// occurs bounds how often there was a cause or a finding; a cause may be looked for as a finding
// too. That there was none is known only where all pools are.
func (d *Demands) occurs(id string, pools []*pool.Pool, findings Counts) Interval {
	judged, cause := d.Of(pools), pool.Cause(id)
	least := countCause(judged, cause)
	for _, p := range judged {
		if cause.Avoidable() {
			least -= p.PerhapsNeeded.Of(cause)
		}
	}
	n := Interval{float64(max(findings.Of[id], least)), float64(max(findings.Of[id], countCause(judged, cause)))}
	if findings.Cut[id] || d.unsure(pools) || anyUnknown(judged) || anySummedUp(judged) && needsPools(id) {
		n.High = math.Inf(1)
	}
	if anyInconsistent(pools) {
		n.High = math.Inf(1)
		if !cause.Avoidable() {
			least = 0
		}
		n.Low = float64(least)
	}
	return n
}

// anyUnknown reports whether the verdict of a pool is not known: it may hide anything.
func anyUnknown(pools []*pool.Pool) bool {
	return slices.ContainsFunc(pools, func(p *pool.Pool) bool { return p.Verdict == pool.NotKnown })
}

// anyInconsistent reports whether bytes of a pool's connection came in two versions: which pool it is of rests on
// them, so others' count too.
func anyInconsistent(pools []*pool.Pool) bool {
	return slices.ContainsFunc(pools, func(p *pool.Pool) bool { return p.Inconsistent > 0 })
}

// trustNone widens what m says by what was read. How many connections there were does not rest on that, but whose
// server's they were; what was certainly avoidable stays.
func (d *Demands) trustNone(m map[string]Interval) {
	for name, i := range m {
		switch {
		case name == "avoidable":
			m[name] = Interval{i.Low, math.Inf(1)}
		case name != "connections" || d.Server != "":
			m[name] = Interval{0, math.Inf(1)}
		}
	}
}

// anySummedUp reports whether pools were not kept, of which there are only sums.
func anySummedUp(pools []*pool.Pool) bool { return slices.ContainsFunc(pools, summedUp) }

// needsPools reports whether a finding is looked for in the pools that are kept.
func needsPools(id string) bool {
	f, ok := Lookup(id)
	return ok && f.rule.pool != nil
}

// measure gives every metric, as an interval where it is only bounded. A
// connection that could not be read may have carried any number of transactions;
// the first of one that was opened before the capture may be a reused one.
func (d *Demands) measure(pools []*pool.Pool, findings Counts) map[string]Interval {
	n, excused := d.count(pools)
	midstream := n.Causes.Of(pool.Unknown)
	between := func(low, high int64) Interval { return Interval{float64(low), float64(high)} }
	exactly := func(n int64) Interval { return Exactly(float64(n)) }
	w := n.Warmths
	unknown := max(0, n.Transactions+n.MaxUnder-w.Cold-w.Warm-w.Cooled) // how warm these were
	var found int64
	for _, n := range findings.Of {
		found += n
	}
	m := map[string]Interval{
		"connections":  exactly(n.Connections),
		"used":         between(n.Used, n.Used+n.Opaque),
		"unused":       between(n.Unused-n.Opaque, n.Unused),
		"transactions": between(n.Transactions-n.MaxOver, n.Transactions+n.MaxUnder),
		"reused":       between(max(0, n.Reused-n.MaxOver), n.Reused+midstream+n.MaxUnder),
		"reuse":        {0, 1},
		"needed":       between(n.Needed-n.PerhapsAvoidable, n.Needed+n.Opaque+n.PerhapsNeeded.Sum()),
		"avoidable":    between(n.Avoidable-excused, n.Avoidable+n.Opaque+n.PerhapsAvoidable),
		"cold":         between(w.Cold, w.Cold+unknown),
		"warm":         between(w.Warm, w.Warm+unknown),
		"cooled":       between(w.Cooled, w.Cooled+unknown),
		"findings":     exactly(found),
	}
	if judged := d.Of(pools); len(findings.Cut) > 0 || anyUnknown(judged) || anySummedUp(judged) {
		m["findings"] = Interval{float64(found), math.Inf(1)}
	}
	if n.Opaque+n.Gaps > 0 { // requests may hide in a gap, too
		m["transactions"] = Interval{float64(n.Transactions), math.Inf(1)}
		m["reused"] = Interval{float64(n.Reused), math.Inf(1)}
		m["cold"] = Interval{float64(w.Cold), math.Inf(1)}
		m["warm"] = Interval{float64(w.Warm), math.Inf(1)}
		m["cooled"] = Interval{float64(w.Cooled), math.Inf(1)}
	} else if tx := float64(n.Transactions); tx > 0 && n.MaxOver+n.MaxUnder == 0 {
		m["reuse"] = Interval{float64(n.Reused) / tx, float64(n.Reused+midstream) / tx}
	}
	if d.unsure(pools) {
		for name, i := range m {
			m[name] = Interval{i.Low, math.Inf(1)}
		}
	}
	if anyInconsistent(pools) {
		d.trustNone(m)
	}
	return m
}

// countReusedUnanswered counts the requests on used connections that the server ended instead of answering.
func countReusedUnanswered(pools []*pool.Pool) (n int64) {
	for _, p := range pools {
		n += p.ReusedUnanswered
	}
	return n
}

func countCause(pools []*pool.Pool, c pool.Cause) (n int64) {
	for _, p := range pools {
		n += p.Causes.Of(c)
	}
	return n
}

// allowed returns the avoidable causes that are no fault.
func (d *Demands) allowed() map[pool.Cause]bool {
	allowed := map[pool.Cause]bool{pool.ClientIdleTimeout: true}
	for _, a := range d.Allow {
		if c := pool.Cause(a); c.Avoidable() {
			allowed[c] = true
		}
	}
	return allowed
}

// allowedOf says how many connections were avoidable and are no fault, and why: the counts
// beside it include them. It is "" where there are none.
func (d *Demands) allowedOf(pools []*pool.Pool) string {
	var avoidable, n int64
	var causes []string
	for _, p := range d.Of(pools) {
		avoidable += p.Avoidable
	}
	for c := range d.allowed() {
		if k := countCause(d.Of(pools), c); k > 0 {
			n += k
			causes = append(causes, string(c))
		}
	}
	if n == 0 {
		return ""
	}
	slices.Sort(causes)
	part := "all"
	if n < avoidable {
		part = strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("avoidable %d, %s allowed: %s", avoidable, part, strings.Join(causes, ", "))
}
