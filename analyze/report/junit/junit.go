// Package junit writes a report as JUnit XML, for services that show tests.
package junit

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/report/printable"
)

// What test cases are of: the same in every run, so that services that follow
// cases from run to run recognise them.
const (
	class        = "tcpwarm.reuse"
	compareClass = "tcpwarm.compare"
)

// Write writes what r was held against as JUnit XML: a test suite with a case for
// each expectation. What could not be judged is an error, not a failure, and so is
// whatever left the evidence a part; a report that was held against nothing has one
// case, its verdict.
func Write(w io.Writer, r *report.Report) error { return encode(w, suiteOf(r)) }

// WriteExamined writes what came of many scenarios: a case for each. One that was not judged
// is skipped, one of which too little is known an error, so that nothing is green that is not
// a pass.
func WriteExamined(w io.Writer, r *examined.Report) error {
	all := suite{Name: "tcpwarm challenge"}
	for _, row := range r.Rows {
		message := cmp.Or(row.Cause, row.Why, string(row.Verdict))
		if row.Cause != "" && row.Why != "" {
			message += ": " + row.Why
		}
		for _, e := range row.Expectations {
			if e.Held == nil || !*e.Held {
				message += "; " + e.Text + ": measured " + e.Measured
			}
		}
		text := fmt.Sprintf("%s on %s; an ideal client opens %s",
			plural.Count(row.Requests, "request"), plural.Count(row.Connections, "connection"), row.NeededBounds())
		why := &detail{Message: printable.Clean(message), Text: printable.Clean(text)}
		c := testCase{Name: row.Scenario, Class: "tcpwarm.challenge"}
		switch row.Verdict {
		case examined.Failed:
			c.Failure = why
		case examined.NotKnown:
			c.Error = why
		case examined.Declined, examined.LeftOut:
			c.Skipped = why
		}
		all.add(c)
	}
	if r.Problem != "" || r.Count(examined.Passed)+r.Count(examined.Failed)+r.Count(examined.NotKnown) == 0 {
		why := &detail{Message: printable.Clean(cmp.Or(r.Problem, "no scenario was judged"))}
		all.add(testCase{Name: "all scenarios", Class: "tcpwarm.challenge", Error: why})
	}
	return encode(w, all)
}

// WriteComparison writes c as JUnit XML: one test case, that it has not become worse, or where something was expected
// one for each of that. What does not decide is an error.
func WriteComparison(w io.Writer, c *compare.Comparison) error {
	all := suite{Name: "tcpwarm"}
	for _, e := range c.Expectations {
		all.add(caseOf(compareClass, e.Text, "measured "+e.Measured, c.Sentence(), e.Held))
	}
	if len(c.Expectations) == 0 {
		var held *bool
		if not := c.Change != compare.Worse; c.Change != compare.Undecided {
			held = &not
		}
		all.add(caseOf(compareClass, "not worse than before", string(c.Change), c.Sentence(), held))
	}
	for _, s := range slices.Concat(c.Before.Setbacks(), c.After.Setbacks()) {
		all.setback(s)
	}
	return encode(w, all)
}

// caseOf is a case that passes where it has held, and is an error where that is not known.
func caseOf(class, name, message, text string, held *bool) testCase {
	c := testCase{Name: printable.Clean(name), Class: class}
	why := &detail{Message: printable.Clean(message), Text: printable.Clean(text)}
	switch {
	case held == nil:
		c.Error = why
	case !*held:
		c.Failure = why
	}
	return c
}

func encode(w io.Writer, all suite) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(suites{Suites: []suite{all}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func suiteOf(r *report.Report) suite {
	all := suite{Name: "tcpwarm"}
	for _, e := range r.Held() {
		message := "measured " + e.Measured
		if r.Unjudged != "" {
			message = r.Unjudged
		}
		all.add(caseOf(class, e.Text, message, r.Summary(&e), e.Held))
	}
	for _, s := range r.Setbacks() {
		all.setback(s)
	}
	return all
}

// setback adds s as a case that is an error.
func (all *suite) setback(s report.Setback) {
	all.add(testCase{Name: printable.Clean(s.Name), Class: class, Error: &detail{Message: printable.Clean(s.Text)}})
}

// add adds c and counts it by what it holds.
func (all *suite) add(c testCase) {
	all.Cases = append(all.Cases, c)
	all.Tests++
	switch {
	case c.Failure != nil:
		all.Failures++
	case c.Error != nil:
		all.Errors++
	case c.Skipped != nil:
		all.Skipped++
	}
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
	Skipped  int        `xml:"skipped,attr,omitempty"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"`
	Failure *detail `xml:"failure"`
	Error   *detail `xml:"error"`
	Skipped *detail `xml:"skipped"`
}

type detail struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}
