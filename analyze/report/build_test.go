package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
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
	if s.Tests != 3 || s.Failures != 1 || s.Errors != 1 || s.Cases[0].Failure == nil || s.Cases[1].Failure != nil || s.Cases[2].Error == nil {
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

func TestGitHub(t *testing.T) {
	r := burstReport()
	r.Expectations[0].Text = "x: y, 100%\n::error::forged"
	var b bytes.Buffer
	if err := GitHub(&b, r); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "::error title=tcpwarm%3A x%3A y%2C 100%25") || !strings.HasPrefix(lines[1], "::notice ") || !strings.HasPrefix(lines[2], "::warning ") {
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
