package text

import (
	"strings"
	"testing"

	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/reporttest"
)

// Whatever a capture holds, lines stay as wide as asked.
func FuzzPage(f *testing.F) {
	f.Add(reporttest.HostileText)
	f.Add("/index.html?q=1")
	f.Add("\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\")
	f.Fuzz(func(t *testing.T, s string) {
		s = printable.Clean(s)
		var b strings.Builder
		p := newPage(&b, 60, false)
		p.wrap("  ", 5, s)
		p.facts("fact", []string{s, s})
		if err := p.flush(); err != nil {
			t.Fatal(err)
		}
		checkLines(t, b.String(), 60)
	})
}
