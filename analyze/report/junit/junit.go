// Package junit writes a report as JUnit XML, for services that show tests.
package junit

import (
	"encoding/xml"
	"io"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
)

// class is what test cases are of: the same in every run, so that services that follow
// cases from run to run recognise them.
const class = "tcpwarm.reuse"

// Write writes what r was held against as JUnit XML: a test suite with a case for
// each expectation. What could not be judged is an error, not a failure, and so is
// whatever left the evidence a part; a report that was held against nothing has one
// case, its verdict.
func Write(w io.Writer, r *report.Report) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(suites{Suites: []suite{suiteOf(r)}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func suiteOf(r *report.Report) suite {
	all := suite{Name: "tcpwarm"}
	for _, e := range r.Held() {
		c := testCase{Name: printable.Clean(e.Text), Class: class}
		message := "measured " + e.Measured
		if r.Unjudged != "" {
			message = r.Unjudged
		}
		why := &detail{Message: printable.Clean(message), Text: printable.Clean(r.Summary(&e))}
		switch {
		case e.Held == nil:
			c.Error = why
			all.Errors++
		case !*e.Held:
			c.Failure = why
			all.Failures++
		}
		all.Cases = append(all.Cases, c)
		all.Tests++
	}
	for _, s := range r.Setbacks() {
		c := testCase{Name: printable.Clean(s.Name), Class: class, Error: &detail{Message: printable.Clean(s.Text)}}
		all.Cases = append(all.Cases, c)
		all.Tests++
		all.Errors++
	}
	return all
}

type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []suite  `xml:"testsuite"`
}

type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"`
	Failure *detail `xml:"failure"`
	Error   *detail `xml:"error"`
}

type detail struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}
