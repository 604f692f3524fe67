package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/redact"
)

// Demands are what a user wants to hold. With none of Expect and Forbid, the
// default applies: some transaction could be reused, and nothing was avoidable.
type Demands struct {
	Expect  []Expectation
	Forbid  []string // causes and findings that must not be there
	Allow   []string // causes that are no fault; client-idle-timeout always is
	Server  string   // HOST[:PORT], HOST perhaps with * and ?: only pools of it count; "" is all
	Look    bool     // nothing is demanded: what is to be seen is the server's
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
	Note     string // what Measured leaves out, "" for nothing
}

// Judge holds d against pools and the findings' counts. Where nothing was judged, it says
// why, and what s has instead; then nothing holds, and nothing fails.
func (d *Demands) Judge(pools []*pool.Pool, findings Counts, s Seen) (all []Held, o Outcome, nothing string) {
	m := d.measure(pools, findings)
	m["unread"] = Exactly(float64(s.Unread))
	all = d.check(pools, findings, m)
	if nothing = d.nothing(pools, m, &s); nothing != "" {
		undecide(all)
		return all, Undecided, nothing
	}
	return all, outcome(all), ""
}

// Nothing returns why there was nothing of the server to look at, or nothing behind the filter, and what s has
// instead; "" if there was something.
func (d *Demands) Nothing(pools []*pool.Pool, s Seen) string {
	switch {
	case len(pools) == 0 && d.Filter != "" && s.Packets > 0 && s.Filtered == s.Packets:
		return d.nothing(pools, d.measure(pools, Counts{}), &s)
	case len(d.Of(pools)) > 0 || len(pools) == 0:
		return ""
	case d.unsure(pools):
		return fmt.Sprintf("no server matches %s of those that are kept apart; there are sums of others, which may be its", d.serverShown())
	}
	return d.nothing(pools, d.measure(pools, Counts{}), &s)
}

// check holds each demand against what was measured.
func (d *Demands) check(pools []*pool.Pool, findings Counts, m map[string]Interval) (all []Held) {
	add := func(text string, e Expectation) {
		held, ok := e.Holds(m[e.Metric])
		h := Held{Text: text, OK: ok, Held: held, Measured: m[e.Metric]}
		if e.Metric == "avoidable" {
			h.Note = d.allowedOf(pools)
		}
		all = append(all, h)
	}
	for _, e := range d.Expect {
		add(e.String(), e)
	}
	for _, id := range d.Forbid {
		n := d.occurs(id, pools, findings)
		none, ok := Expectation{Metric: id, Op: "==", Value: 0}.Holds(n)
		all = append(all, Held{Text: "no " + id, OK: ok, Held: none, Measured: n})
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
	// Nothing to reuse is no pass and no failure: it cannot be judged. What the server ended instead of answering
	// was no opportunity either.
	surplus := m["transactions"]
	unanswered := float64(countReusedUnanswered(d.Of(pools)))
	surplus.Low, surplus.High = surplus.Low-m["needed"].High-unanswered, surplus.High-m["needed"].Low-unanswered
	reusable := Held{Text: "some transaction could be reused (transactions > needed)",
		OK: surplus.Low > 0, Held: surplus.Low > 0, Measured: surplus}
	all = append(all, reusable)
	add("avoidable == 0", Expectation{"avoidable", "==", 0})
	return all
}

// outcome is failed if any is, and passed only if all are.
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
