package verdict

import (
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/redact"
	"tcpwarm/capture/segment"
)

// Demands are what a user wants to hold. With none of Expect and Forbid, the
// default applies: some transaction could be reused, and nothing was avoidable.
type Demands struct {
	Expect  []Expectation
	Forbid  []string // causes and findings that must not be there
	Allow   []string // causes that are no fault; client-idle-timeout always is
	Server  string   // HOST[:PORT]: only pools of it count; "" is all
	Filter  string   // that the capture was read by, as a report may show it; "" is none
	Command bool     // the connections of a command are judged
	Doubt   string   // why what was seen may not be what is to be judged; then nothing passes

	Redact *redact.Redactor // Server is given as it is, pools have stand-ins; nil: they have not
}

// An Outcome is what all demands together come to.
type Outcome string

// The outcomes.
const (
	Passed    Outcome = "passed"
	Failed    Outcome = "failed"
	Undecided Outcome = "undecided"
)

// Held is one demand and what was measured. It is decided if OK.
type Held struct {
	Text     string
	OK, Held bool
	Measured Interval
}

// Judge holds d against pools and the findings' counts. Where nothing was judged, it says
// why, and what s has instead; then nothing holds, and nothing fails.
func (d *Demands) Judge(pools []*pool.Pool, findings map[string]int64, s Seen) (all []Held, o Outcome, nothing string) {
	m := d.measure(pools, findings)
	all = d.hold(pools, findings, m)
	if nothing = d.nothing(pools, m, &s); nothing != "" {
		undecide(all)
		return all, Undecided, nothing
	}
	return all, outcome(all), ""
}

func (d *Demands) hold(pools []*pool.Pool, findings map[string]int64, m map[string]Interval) (all []Held) {
	hold := func(text string, e Expectation) {
		held, ok := e.Holds(m[e.Metric])
		all = append(all, Held{text, ok, held, m[e.Metric]})
	}
	for _, e := range d.Expect {
		hold(e.String(), e)
	}
	for _, id := range d.Forbid {
		n := Exactly(float64(findings[id]) + float64(countCause(d.in(pools), pool.Cause(id))))
		all = append(all, Held{"no " + id, n.Low > 0 || !d.unsure(pools), n.Low == 0, n})
	}
	if d.Doubt != "" && m["connections"].High > 0 {
		all = append(all, Held{Text: d.Doubt, Measured: m["connections"]})
	}
	// A connection says little without a request on it, or what may be one.
	if tx := m["transactions"]; tx.High == 0 && m["connections"].High > 0 {
		all = append(all, Held{Text: "some request was seen", Measured: tx})
	}
	if len(d.Expect) > 0 || len(d.Forbid) > 0 {
		return all
	}
	// Nothing to reuse is no pass and no failure: it cannot be judged.
	spare := m["transactions"]
	spare.Low, spare.High = spare.Low-m["needed"].High, spare.High-m["needed"].Low
	reusable := Held{"some transaction could be reused (transactions > needed)", spare.Low > 0, spare.Low > 0, spare}
	all = append(all, reusable)
	hold("avoidable == 0", Expectation{"avoidable", "==", 0})
	return all
}

func outcome(all []Held) Outcome {
	result := Passed
	for _, h := range all {
		switch {
		case h.OK && !h.Held:
			return Failed
		case !h.OK:
			result = Undecided
		}
	}
	return result
}

