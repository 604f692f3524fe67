package verdict

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
)

// counts are what the judged pools come to, and by how much each may be wrong.
type counts struct {
	connections, used, unused int64
	transactions, reused      int64
	needed, avoidable         int64 // avoidable: without those of allowed causes
	warmths                   event.Warmths

	opaque            int64 // connections that could not be read: each may have carried any number of transactions
	midstream         int64 // connections opened before the capture: their first transaction may be a reused one
	gaps              int64 // connections that lack bytes of the client's: requests may hide there
	maxOver, maxUnder int64 // by how many transactions were inferred too many, and too few, at most
	perhapsAvoidable  int64 // of the needed
	perhapsNeeded     int64 // of the avoidable, allowed or not
	perhapsExcused    int64 // of those that are not allowed, perhaps needed
}

// count adds up the pools that d is about.
func (d *Demands) count(pools []*pool.Pool) (n counts) {
	allowed := d.allowed()
	for _, p := range d.Of(pools) {
		n.connections += p.Connections
		n.used += p.Used
		n.unused += p.Unused
		n.transactions += p.Transactions
		n.reused += p.Reused
		n.needed += p.Needed
		n.avoidable += p.Avoidable
		for c := range allowed {
			n.avoidable -= p.Causes.Of(c)
		}
		n.warmths.Cold += p.Warmths.Cold
		n.warmths.Warm += p.Warmths.Warm
		n.warmths.Cooled += p.Warmths.Cooled

		n.opaque += p.Opaque
		n.midstream += p.Causes.Of(pool.Unknown)
		n.gaps += p.Gaps
		n.maxOver += p.MaxOver
		n.maxUnder += p.MaxUnder
		n.perhapsAvoidable += p.PerhapsAvoidable
		n.perhapsNeeded += p.PerhapsNeeded
		if !allowed[pool.ClientClosed] { // who closed, asked or not, has that cause
			n.perhapsExcused += p.PerhapsNeeded
		}
	}
	return n
}

// measure gives every metric, as an interval where it is only bounded.
func (d *Demands) measure(pools []*pool.Pool, findings map[string]int64) map[string]Interval {
	n := d.count(pools)
	between := func(low, high int64) Interval { return Interval{float64(low), float64(high)} }
	exactly := func(n int64) Interval { return between(n, n) }
	w := n.warmths
	unknown := max(0, n.transactions+n.maxUnder-w.Cold-w.Warm-w.Cooled) // how warm these were
	var found int64
	for _, n := range findings {
		found += n
	}
	m := map[string]Interval{
		"connections":  exactly(n.connections),
		"used":         between(n.used, n.used+n.opaque),
		"unused":       between(n.unused-n.opaque, n.unused),
		"transactions": between(n.transactions-n.maxOver, n.transactions+n.maxUnder),
		"reused":       between(max(0, n.reused-n.maxOver), n.reused+n.midstream+n.maxUnder),
		"reuse":        {0, 1},
		"needed":       between(n.needed-n.perhapsAvoidable, n.needed+n.opaque+n.perhapsNeeded),
		"avoidable":    between(n.avoidable-n.perhapsExcused, n.avoidable+n.opaque+n.perhapsAvoidable),
		"cold":         between(w.Cold, w.Cold+unknown),
		"warm":         between(w.Warm, w.Warm+unknown),
		"cooled":       between(w.Cooled, w.Cooled+unknown),
		"findings":     exactly(found),
	}
	if n.opaque+n.gaps > 0 {
		m["transactions"] = Interval{float64(n.transactions), math.Inf(1)}
		m["reused"] = Interval{float64(n.reused), math.Inf(1)}
	} else if tx := float64(n.transactions); tx > 0 && n.maxOver+n.maxUnder == 0 {
		m["reuse"] = Interval{float64(n.reused) / tx, float64(n.reused+n.midstream) / tx}
	}
	if d.unsure(pools) {
		for name, i := range m {
			m[name] = Interval{i.Low, math.Inf(1)}
		}
	}
	return m
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
