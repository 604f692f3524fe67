package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

func TestJUnit(t *testing.T) {
	r := burstReport()
	r.Expectations[0].Text = "a < b & \x1b[31m\"c\""
	var b bytes.Buffer
	if err := JUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	s := got.Suites[0]
	// Three expectations, a file that was cut short, and a command that failed.
	if s.Tests != 5 || s.Failures != 1 || s.Errors != 3 || s.Cases[3].Error == nil || s.Cases[4].Error == nil || s.Cases[4].Class != "tcpwarm.reuse" || s.Cases[0].Failure == nil || s.Cases[1].Failure != nil || s.Cases[2].Error == nil {
		t.Errorf("%+v", s)
	}
	if strings.Contains(b.String(), "\x1b") || !strings.Contains(s.Cases[0].Failure.Text, "avoidable") {
		t.Errorf("%s", b.String())
	}
}

func TestJUnitWithoutExpectations(t *testing.T) {
	r := missedReport()
	var b bytes.Buffer
	if err := JUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `tests="1" failures="1"`) {
		t.Error(b.String())
	}
}

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
		r := &Report{Schema: Schema, Verdict: v, Totals: Totals{Transactions: 3, Reused: 2}}
		var b bytes.Buffer
		if err := JUnit(&b, r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), `tests="1" `+want) {
			t.Errorf("%s: %s", v, b.String())
		}
	}
}

// Whatever leaves the evidence a part takes back what has passed, and nothing else.
func TestLack(t *testing.T) {
	for kind, want := range map[string]verdict.Outcome{
		segment.KernelDropped: verdict.Undecided,
		segment.FileCutShort:  verdict.Undecided,
		segment.Interrupted:   verdict.Undecided,
		segment.InterfaceGone: verdict.Undecided,
		segment.NotReadable:   verdict.Undecided,
		segment.NotWritten:    verdict.Undecided,
	} {
		r := &Report{Schema: Schema, Outcome: verdict.Passed, Expectations: []Expectation{{Text: "a", Held: truth(true)}}}
		r.Lack(segment.Problem{Kind: kind, Count: 1, Text: "what happened"})
		if r.Outcome != want || r.Expectations[0].Held != nil {
			t.Errorf("%s: %s, %v", kind, r.Outcome, r.Expectations[0].Held)
		}
		var text, junit, github bytes.Buffer
		Text(&text, r, TextOptions{})
		JUnit(&junit, r)
		GitHub(&github, r)
		if strings.Contains(text.String(), "PASS") || !strings.Contains(text.String(), "  !  ") ||
			!strings.Contains(junit.String(), `errors="2"`) || !strings.Contains(github.String(), "::error title=tcpwarm%3A "+kind) {
			t.Errorf("%s: %s%s%s", kind, text.String(), junit.String(), github.String())
		}
	}
	failed := &Report{Outcome: verdict.Failed, Expectations: []Expectation{{Text: "a", Held: truth(false)}, {Text: "b", Held: truth(true)}}}
	failed.Ran(&Command{Exit: 1})
	if failed.Outcome != verdict.Failed || failed.Expectations[0].Held == nil || failed.Expectations[1].Held != nil {
		t.Errorf("%+v", failed)
	}
	passed := &Report{Outcome: verdict.Passed, Expectations: []Expectation{{Text: "a", Held: truth(true)}}}
	passed.Ran(&Command{})
	if passed.Outcome != verdict.Passed || passed.Expectations[0].Held == nil {
		t.Errorf("%+v", passed)
	}
}

func TestGitHub(t *testing.T) {
	r := burstReport()
	r.Expectations[0].Text = "x: y, 100%\n::error::forged"
	var b bytes.Buffer
	if err := GitHub(&b, r); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 5 || !strings.HasPrefix(lines[3], "::error title=tcpwarm%3A file-cut-short::") || lines[4] != "::error title=tcpwarm%3A command::the command failed: terminated" || !strings.HasPrefix(lines[0], "::error title=tcpwarm%3A x%3A y%2C 100%25") || !strings.HasPrefix(lines[1], "::notice ") || !strings.HasPrefix(lines[2], "::warning ") {
		t.Errorf("%q", lines)
	}
	b.Reset()
	r.Expectations[0].Text = "a | <b>"
	if err := StepSummary(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `| **x** | a \| &lt;b&gt; | 12 |`) {
		t.Error(b.String())
	}
}
