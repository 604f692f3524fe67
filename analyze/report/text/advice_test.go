package text

import (
	"bytes"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/reporttest"
)

// written is r at a width at which no advice wraps.
func written(t *testing.T, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, Options{Width: 300}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A knob is that of the client that the capture shows; where nothing shows, no library is
// named.
func TestAdviceNamesWhoShows(t *testing.T) {
	for _, x := range []struct{ agent, want string }{
		{"axios/1.7.2", "node/axios  const a = "},
		{"Go-http-client/1.1", "go net/http  one http.Client"},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36", "browser  it keeps connections apart"},
		{"", "how, by library and program: tcpwarm explain missed"},
		{"in-house/1.0", "how, by library and program: tcpwarm explain missed"},
	} {
		r := reporttest.Missed()
		r.Pools[0].UserAgent = x.agent
		got := written(t, r)
		if !strings.Contains(got, x.want) {
			t.Errorf("%q: no %q in\n%s", x.agent, x.want, got)
		}
		if strings.Contains(got, "axios") != strings.Contains(x.agent, "axios") {
			t.Errorf("%q: axios in\n%s", x.agent, got)
		}
		if strings.Contains(got, "the client calls itself") != (x.agent != "") {
			t.Errorf("%q: who it is in\n%s", x.agent, got)
		}
	}
}

// Captured at the server, advice speaks of what that side can do first.
func TestAdviceIsForWhoCanAct(t *testing.T) {
	for _, at := range []report.Vantage{report.AtServer, report.AtClient, report.InTheMiddle} {
		r := reporttest.Missed()
		r.Capture.Loopback, r.Capture.Vantage = false, at
		r.Connections[1].OpenedBecause.Cause = pool.ServerClosed
		if got := written(t, r); strings.Contains(got, "This side's keep-alive timeout") != (at == report.AtServer) {
			t.Errorf("at the %s:\n%s", at, got)
		}
	}
}

// How many pools are fine, and what is the matter with the others, where there are several.
func TestTally(t *testing.T) {
	for _, x := range []struct {
		of   map[pool.Verdict]int64
		want string
	}{
		{nil, ""},
		{map[pool.Verdict]int64{pool.Reused: 1}, ""},
		{map[pool.Verdict]int64{pool.Reused: 3}, "\n3 of 3 pools are fine.\n"},
		{map[pool.Verdict]int64{pool.Reused: 44, pool.NotReused: 2, pool.PartlyReused: 1, pool.NotKnown: 1}, "\n3 of 48 pools open too many, 1 is not judged, 44 are fine.\n"},
		{map[pool.Verdict]int64{pool.ServerPrevents: 2, pool.NoOpportunity: 1}, "\nthe server ends the connections of 2 of 3 pools, 1 had nothing to reuse.\n"},
	} {
		r := reporttest.Missed()
		r.Totals.Verdicts = x.of
		got := written(t, r)
		if !strings.Contains(got, x.want) || x.want == "" && strings.Contains(got, "pools") {
			t.Errorf("%v: no %q in\n%s", x.of, x.want, got)
		}
	}
}

// A connection that the server ended for the client's own error is no reason to raise the server's limits: what
// helps says goaway. Beside it one that it ended for another reason is told of first.
func TestAdviceOnAGoAwayForTheClientsError(t *testing.T) {
	const raise = "raise it above the pause between requests"
	for _, x := range []struct {
		what          string
		provoked      []bool // of the connections opened because the server had closed one
		said          bool   // by a finding, of the connection that the server had closed
		closer, raise bool
	}{
		{"for an error", []bool{true}, true, true, false},
		{"for another reason", []bool{false}, true, false, true},
		{"for an error that no finding tells of", []bool{true}, false, false, true},
		{"for an error first", []bool{true, false}, true, false, true},
	} {
		r := reporttest.Missed()
		first := r.Connections[1]
		r.Connections = r.Connections[:1]
		for i, provoked := range x.provoked {
			c := *first
			c.ID = int64(i) + 2
			c.OpenedBecause = &report.OpenedBecause{Cause: pool.ServerClosed, Confidence: pool.Certain, Provoked: provoked}
			r.Connections = append(r.Connections, &c)
		}
		n := int64(len(x.provoked))
		p := r.Pools[0]
		p.Used, p.Needed, p.Avoidable, p.Verdict = n+1, n+1, 0, pool.ServerPrevents
		p.Causes = map[pool.Cause]int64{pool.First: 1, pool.ServerClosed: n}
		if x.said {
			r.Findings = append(r.Findings, report.Finding{ID: "goaway", Confidence: pool.Certain, Connections: []int64{1}})
		}
		got := strings.ToLower(written(t, r))
		if closer := strings.Contains(got, "what helps says goaway below."); closer != x.closer || strings.Contains(got, raise) != x.raise {
			t.Errorf("%s: it points to goaway: %v, want %v; advice on limits wanted: %v\n%s", x.what, closer, x.closer, x.raise, got)
		}
	}
}

// Nor is one that the server ended in use, without an error: a keep-alive limit above the pause between requests
// would not have kept it.
func TestAdviceOnAGoAwayInUse(t *testing.T) {
	const raise = "raise it above the pause between requests"
	for _, inUse := range []bool{true, false} {
		r := reporttest.Missed()
		r.Connections[1].OpenedBecause = &report.OpenedBecause{Cause: pool.ServerClosed, Confidence: pool.Certain, LeftInUse: inUse}
		p := r.Pools[0]
		p.Needed, p.Avoidable, p.Verdict = 2, 0, pool.ServerPrevents
		p.Causes = map[pool.Cause]int64{pool.First: 1, pool.ServerClosed: 1}
		r.Findings = append(r.Findings, report.Finding{ID: "goaway", Confidence: pool.Certain, Connections: []int64{1}})
		got := strings.ToLower(written(t, r))
		if closer := strings.Contains(got, "what helps says goaway below."); closer != inUse || strings.Contains(got, raise) == inUse {
			t.Errorf("in use: %v, it points to goaway: %v\n%s", inUse, closer, got)
		}
	}
}
