package transaction

import (
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, method, target string
		want                    bool
	}{
		{"target=/healthz", "GET", "/healthz", true},
		{"target=/healthz", "GET", "/healthz?full", true},
		{"target=/healthz", "GET", "/healthz/a", false},
		{"target=/healthz", "GET", "/health", false},
		{"target=/health*", "GET", "/healthz/a", true},
		{"target=/health*", "GET", "/a/health", false},
		{"target=/?*", "GET", "/?x", true},
		{"target=*", "GET", "", true},
		{"method=OPTIONS", "OPTIONS", "/", true},
		{"method=OPTIONS", "GET", "OPTIONS", false},
	} {
		p, err := ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Patterns{p}).match(c.method, []byte(c.target)); got != c.want {
			t.Errorf("%s on %s %s: %v", c.pattern, c.method, c.target, got)
		}
	}
	for s, suggests := range map[string]string{"": "", "target": "", "target=": "", "method=": "", "status=200": "", "/healthz": "",
		"targt=/x": "; did you mean target?", "Method=GET": "; did you mean method?"} {
		_, err := ParsePattern(s)
		if err == nil {
			t.Errorf("%q was taken", s)
		} else if _, suggested, _ := strings.Cut(err.Error(), "method=VALUE"); suggested != suggests {
			t.Errorf("%v, want %q at its end", err, suggests)
		}
	}
}
