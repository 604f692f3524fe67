package transaction

import "testing"

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
	for _, s := range []string{"", "target", "target=", "status=200", "/healthz"} {
		if _, err := ParsePattern(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}
