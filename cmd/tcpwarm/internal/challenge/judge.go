// Package challenge says what is to be said of an HTTP client that a server of package scenario
// has examined. [Judge] holds what came of a scenario against the ideal client, [Advise] names
// what would help. Judge takes the analysis of packets, or of the server's trace where nothing
// could be captured: the same analysis judges both.
//
// Nothing here starts a command or captures: that is the business of who calls.
package challenge

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/verdict"
	"tcpwarm/analyze/verdict/explain"
	"tcpwarm/pcaps/scenario"
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
func Demands(s *scenario.Scenario, expect []verdict.Expectation) *verdict.Demands {
	d := &verdict.Demands{Expect: expect, Command: true}
	switch {
	case len(expect) > 0:
		return d
	case s.Prevents:
		d.Expect = []verdict.Expectation{{Metric: "used", Op: "<=", Value: float64(s.Count())}}
	default:
		d.Expect = []verdict.Expectation{{Metric: "avoidable", Op: "==", Value: 0}}
		d.Forbid = []string{string(pool.ClientIdleTimeout)}
	}
	if s.Forbids != "" {
		d.Forbid = append(d.Forbid, s.Forbids)
	}
	return d
}

// Judge says what is to be said of the client of s. r is what the analysis of its packets, or
// of the server's trace, came to, held against the scenario's Demands.
func Judge(s *scenario.Server, r *report.Report, ran *Ran, by examined.Evidence) *examined.Row {
	t := &r.Totals
	row := &examined.Row{Scenario: s.Scenario.Name, Requests: int64(len(s.Seen().Requests)), Connections: t.Used, Unused: t.Unused,
		Needed: t.NeededBounds().Low, NeededHigh: t.NeededBounds().High, Exit: ran.Exit}
	if s.Scenario.Prevents {
		row.Needed, row.NeededHigh = int64(s.Scenario.Count()), int64(s.Scenario.Count())
	}
	if by == examined.ServersView && s.Scenario.Multiplexed() && speaksHTTP2(s.Seen().Requests) {
		// The server gets connections later than the client opens them: whether one was known to be
		// HTTP/2 when another was opened it cannot tell, neither way.
		row.Needed, row.NeededHigh = min(row.Needed, 1), max(row.NeededHigh, min(t.Used, s.Scenario.Together()))
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
	if row.Verdict != examined.Declined { // else the server did not do what it is about either
		// Whoever never asks on a connection again does not meet the server that would have ended it.
		row.Needed, row.NeededHigh = max(row.Needed, s.Scenario.Least), max(row.NeededHigh, s.Scenario.Least)
	}
	if row.Verdict == examined.Failed && row.Cause == "" && row.Why == "" {
		row.Cause = worst(s.Scenario, r)
	}
	return row
}

// judge sets the verdict. What was not fetched as asked is never passed.
func judge(w *examined.Row, s *scenario.Server, r *report.Report, ran *Ran) {
	t := &r.Totals
	w.Verdict = examined.NotKnown
	if f := fetched(s, ran); f.verdict != examined.Passed {
		w.Verdict, w.Cause, w.Why = f.verdict, f.cause, f.why
		return
	}
	if ran.Expected {
		w.Expectations = r.Expectations
	}
	switch {
	case w.Requests > t.Transactions && !inferred(r):
		w.Why = fmt.Sprintf("the server had %s, and only %d of them were seen", plural.Count(w.Requests, "request"), t.Transactions)
	case r.Outcome == verdict.Failed && !ran.Expected && w.NeededHigh > w.Needed && t.Used <= s.Scenario.Least:
		w.Verdict = examined.Passed // whichever was opened when
	case r.Outcome == verdict.Failed && !ran.Expected && w.NeededHigh > w.Needed && t.Used <= w.NeededHigh:
		w.Why = "the connections may have been opened at once, before one was known to be HTTP/2: the wire would tell"
	case r.Outcome == verdict.Failed:
		w.Verdict = examined.Failed
	case r.Outcome == verdict.Undecided:
		w.Why = cmp.Or(r.Unjudged, withheld(r), "too little was seen to decide")
	case r.Verdict == pool.NoOpportunity && !s.Scenario.Prevents:
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

// A finding is what keeps a scenario from being judged by its connections, or decides it.
type finding struct {
	verdict examined.Verdict
	cause   string // ID that explain knows, "" where why says all
	why     string
}

// fetched says whether what was asked for was fetched: passed, or what is to be said otherwise.
func fetched(s *scenario.Server, ran *Ran) finding {
	seen := s.Seen()
	all := seen.Requests
	said := ""
	if ran.Said != "" {
		said = "; the command said: " + ran.Said
	}
	sc := s.Scenario
	switch {
	case ran.TooLong:
		return finding{examined.NotKnown, "", "the command did not end, and was ended" + said}
	case len(all) == 0 && seen.Handshake != "":
		return finding{examined.NotKnown, "", "no TLS connection came about: " + seen.Handshake +
			" (the file that TCPWARM_CA names is to be trusted)" + said}
	case len(all) == 0:
		return finding{examined.NotKnown, "", "the command fetched nothing" + said}
	case ran.AtOnce && sc.Pauses():
		return finding{examined.LeftOut, "", "needs pauses, and the command reads all URLs before it fetches any"}
	case sc.Multiplexed() && !speaksHTTP2(all):
		return finding{examined.Declined, "", "speaks no HTTP/2, which the server offers"}
	case sc.Wants != nil && !slices.ContainsFunc(all, func(r scenario.Request) bool { return sc.Wants(&r) }):
		return finding{examined.Declined, "", "the command did not do what the scenario asks for: " + sc.Asks}
	case slices.ContainsFunc(all, func(r scenario.Request) bool { return r.URL < 0 }):
		return finding{examined.NotKnown, "", "the command fetched what it was not asked for"}
	}
	n := count(all, sc.Count())
	missing := fmt.Sprintf("%s of %d had no answer", plural.Count(n.missing, "URL"), sc.Count())
	switch {
	case n.redirected > 0 && n.redirected == n.missing:
		return finding{examined.Declined, "", "follows no redirects"}
	case n.refused > 0:
		return finding{examined.Failed, limited, missing + ": the server had refused the stream, and the command did " +
			"not ask again" + said}
	case n.missing > 0 && (n.lost > 0 || seen.Late > 0):
		return finding{examined.Failed, endingOf(sc), missing + ": the server had ended the connection, and the command " +
			"did not ask again" + said}
	case n.missing > 0 && neverAsked(all, sc, afterEnd) == n.missing:
		return finding{examined.Failed, endingOf(sc), missing + ": the server had ended the connection, and the command gave up " +
			"what it had not asked for yet" + said}
	case n.missing > 0 && neverAsked(all, sc, beyondLimit) == n.missing:
		return finding{examined.Failed, limited, fmt.Sprintf("%s: the command gave up what came beyond the %s that the "+
			"server permits at once", missing, plural.Count(int64(sc.StreamLimit()), "stream")) + said}
	case n.missing > 0:
		return finding{examined.NotKnown, "", missing + said}
	case n.often > 0:
		return finding{examined.NotKnown, "", plural.Count(n.often, "URL") + " fetched more than once"}
	case seen.Pings > 0:
		return finding{examined.Failed, "", fmt.Sprintf("%s had no acknowledgement (RFC 9113 section 6.7)",
			plural.Count(int64(seen.Pings), "PING"))}
	}
	return finding{verdict: examined.Passed}
}

// limited is the cause of losing what came beyond the server's limit of streams.
const limited = "h2-stream-limit"

// endingOf is the cause of losing what the server's end of a connection of s left unanswered.
func endingOf(s *scenario.Scenario) string {
	if s.Multiplexed() {
		return "goaway"
	}
	return "stale-reuse-race"
}

// A reason says whether the server has shown why one of the URLs that were handed out together, from first to before
// end, may not have been asked for.
type reason func(all []scenario.Request, s *scenario.Scenario, first, end int) bool

// neverAsked is how many URLs nobody has asked for, where there is that reason.
func neverAsked(all []scenario.Request, s *scenario.Scenario, why reason) (n int64) {
	for url := range s.Count() {
		first, end := s.Step(url)
		if !slices.ContainsFunc(all, func(r scenario.Request) bool { return r.URL == url }) && why(all, s, first, end) {
			n++
		}
	}
	return n
}

// afterEnd reports whether the server had ended a connection instead of an answer to one of the URLs before end:
// a client that kept the rest for that connection still had to ask for it on another.
func afterEnd(all []scenario.Request, _ *scenario.Scenario, _, end int) bool {
	return slices.ContainsFunc(all, func(r scenario.Request) bool { return r.URL < end && r.Again == scenario.Lost })
}

// beyondLimit reports whether as many of the URLs from first to before end were asked for as the server permits at
// once: what was not asked for had to wait (RFC 9113 section 5.1.2).
func beyondLimit(all []scenario.Request, s *scenario.Scenario, first, end int) bool {
	asked := map[int]bool{}
	for _, r := range all {
		if r.URL >= first && r.URL < end {
			asked[r.URL] = true
		}
	}
	return s.StreamLimit() > 0 && len(asked) >= s.StreamLimit()
}

func speaksHTTP2(all []scenario.Request) bool {
	return slices.ContainsFunc(all, func(r scenario.Request) bool { return r.Protocol == "HTTP/2.0" })
}

// counts are of URLs.
type counts struct {
	missing    int64 // without an answer
	redirected int64 // of these: a redirect was the last that the client got
	lost       int64 // of these: the last request's connection was ended instead
	refused    int64 // of these: the last request's stream was refused
	often      int64 // answered more than once
}

// count counts what became of so many URLs.
func count(all []scenario.Request, urls int) (n counts) {
	for url := range urls {
		answered, again, last := 0, false, scenario.Again("")
		for _, r := range all {
			if r.URL == url {
				last = r.Again
				if r.Answered() || r.Unread() {
					// What failed in the server may be asked again (RFC 9110 section 15.6).
					again = again || answered > 0 && answered < http.StatusInternalServerError
					answered = max(1, r.Status)
				}
			}
		}
		switch {
		case again:
			n.often++
		case answered > 0:
		case last == scenario.Redirected:
			n.missing++
			n.redirected++
		case last == scenario.Lost:
			n.missing++
			n.lost++
		case last == scenario.Refused:
			n.missing++
			n.refused++
		default:
			n.missing++
		}
	}
	return n
}

// sharing is the scenario that a client passes only if it has one object for all requests.
const sharing = "one-after-another"

// Advise names what each failure rests on, and the knob of the client's library: but none that
// other scenarios, or this one, show to be set. Else it says what a good client does.
func Advise(rows []*examined.Row) {
	shares := slices.ContainsFunc(rows, func(w *examined.Row) bool { return w.Scenario == sharing && w.Verdict == examined.Passed })
	for _, w := range rows {
		s, ok := scenario.Lookup(w.Scenario)
		if !ok || w.Verdict != examined.Failed {
			continue
		}
		one := s.Together() == 1
		known := w.Cause == string(pool.Missed) && shares || w.Cause == string(pool.ClientClosed) && one // a pool holds one
		if e, ok := explain.Lookup(w.Cause); ok && !known {
			if k, ok := e.KnobFor(w.Client); ok {
				w.Knob = k.Setting()
			}
		}
		if w.Knob == "" && w.Why == "" {
			w.About = s.About
		}
	}
}

// worst is the avoidable cause of most connections, else the finding that s forbids.
func worst(s *scenario.Scenario, r *report.Report) (id string) {
	var most int64
	for c, n := range r.Totals.Causes {
		if c.Avoidable() && !s.Prevents && (n > most || n == most && string(c) < id) {
			id, most = string(c), n
		}
	}
	if id == "" && r.Totals.Findings[s.Forbids] > 0 {
		id = s.Forbids
	}
	return id
}
