package main

import (
	"strings"
	"testing"
)

// What a GOAWAY says beside its code is anybody's words: they are shown so that no terminal
// obeys them, and with --redact not at all.
func TestDebugTextOfGoAway(t *testing.T) {
	capture := storyPcap(t, "../../analyze/testdata/story/goaway.txtar")
	for _, format := range []string{"text", "json", "ndjson", "junit", "github"} {
		out := analyzed(t, capture, "--format", format)
		if strings.Contains(out, "\x1b") {
			t.Errorf("%s: an escape sequence is written as it came", format)
		}
		if (format == "text" || format == "json") && !strings.Contains(out, "too_many_pings") {
			t.Errorf("%s: what GOAWAY says is not shown:\n%s", format, out)
		}
	}
	for format, out := range everyFormat(t, capture) {
		if strings.Contains(out, "too_many") {
			t.Errorf("%s: it is shown with --redact", format)
		}
	}
}
