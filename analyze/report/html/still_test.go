package html

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/report/reporttest"
	"tcpwarm/analyze/verdict"
)

// Whatever is compared: nothing runs, loads or is sent, and the numbers are those of the reports.
func TestComparison(t *testing.T) {
	samples := reporttest.Samples()
	for was, before := range samples {
		for is, after := range samples {
			_, all := comparisonWritten(t, before, after)
			var styles int
			cells := map[string][]string{}
			for _, n := range all {
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || strings.HasSuffix(a.Key, "href") {
						t.Errorf("%s, %s: <%s %s=%q>", was, is, n.Data, a.Key, a.Val)
					}
				}
				switch n.Data {
				case "script", "img", "iframe":
					t.Errorf("%s, %s: <%s>", was, is, n.Data)
				case "meta":
					if p := attribute(n, "content"); strings.Contains(p, "default-src") && (strings.Contains(p, "script-src") || strings.Contains(p, "unsafe")) {
						t.Errorf("%s, %s: %s", was, is, p)
					}
				case "style":
					styles++
					if !strings.Contains(stillPolicy, "style-src "+hash(textOf(n))) {
						t.Errorf("%s, %s: a style that the policy does not let in", was, is)
					}
				case "td":
					of := textOf(n.Parent.FirstChild)
					cells[of] = append(cells[of], textOf(n))
				}
			}
			b, a := &before.Totals, &after.Totals
			if want := []string{fmt.Sprint(b.Transactions), fmt.Sprint(a.Transactions)}; styles != 1 ||
				b.Transactions+a.Transactions > 0 && fmt.Sprint(cells["requests"]) != fmt.Sprint(want) {
				t.Errorf("%s, %s: %d styles, requests %v; want 1, %v", was, is, styles, cells["requests"], want)
			}
		}
	}
}

// A name from a packet is no markup.
func TestComparisonEscapes(t *testing.T) {
	const markup = "</th><script>alert(1)</script>\x1b[2J\u202e"
	of := func(avoidable int64) *report.Report {
		r := &report.Report{Verdict: pool.PartlyReused, Totals: report.Totals{Transactions: 5, Used: 3, Needed: 3 - avoidable, Avoidable: avoidable}}
		for _, name := range []string{markup, "b.example"} {
			p := &report.Pool{Name: name, Transactions: 2, Used: 1}
			if name == markup {
				p.Avoidable = avoidable
			}
			r.Pools = append(r.Pools, p)
		}
		return r
	}
	page, all := comparisonWritten(t, of(0), of(1))
	for _, n := range all {
		if n.Data == "script" {
			t.Errorf("<script>%s", textOf(n))
		}
	}
	if !strings.Contains(page, "&lt;script&gt;alert(1)") || strings.ContainsAny(page, "\x1b\u202e") {
		t.Error(page)
	}
}

func comparisonWritten(t *testing.T, before, after *report.Report) (string, []*html.Node) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteComparison(&b, compare.Between(before, after, 0)); err != nil {
		t.Fatal(err)
	}
	return b.String(), elements(t, b.Bytes())
}

// What a client that was examined calls itself, and what it said, is no markup; each scenario has a row.
func TestExamined(t *testing.T) {
	const markup = "</td><script>alert(1)</script>\x1b[2J\u202e"
	r := &examined.Report{Evidence: examined.ServersView, Because: markup, Outcome: verdict.Failed, Problem: markup, Rows: []*examined.Row{
		{Scenario: "chunked", Verdict: examined.Failed, Requests: 4, Connections: 4, Needed: 1, NeededHigh: 1, Cause: "missed", Knob: markup, Client: markup},
		{Scenario: "head", Verdict: examined.NotKnown, Why: markup},
		{Scenario: "http2-ping", Verdict: examined.LeftOut, Why: "needs pauses"},
	}}
	var b bytes.Buffer
	if err := WriteExamined(&b, r); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, n := range elements(t, b.Bytes()) {
		switch n.Data {
		case "script":
			t.Errorf("<script>%s", textOf(n))
		case "tr":
			rows = append(rows, textOf(n))
		}
	}
	if page := b.String(); strings.ContainsAny(page, "\x1b\u202e") || strings.Count(page, "&lt;script&gt;alert(1)") != 5 || !strings.Contains(page, template.HTMLEscapeString(stillPolicy)) {
		t.Error(page)
	}
	if len(rows) != 7 || rows[1] != "chunked441failedmissed" || rows[2] != "head---not known" || rows[3] != "http2-ping---left out" {
		t.Errorf("%q", rows)
	}
}