// measure gives every metric. Connections whose content could not be read make
// intervals of them: each may have carried any number of transactions; so do
// bytes of a client that the capture lacks.
func (d *Demands) measure(pools []*pool.Pool, findings map[string]int64) map[string]Interval {
	var conns, used, unused, tx, reused, needed, avoidable, opaque, midstream, gaps, fewer, more, unsure, excused, perhaps int64
	allowed := map[pool.Cause]bool{pool.ClientIdleTimeout: true}
	for _, a := range d.Allow {
		allowed[pool.Cause(a)] = true
	}
	for _, p := range d.in(pools) {
		conns += p.Connections
		used += p.Used
		unused += p.Unused
		tx += p.Transactions
		reused += p.Reused
		needed += p.Needed
		avoidable += p.Avoidable
		opaque += p.Opaque
		midstream += p.Causes.Of(pool.Unknown)
		gaps += p.Gaps
		fewer += p.MaxOver
		more += p.MaxUnder
		unsure += p.PerhapsAvoidable
		excused += p.PerhapsNeeded
		if !allowed[pool.ClientClosed] {
			perhaps += p.PerhapsNeeded
		}
		for c := range allowed {
			if c.Avoidable() {
				avoidable -= p.Causes.Of(c)
			}
		}
	}
	var warmths event.Warmths
	for _, p := range d.in(pools) {
		warmths.Cold += p.Warmths.Cold
		warmths.Warm += p.Warmths.Warm
		warmths.Cooled += p.Warmths.Cooled
	}
	unknown := max(0, tx+more-warmths.Cold-warmths.Warm-warmths.Cooled)
	var found int64
	for _, n := range findings {
		found += n
	}
	upTo := func(n, by int64) Interval { return Interval{float64(n), float64(n + by)} }
	m := map[string]Interval{
		"connections": upTo(conns, 0), "used": upTo(used, opaque), "unused": {float64(unused - opaque), float64(unused)},
		"transactions": {float64(tx - fewer), float64(tx + more)}, "reused": {float64(max(0, reused-fewer)), float64(reused + midstream + more)},
		"needed": {float64(needed - unsure), float64(needed + opaque + excused)}, "avoidable": {float64(avoidable - perhaps), float64(avoidable + opaque + unsure)}, "findings": upTo(found, 0),
		"cold": upTo(warmths.Cold, unknown), "warm": upTo(warmths.Warm, unknown), "cooled": upTo(warmths.Cooled, unknown), "reuse": {0, 1},
	}
	if opaque+gaps > 0 {
		m["transactions"] = Interval{float64(tx), math.Inf(1)}
		m["reused"] = Interval{float64(reused), math.Inf(1)}
	} else if tx > 0 && fewer+more == 0 {
		m["reuse"] = Interval{float64(reused) / float64(tx), float64(reused+midstream) / float64(tx)}
	}
	if d.unsure(pools) {
		for name, i := range m {
			m[name] = Interval{i.Low, math.Inf(1)}
		}
	}
	return m
}

// unsure reports pools that were not kept apart: they may be of d's server.
func (d *Demands) unsure(pools []*pool.Pool) bool {
	for _, p := range pools {
		if d.Server != "" && len(p.Servers) == 0 && p.Connections > 0 {
			return true
		}
	}
	return false
}

// in returns the pools that d is about.
func (d *Demands) in(pools []*pool.Pool) []*pool.Pool {
	if d.Server == "" {
		return pools
	}
	host, port := d.Server, ""
	if h, p, err := net.SplitHostPort(d.Server); err == nil {
		host, port = h, p
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	name := d.Redact.Name(host)
	addr, err := netip.ParseAddr(host)
	if err == nil {
		addr = d.Redact.Addr(segment.AddrFrom(addr)).Netip()
	}
	var list []*pool.Pool
	for _, p := range pools {
		if slices.ContainsFunc(p.Servers, func(s segment.Endpoint) bool {
			at := strconv.Itoa(int(s.Port))
			called, listens := p.Name, at
			if h, n, err := net.SplitHostPort(p.Name); err == nil { // what a tunnel leads to
				called, listens = h, n
			}
			return called == name && (port == "" || port == listens) || s.Addr.Netip() == addr && (port == "" || port == at)
		}) {
			list = append(list, p)
		}
	}
	return list
}

func countCause(pools []*pool.Pool, c pool.Cause) (n int64) {
	for _, p := range pools {
		n += p.Causes.Of(c)
	}
	return n
}
