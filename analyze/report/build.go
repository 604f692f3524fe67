package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"tcpwarm/analyze/pool"
)

// junitClass is the class that test cases are of: the same in every run, so that services
// that follow cases from run to run recognise them.
const junitClass = "tcpwarm.reuse"

// JUnit writes what r was held against as JUnit XML: a test suite with a case for
// each expectation. What could not be judged is an error, not a failure, and so is
// whatever left the evidence a part; a report that was held against nothing has one
// case, its verdict.
func JUnit(w io.Writer, r *Report) error {
	suite := junitSuite{Name: "tcpwarm"}
	for _, e := range r.held() {
		c := junitCase{Name: clean(e.Text), Class: junitClass}
		message := "measured " + e.Measured
		if r.Unjudged != "" {
			message = r.Unjudged
		}
		detail := &junitDetail{Message: clean(message), Text: clean(e.summary(r))}
		switch {
		case e.Held == nil:
			c.Error = detail
			suite.Errors++
		case !*e.Held:
			c.Failure = detail
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
		suite.Tests++
	}
	for _, s := range r.setbacks() {
		suite.Cases = append(suite.Cases, junitCase{Name: clean(s.name), Class: junitClass, Error: &junitDetail{Message: clean(s.text)}})
		suite.Tests++
		suite.Errors++
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(junitSuites{Suites: []junitSuite{suite}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	Failure *junitDetail `xml:"failure"`
	Error   *junitDetail `xml:"error"`
}

type junitDetail struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// held returns what r was held against; its verdict if that was nothing.
func (r *Report) held() []Expectation {
	if len(r.Expectations) > 0 {
		return r.Expectations
	}
	e := Expectation{Text: "connections are reused", Measured: string(r.Verdict)}
	good := r.Verdict == pool.Reused
	switch {
	case good && len(r.setbacks()) == 0, r.Verdict == pool.PartlyReused, r.Verdict == pool.NotReused:
		e.Held = &good
	}
	return []Expectation{e}
}

// summary says in a sentence or two what happened.
func (e *Expectation) summary(r *Report) string {
	if r.Unjudged != "" {
		return e.Text + ": " + r.Unjudged
	}
	s := fmt.Sprintf("%s: measured %s; %d requests used %d connections, %s needed, %d avoidable", e.Text, e.Measured, r.Totals.Transactions, r.Totals.Used, needed(r.Totals.Needed, r.Totals.Perhaps, r.Totals.Excused), r.Totals.Avoidable)
	for _, c := range r.Connections {
		if b := c.OpenedBecause; b != nil && b.Cause.Avoidable() {
			return s + fmt.Sprintf("; first: #%d (packet %d), %s: %s", c.ID, c.FirstPacket, b.Cause, b.Text)
		}
	}
	return s
}

// GitHub writes workflow commands that annotate a run of GitHub Actions: an error
// for each expectation that failed and for what left the evidence a part, a warning for
// each expectation that could not be judged.
func GitHub(w io.Writer, r *Report) error {
	for _, e := range r.held() {
		kind := "notice"
		switch {
		case e.Held == nil:
			kind = "warning"
		case !*e.Held:
			kind = "error"
		}
		if _, err := fmt.Fprintf(w, "::%s title=%s::%s\n", kind, property("tcpwarm: "+e.Text), command(e.summary(r))); err != nil {
			return err
		}
	}
	for _, s := range r.setbacks() {
		if _, err := fmt.Fprintf(w, "::error title=%s::%s\n", property("tcpwarm: "+s.name), command(s.text)); err != nil {
			return err
		}
	}
	return nil
}

// command escapes a workflow command's text.
func command(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(clean(s))
}

// property escapes a property's value.
func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(command(s))
}

// StepSummary writes Markdown for the summary page of a run of GitHub Actions.
func StepSummary(w io.Writer, r *Report) error {
	var b strings.Builder
	word := string(r.Verdict)
	if r.Outcome != "" {
		word = string(r.Outcome)
	}
	fmt.Fprintf(&b, "### tcpwarm: %s\n\n%d requests used %d connections; %s needed, %d avoidable.\n\n", word, r.Totals.Transactions, r.Totals.Used, needed(r.Totals.Needed, r.Totals.Perhaps, r.Totals.Excused), r.Totals.Avoidable)
	for _, s := range r.setbacks() {
		fmt.Fprintf(&b, "**%s**\n\n", cell(s.text))
	}
	if r.Unjudged != "" {
		fmt.Fprintf(&b, "Nothing was judged: %s.\n\n", cell(r.Unjudged))
	}
	b.WriteString("| | expectation | measured |\n|---|---|---|\n")
	for _, e := range r.held() {
		mark := "?"
		switch {
		case e.Held != nil && *e.Held:
			mark = "ok"
		case e.Held != nil:
			mark = "**x**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", mark, cell(e.Text), cell(e.Measured))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell escapes text for a cell of a table in Markdown.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", ">", "&gt;", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[").Replace(clean(s))
}
