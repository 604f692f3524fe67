// Package github writes a report for a run of GitHub Actions: commands that
// annotate the run, and the summary on its page.
package github

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/text"
)

// Write writes workflow commands that annotate a run of GitHub Actions: an error
// for each expectation that failed and for what left the evidence a part, a warning for
// each expectation that could not be judged.
func Write(w io.Writer, r *report.Report) error {
	for _, e := range r.Held() {
		if err := annotate(w, kindOf(e.Held), e.Text, r.Summary(&e)); err != nil {
			return err
		}
	}
	for _, s := range r.Setbacks() {
		if err := annotate(w, "error", s.Name, s.Text); err != nil {
			return err
		}
	}
	return nil
}

// kindOf is the workflow command for what has held or not, or is not known to.
func kindOf(held *bool) string {
	switch {
	case held == nil:
		return "warning"
	case !*held:
		return "error"
	}
	return "notice"
}

// WriteComparison writes a workflow command that says how c has come out: an error where it is worse, a
// warning where that is not decided. Where something was expected these say whether it holds, and how c has
// come out is only told.
func WriteComparison(w io.Writer, c *compare.Comparison) error {
	kind := "notice"
	switch {
	case len(c.Expectations) > 0:
	case c.Change == compare.Worse:
		kind = "error"
	case c.Change == compare.Undecided:
		kind = "warning"
	}
	if err := annotate(w, kind, "compare: "+string(c.Change), c.Sentence()); err != nil {
		return err
	}
	for _, e := range c.Expectations {
		if err := annotate(w, kindOf(e.Held), e.Text, "measured "+e.Measured); err != nil {
			return err
		}
	}
	for _, s := range slices.Concat(c.Before.Setbacks(), c.After.Setbacks()) {
		if err := annotate(w, "error", s.Name, s.Text); err != nil {
			return err
		}
	}
	return nil
}

// WriteComparisonSummary writes Markdown for the summary page of a run of GitHub Actions.
func WriteComparisonSummary(w io.Writer, c *compare.Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### tcpwarm compare: %s\n\n%s\n\n", c.Change, cell(c.Sentence()))
	b.WriteString("| | before | after |\n|---|--:|--:|\n")
	for _, r := range text.ComparisonRows(c) {
		of := ""
		if r.Part {
			of = "of them "
		}
		fmt.Fprintf(&b, "| %s%s | %s | %s |\n", of, r.Label, r.Before, r.After)
	}
	if len(c.Expectations) > 0 {
		b.WriteString("\n")
		expectations(&b, c.Expectations)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// annotate writes one workflow command.
func annotate(w io.Writer, kind, title, text string) error {
	_, err := fmt.Fprintf(w, "::%s title=%s::%s\n", kind, property("tcpwarm: "+title), command(text))
	return err
}

// command escapes a workflow command's text.
func command(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(printable.Clean(s))
}

// property escapes a property's value.
func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(command(s))
}

// WriteSummary writes Markdown for the summary page of a run of GitHub Actions.
func WriteSummary(w io.Writer, r *report.Report) error {
	var b strings.Builder
	t := &r.Totals
	word := string(r.Verdict)
	if r.Outcome != "" {
		word = string(r.Outcome)
	}
	fmt.Fprintf(&b, "### tcpwarm: %s\n\n%s used %s; %s needed, %d avoidable.\n\n", word,
		plural.Count(t.Transactions, "request"), plural.Count(t.Used, "connection"), t.NeededBounds(), t.Avoidable)
	for _, s := range r.Setbacks() {
		fmt.Fprintf(&b, "**%s**\n\n", cell(s.Text))
	}
	if r.Unjudged != "" {
		fmt.Fprintf(&b, "Nothing was judged: %s.\n\n", cell(r.Unjudged))
	}
	expectations(&b, r.Held())
	overview(&b, r)
	_, err := io.WriteString(w, b.String())
	return err
}

// expectations writes a table of what was expected.
func expectations(b *strings.Builder, all []report.Expectation) {
	b.WriteString("| | expectation | measured |\n|---|---|---|\n")
	for _, e := range all {
		mark := "?"
		switch {
		case e.Held != nil && *e.Held:
			mark = "ok"
		case e.Held != nil:
			mark = "**x**"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", mark, cell(e.Text), cell(e.Measured))
	}
}

// mostPools is how many pools are listed: who wants more asks for JSON.
const mostPools = 10

// overview writes how all pools do, and a row for each of the worst that are not fine.
func overview(b *strings.Builder, r *report.Report) {
	sentence, rows, more := text.Overview(r, mostPools)
	if len(r.WorstFirst()) > 1 {
		fmt.Fprintf(b, "\n%s\n", cell(sentence))
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n| too many | opened | requests | client | destination | why | first seen | request |\n" +
		"|--:|--:|--:|---|---|---|---|---|\n")
	for _, x := range rows {
		b.WriteString("|")
		for _, s := range []string{x.TooMany, x.Opened, x.Requests, x.Client, x.Destination, x.Why, x.FirstSeen, x.Request} {
			b.WriteString(" " + cell(s) + " |")
		}
		b.WriteString("\n")
	}
	if more > 0 {
		fmt.Fprintf(b, "\nand %d more\n", more)
	}
}

// cell escapes text for a cell of a table in Markdown: a backslash too, which would take the one before a bar away.
func cell(s string) string {
	escape := strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", ">", "&gt;",
		"`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[")
	return escape.Replace(printable.Clean(s))
}
