package github

import (
	"bytes"
	"strings"
	"testing"

	"tcpwarm/analyze/report/reporttest"
	"tcpwarm/analyze/report/text"
)

// The summary lists the pools that are not fine, the worst first, as the overview in text does; nothing
// in a name is Markdown.
func TestSummaryOverview(t *testing.T) {
	r := reporttest.Many()
	var b bytes.Buffer
	if err := WriteSummary(&b, r); err != nil {
		t.Fatal(err)
	}
	sentence, rows, more := text.Overview(r, mostPools)
	if len(rows) < 2 || !strings.Contains(b.String(), "\n"+sentence+"\n\n| too many | opened |") {
		t.Errorf("%d rows, %q in\n%s", len(rows), sentence, &b)
	}
	last := 0
	for _, x := range rows {
		at := strings.Index(b.String(), "| "+x.TooMany+" | "+x.Opened+" | "+x.Requests+" | "+x.Client+" | ")
		if at < last || x.TooMany == "" {
			t.Errorf("%+v is at %d, after %d:\n%s", x, at, last, &b)
		}
		last = at
	}
	if got := strings.Contains(b.String(), "more\n"); got != (more > 0) {
		t.Errorf("%d more:\n%s", more, &b)
	}

	b.Reset()
	if err := WriteSummary(&b, reporttest.Reused()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "too many") {
		t.Errorf("there is nothing to list:\n%s", &b)
	}

	b.Reset()
	r.WorstFirst()[0].Name = "a\\|b`c`\x1b[31m<i>\n| 1 |"
	if err := WriteSummary(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `a\\\|b\`+"`c"+`\`+"`"+`\\x1b\[31m&lt;i&gt;\\x0a\| 1 \|`) {
		t.Error(b.String())
	}
}

func TestWrite(t *testing.T) {
	r := reporttest.Burst()
	r.Expectations[0].Text = "x: y, 100%\n::error::forged"
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 5 || !strings.HasPrefix(lines[3], "::error title=tcpwarm%3A file-cut-short::") ||
		lines[4] != "::error title=tcpwarm%3A command::the command failed: terminated" || !strings.HasPrefix(lines[0], "::error title=tcpwarm%3A x%3A y%2C 100%25") ||
		!strings.HasPrefix(lines[1], "::notice ") || !strings.HasPrefix(lines[2], "::warning ") {
		t.Errorf("%q", lines)
	}
	b.Reset()
	r.Expectations[0].Text = "a | <b>"
	if err := WriteSummary(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `| **x** | a \| &lt;b&gt; | 12 |`) {
		t.Error(b.String())
	}
}
