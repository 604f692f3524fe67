package report_test

import (
	"bytes"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/github"
	"tcpwarm/analyze/report/junit"
	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// Without expectations, only connections that were reused are green.
func TestJUnitIsGreenForReuseOnly(t *testing.T) {
	for v, want := range map[pool.Verdict]string{
		pool.Reused:         `failures="0" errors="0"`,
		pool.NotReused:      `failures="1" errors="0"`,
		pool.PartlyReused:   `failures="1" errors="0"`,
		pool.ServerPrevents: `failures="0" errors="1"`,
		pool.NoOpportunity:  `failures="0" errors="1"`,
		pool.NotKnown:       `failures="0" errors="1"`,
	} {
		r := &report.Report{Schema: report.Schema, Verdict: v, Totals: report.Totals{Transactions: 3, Reused: 2}}
		var b bytes.Buffer
		if err := junit.Write(&b, r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), `tests="1" `+want) {
			t.Errorf("%s: %s", v, b.String())
		}
	}
}

func passing(more ...report.Expectation) *report.Report {
	yes := true
	return &report.Report{Schema: report.Schema, Outcome: verdict.Passed, Expectations: append(more, report.Expectation{Text: "a", Held: &yes})}
}

// Whatever leaves the evidence a part takes back what has passed, and nothing else.
func TestLack(t *testing.T) {
	for _, kind := range []string{segment.KernelDropped, segment.FileCutShort, segment.Interrupted, segment.InterfaceGone,
		segment.NotReadable, segment.NotWritten, segment.InternalError, segment.OwnerNotKnown} {
		r := passing()
		r.Lack(segment.Problem{Kind: kind, Count: 1, Text: "what happened"})
		if r.Outcome != verdict.Undecided || r.Expectations[0].Held != nil {
			t.Errorf("%s: %s, %v", kind, r.Outcome, r.Expectations[0].Held)
		}
		var asText, asJUnit, asGitHub bytes.Buffer
		text.Write(&asText, r, text.Options{})
		junit.Write(&asJUnit, r)
		github.Write(&asGitHub, r)
		if strings.Contains(asText.String(), "PASS") || !strings.Contains(asText.String(), "  !  ") ||
			!strings.Contains(asJUnit.String(), `errors="2"`) || !strings.Contains(asGitHub.String(), "::error title=tcpwarm%3A "+kind) {
			t.Errorf("%s: %s%s%s", kind, asText.String(), asJUnit.String(), asGitHub.String())
		}
	}
	no := false
	failed := passing(report.Expectation{Text: "b", Held: &no})
	failed.Outcome = verdict.Failed
	failed.Ran(&report.Command{Exit: 1})
	if failed.Outcome != verdict.Failed || failed.Expectations[0].Held == nil || failed.Expectations[1].Held != nil {
		t.Errorf("%+v", failed)
	}
	passed := passing()
	passed.Ran(&report.Command{})
	if passed.Outcome != verdict.Passed || passed.Expectations[0].Held == nil {
		t.Errorf("%+v", passed)
	}
}
