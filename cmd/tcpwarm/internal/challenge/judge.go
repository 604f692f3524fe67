package challenge

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/verdict"
	"tcpwarm/analyze/verdict/explain"
)

// A Ran is how the command was run.
type Ran struct {
	Expected bool // a user has expectations of the scenario
	AtOnce   bool // it got all URLs at once, or fetched nothing before it had them all
	TooLong  bool // it was ended because it did not end
	Exit     int
	Said     string // its last line on standard error
}

// Demands returns what s is held against: what a user expects, else that no connection is
// opened that an ideal client does without. A client's own idle timeout is no excuse: pauses
// are short. Where the server ends every connection each URL needs its own, whoever was
// faster in ending the one before: a client that obeys an announced timeout leaves time to spare.
func (s *Scenario) Demands(expect []verdict.Expectation) *verdict.Demands {
	d := &verdict.Demands{Expect: expect, Command: true}
	switch {
	case len(expect) > 0:
		return d
	case s.prevents:
		d.Expect = []verdict.Expectation{{Metric: "used", Op: "<=", Value: float64(s.urls())}}
	default:
		d.Expect = []verdict.Expectation{{Metric: "avoidable", Op: "==", Value: 0}}
		d.Forbid = []string{string(pool.ClientIdleTimeout)}
	}
	if s.forbids != "" {
		d.Forbid = append(d.Forbid, s.forbids)
	}
	return d
}

// Judge says what is to be said of the client of s. r is what the analysis of its packets, or
// of the server's trace, came to, held against the scenario's Demands.
func Judge(s *Server, r *report.Report, ran *Ran) *examined.Row {
	t := &r.Totals
	row := &examined.Row{Scenario: s.Scenario.Name, Requests: int64(len(s.ledger.copied())), Connections: t.Used, Unused: t.Unused,
		Needed: t.NeededBounds().Low, NeededHigh: t.NeededBounds().High, Exit: ran.Exit}
	if s.Scenario.prevents {
		row.Needed, row.NeededHigh = int64(s.Scenario.urls()), int64(s.Scenario.urls())
	}
	for _, c := range r.Connections {
		if c.TLS != nil && c.TLS.Resumed != nil && *c.TLS.Resumed {
			row.Resumed++
		}
	}
	for _, p := range r.Pools {
		row.Client = cmp.Or(row.Client, p.UserAgent)
	}
	judge(row, s, r, ran)
	advise(row, s.Scenario, r)
	return row
}

// judge sets the verdict. What was not fetched as asked is never passed.
func judge(w *examined.Row, s *Server, r *report.Report, ran *Ran) {
	t := &r.Totals
	w.Verdict = examined.NotKnown
	if v, cause, why := s.fetched(ran); v != examined.Passed {
		w.Verdict, w.Cause, w.Why = v, cause, why
		return
	}
	if ran.Expected {
		w.Expectations = r.Expectations
	}
	switch {
	case w.Requests > t.Transactions && !inferred(r):
		w.Why = fmt.Sprintf("the server had %s, and only %d of them were seen", plural.Count(w.Requests, "request"), t.Transactions)
	case r.Outcome == verdict.Failed:
		w.Verdict = examined.Failed
	case r.Outcome == verdict.Undecided:
		w.Why = cmp.Or(r.Unjudged, withheld(r), "too little was seen to decide")
	case r.Verdict == pool.NoOpportunity && !s.Scenario.prevents:
		w.Why = "everything was asked at once: nothing could be reused"
	default:
		w.Verdict = examined.Passed
	}
}

// inferred reports whether requests are only bounded: TLS that the server's keys do not open.
func inferred(r *report.Report) bool {
	return slices.ContainsFunc(r.Pools, func(p *report.Pool) bool { return p.TransactionHigh != nil })
}

// withheld is why the verdict of a pool is not known, "" where all are.
func withheld(r *report.Report) string {
	for _, p := range r.Pools {
		if p.WithheldBecause != "" {
			return p.WithheldBecause
		}
	}
	return ""
}

