// Package examined is what came of examining a client with many scenarios: data for
// writers, as package report is for one capture.
package examined

import (
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
)

// Schema names the JSON form of a Report.
const Schema = "tcpwarm/challenge/v1"

// A Verdict is what is said of a client in one scenario.
type Verdict string

// The verdicts.
const (
	Passed   Verdict = "passed"
	Failed   Verdict = "failed"
	NotKnown Verdict = "not-known" // too little evidence, or not what was asked
	Declined Verdict = "declined"  // the client does not do what the scenario is about
	LeftOut  Verdict = "left-out"  // not played
)

// Evidence is what verdicts rest on.
type Evidence string

// The kinds of evidence.
const (
	OnTheWire   Evidence = "wire"   // captured packets
	ServersView Evidence = "server" // what the server saw of its connections: counts and closers, no packets
)

// A Report is what came of all scenarios.
type Report struct {
	Schema   string          `json:"schema"`
	Args     []string        `json:"args"` // of the command
	Evidence Evidence        `json:"evidence"`
	Because  string          `json:"evidence_because,omitempty"` // why it is no better
	Rows     []*Row          `json:"scenarios"`
	Problem  string          `json:"problem,omitempty"` // what kept it from coming to its end
	Outcome  verdict.Outcome `json:"outcome"`
}

// A Row is what came of one scenario.
type Row struct {
	Scenario    string  `json:"scenario"`
	Verdict     Verdict `json:"verdict"`
	Requests    int64   `json:"requests"`    // on the connections that were used
	Connections int64   `json:"connections"` // used ones
	Unused      int64   `json:"unused"`      // opened, and nothing was asked on them
	Needed      int64   `json:"needed"`      // by an ideal client, for the same requests at the same times
	NeededHigh  int64   `json:"needed_high"` // the same as Needed where that is known
	Resumed     int64   `json:"tls_resumed"` // connections that took up a TLS session

	Cause  string `json:"cause,omitempty"`  // of a failure: an ID that explain knows
	Knob   string `json:"knob,omitempty"`   // for the library that the client says it is
	Why    string `json:"why,omitempty"`    // in words, where no cause says it
	About  string `json:"about,omitempty"`  // what the scenario is about, of one that failed for no known knob
	Client string `json:"client,omitempty"` // what the client calls itself
	Exit   int    `json:"exit"`             // of the command, -1 if a signal ended it

	Expectations []report.Expectation `json:"expectations,omitempty"`
}

// NeededBounds returns how many connections the ideal client opens.
func (w *Row) NeededBounds() report.Bounds { return report.Bounds{Low: w.Needed, High: w.NeededHigh} }

// Count returns how many scenarios have a verdict.
func (r *Report) Count(v Verdict) (n int64) {
	for _, w := range r.Rows {
		if w.Verdict == v {
			n++
		}
	}
	return n
}

// Conclude sets what all come to: failed if one is, and passed if one is and all others are,
// or were declined or left out.
func (r *Report) Conclude() {
	switch {
	case r.Count(Failed) > 0:
		r.Outcome = verdict.Failed
	case r.Count(NotKnown) > 0 || r.Count(Passed) == 0 || r.Problem != "":
		r.Outcome = verdict.Undecided
	default:
		r.Outcome = verdict.Passed
	}
}
