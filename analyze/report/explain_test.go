package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
)

func TestEntriesComplete(t *testing.T) {
	form := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, e := range Entries() {
		if seen[e.ID] {
			t.Errorf("%s is there twice", e.ID)
		}
		seen[e.ID] = true
		if !form.MatchString(e.ID) || e.Title == "" || e.Meaning == "" {
			t.Errorf("%q lacks something", e.ID)
		}
		for _, k := range e.Knobs {
			if k[0] == "" || k[1] == "" {
				t.Errorf("%s: empty knob", e.ID)
			}
		}
		if len(e.Knobs) > 0 && e.Remedy == "" {
			t.Errorf("%s: knobs without a remedy", e.ID)
		}
	}
	for _, id := range strings.Fields(`missed undrained client-said-close client-closed client-idle-timeout
		first concurrent server-closed server-said-close reset used-up other-address failed early unknown
		not-reused partly-reused server-prevents not-known reused no-opportunity
		header-lies pool-too-small pool-key-split connect-per-request idle-timeout timeout-mismatch-risk stale-reuse-race
		keepalive-probes-only blind-proxy tls-not-resumed capture-incomplete max-requests max-age
		cold-window window-lost-after-idle receiver-limited sender-idle lossy nagle-delayed-ack syn-resent
		h2-stream-limit h2-not-negotiated h2-not-coalesced
		reuse needed avoidable ideal-client used-connection transaction authority pool cold flight basis pool-curve`) {
		if !seen[id] {
			t.Errorf("%s is not explained", id)
		}
	}
}

// The table and pool.Cause must agree on who is to blame, and every avoidable
// cause has a remedy that does not claim to know.
func TestEntriesBlame(t *testing.T) {
	if e, _ := Explain("missed"); e.Kind != IsCause {
		t.Errorf("missed is a %s", e.Kind)
	}
	for _, e := range avoidableCauses {
		if !pool.Cause(e.ID).Avoidable() || !strings.HasPrefix(e.Remedy, "Consistent with") ||
			len(e.Knobs) == 0 || e.RefutedBy == "" || e.Evidence == "" {
			t.Errorf("%s", e.ID)
		}
	}
	for _, e := range neededCauses {
		if pool.Cause(e.ID).Avoidable() {
			t.Errorf("%s", e.ID)
		}
	}
}

func TestExplain(t *testing.T) {
	for _, id := range []string{"missed", " Ideal Client", "used connection", "POOL-CURVE"} {
		if _, ok := Explain(id); !ok {
			t.Errorf("%q not found", id)
		}
	}
	if e, ok := Explain("no-such"); ok || e.ID != "" {
		t.Errorf("found %v", e)
	}
}

func TestWriteEntry(t *testing.T) {
	for _, e := range Entries() {
		for _, width := range []int{60, 80, 120} {
			var b bytes.Buffer
			if err := WriteEntry(&b, e, width); err != nil {
				t.Fatal(err)
			}
			checkLines(t, b.String(), width)
			if width == 80 && e.ID == "missed" {
				golden(t, "testdata/explain-missed.txt", b.String())
			}
		}
	}
}