// fetched says whether what was asked for was fetched, and else what is to be said then.
func (s *Server) fetched(ran *Ran) (v examined.Verdict, cause, why string) {
	all := s.ledger.copied()
	s.ledger.mu.Lock()
	late, handshake, pings := s.ledger.late, s.ledger.handshake, s.ledger.pings
	s.ledger.mu.Unlock()
	said := ""
	if ran.Said != "" {
		said = "; the command said: " + ran.Said
	}
	switch {
	case ran.TooLong:
		return examined.NotKnown, "", "the command did not end, and was ended" + said
	case len(all) == 0 && handshake != "":
		return examined.NotKnown, "", "no TLS connection came about: " + handshake + " (the file that TCPWARM_CA names is to be trusted)" + said
	case len(all) == 0:
		return examined.NotKnown, "", "the command fetched nothing" + said
	case ran.AtOnce && s.Scenario.Pauses():
		return examined.LeftOut, "", "needs pauses, and the command reads all URLs before it fetches any"
	case s.Scenario.multiplexed() && !slices.ContainsFunc(all, func(r request) bool { return r.protocol == "HTTP/2.0" }):
		return examined.Declined, "", "speaks no HTTP/2, which the server offers"
	case s.Scenario.wants != nil && !slices.ContainsFunc(all, func(r request) bool { return s.Scenario.wants(&r) }):
		return examined.Declined, "", "the command did not do what the scenario asks for: " + s.Scenario.Asks
	case slices.ContainsFunc(all, func(r request) bool { return r.url < 0 }):
		return examined.NotKnown, "", "the command fetched what it was not asked for"
	}
	urls := s.Scenario.urls()
	missing, often := 0, 0
	broken, redirected := false, false
	for url := range urls {
		answers := 0
		last := ""
		for _, r := range all {
			if r.url != url {
				continue
			}
			if r.done && r.again == "" || r.unread() {
				answers++
			}
			last = r.again
		}
		switch {
		case answers == 0:
			missing++
			broken = broken || last == lost
			redirected = redirected || last == redirect
		case answers > 1:
			often++
		}
	}
	switch {
	case missing > 0 && redirected && !broken:
		return examined.Declined, "", "follows no redirects"
	case missing > 0 && (broken || late > 0):
		cause := "stale-reuse-race"
		if s.Scenario.multiplexed() {
			cause = "goaway"
		}
		return examined.Failed, cause, fmt.Sprintf("%s of %d had no answer: the server had ended the connection, and "+
			"the command did not ask again%s", plural.Count(int64(missing), "URL"), urls, said)
	case missing > 0:
		return examined.NotKnown, "", fmt.Sprintf("%s of %d had no answer%s", plural.Count(int64(missing), "URL"), urls, said)
	case often > 0:
		return examined.NotKnown, "", fmt.Sprintf("%s fetched more than once", plural.Count(int64(often), "URL"))
	case pings > 0:
		return examined.Failed, "", fmt.Sprintf("%s had no acknowledgement (RFC 9113 section 6.7)", plural.Count(int64(pings), "PING"))
	}
	return examined.Passed, "", ""
}

// unread reports whether r was answered, and the client left some of the answer unread.
func (r *request) unread() bool { return !r.done && !r.begun.IsZero() }

// advise names what the verdict rests on, and the knob of the client's library.
func advise(w *examined.Row, s *Scenario, r *report.Report) {
	if w.Verdict != examined.Failed {
		return
	}
	if w.Cause == "" && w.Why == "" {
		w.Cause = worst(s, r)
	}
	if e, ok := explain.Lookup(w.Cause); ok {
		if k, ok := e.KnobFor(w.Client); ok {
			w.Knob = k.Setting()
		}
	}
}

// worst is the avoidable cause of most connections, else the finding that s forbids.
func worst(s *Scenario, r *report.Report) (id string) {
	var most int64
	for c, n := range r.Totals.Causes {
		if c.Avoidable() && !s.prevents && (n > most || n == most && string(c) < id) {
			id, most = string(c), n
		}
	}
	if id == "" && r.Totals.Findings[s.forbids] > 0 {
		id = s.forbids
	}
	return id
}
