package nearest

import (
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	words := []string{"missed", "undrained", "client-closed", "client-idle-timeout", "reuse", "reused", "json", "ndjson", "format", "--"}
	for _, x := range []struct{ typed, want string }{
		{"missd", "missed"},
		{"MISSED", "missed"},
		{"imssed", "missed"},
		{"fromat", "format"},
		{"undraind", "undrained"},
		{"client_closed", "client-closed"},
		{"jsn", "json"},
		{"resue", "reuse"},
		{"undr", "undrained"},
		{"client", ""}, // two begin so
		{"zebra", ""},
		{"", ""},
		{"x", ""},
		{strings.Repeat("missed", 20), ""},
	} {
		if got, ok := Word(x.typed, words); got != x.want || ok != (x.want != "") {
			t.Errorf("%q: %q, want %q", x.typed, got, x.want)
		}
	}
}

func TestSuggest(t *testing.T) {
	if got := SuggestAs("fromat", []string{"format"}, "--"); got != "; did you mean --format?" {
		t.Error(got)
	}
	if got := Suggest("nothing like it", []string{"format"}); got != "" {
		t.Error(got)
	}
}

func TestDistance(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"ca", "abc", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}} {
		if got := distance(x.a, x.b); got != x.want {
			t.Errorf("%q, %q: %d, want %d", x.a, x.b, got, x.want)
		}
	}
}
