package github

import (
	"bytes"
	"strings"
	"testing"

	"tcpwarm/analyze/report/reporttest"
)

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
