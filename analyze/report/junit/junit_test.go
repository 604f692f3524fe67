package junit

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"tcpwarm/analyze/report/reporttest"
)

func TestJUnit(t *testing.T) {
	r := reporttest.Burst()
	r.Expectations[0].Text = "a < b & \x1b[31m\"c\""
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	var got suites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	s := got.Suites[0]
	// Three expectations, a file that was cut short, and a command that failed.
	if s.Tests != 5 || s.Failures != 1 || s.Errors != 3 ||
		s.Cases[0].Failure == nil || s.Cases[1].Failure != nil || s.Cases[2].Error == nil ||
		s.Cases[3].Error == nil || s.Cases[4].Error == nil || s.Cases[4].Class != "tcpwarm.reuse" {
		t.Errorf("%+v", s)
	}
	if strings.Contains(b.String(), "\x1b") || !strings.Contains(s.Cases[0].Failure.Text, "avoidable") {
		t.Errorf("%s", b.String())
	}
}

func TestJUnitWithoutExpectations(t *testing.T) {
	r := reporttest.Missed()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `tests="1" failures="1"`) {
		t.Error(b.String())
	}
}
