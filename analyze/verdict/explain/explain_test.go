package explain

import (
	"regexp"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict"
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
			if k.Library() == "" || k.Setting() == "" {
				t.Errorf("%s: empty knob", e.ID)
			}
		}
		if len(e.Knobs) > 0 && e.Remedy == "" {
			t.Errorf("%s: knobs without a remedy", e.ID)
		}
	}
	for _, f := range verdict.Findings() {
		if !seen[f.ID] {
			t.Errorf("%s is not explained", f.ID)
		}
	}
}

// The table and pool.Cause must agree on who is to blame, and every avoidable
// cause has a remedy that does not claim to know.
func TestEntriesBlame(t *testing.T) {
	if e, _ := Lookup("missed"); e.Kind != IsCause {
		t.Errorf("missed is a %s", e.Kind)
	}
	for _, c := range avoidable {
		if !c.Avoidable() || !strings.HasPrefix(c.Remedy, "Consistent with") ||
			len(c.Knobs) == 0 || c.RefutedBy == "" || c.Evidence == "" {
			t.Errorf("%s", c.Cause)
		}
	}
	for _, c := range needed {
		if c.Avoidable() {
			t.Errorf("%s", c.Cause)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, id := range []string{"missed", " Ideal Client", "used connection", "POOL-CURVE"} {
		if _, ok := Lookup(id); !ok {
			t.Errorf("%q not found", id)
		}
	}
	if e, ok := Lookup("no-such"); ok || e.ID != "" {
		t.Errorf("found %v", e)
	}
}

// What the client could change has a reason in words, and so has what whoever
// runs the server could.
func TestBecause(t *testing.T) {
	for _, c := range avoidable {
		if !Actionable(c.Cause) {
			t.Errorf("%s is not actionable", c.Cause)
		}
	}
	for _, x := range []struct {
		cause pool.Cause
		other int64
		want  string
	}{
		{pool.Missed, 1, "#1 was not used"},
		{pool.Missed, 0, "the idle connection was not used"},
		{pool.ClientIdleTimeout, 7, "the client closed #7 after it had been idle"},
		{pool.ServerClosed, 0, "the server closed an earlier one"},
		{pool.ServerClosed, 2, "the server keeps #2 idle no longer"},
		{pool.ServerSaidClose, 0, "the server said close on an earlier one"},
		{pool.First, 0, "first"},
		{"no-such", 3, "no-such"},
	} {
		if got := Because(x.cause, x.other); got != x.want {
			t.Errorf("%s, %d: %q, want %q", x.cause, x.other, got, x.want)
		}
	}
	if Actionable(pool.Concurrent) || Actionable("no-such") {
		t.Error("nobody can change what happens at once")
	}
}
