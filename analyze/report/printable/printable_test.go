package printable

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		"api.example.com":     "api.example.com",
		"bücher.example/世界":   "bücher.example/世界",
		"\x1b[2J":             `\x1b[2J`,
		"a\r\n\tb\x00\x7f":    `a\x0d\x0a\x09b\x00\x7f`,
		"\u009b2J":            `\x9b2J`,
		"\x9b2J":              `\x9b2J`,
		"\u202egnp.exe\u2069": `\u202egnp.exe\u2069`,
		"a\u200bb\u2028c":     `a\u200bb\u2028c`,
		"\xff\xfe":            `\xff\xfe`,
		"\xed\xa0\x80":        `\xed\xa0\x80`, // half of a surrogate pair
		"\U000e0041":          `\U000e0041`,
		"a\u00a0b":            `a\xa0b`, // tie is ours
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %s, want %s", in, got, want)
		}
	}
}

// What JSON escapes reads back as it was, and what needs no escape is not copied.
func TestJSON(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		`{"a": "bücher/世界"}`:        `{"a": "bücher/世界"}`,
		"\"\u009b2J\x7f\"":          `"\u009b2J\u007f"`,
		"\"a\u202egnp\u2069\"":      `"a\u202egnp\u2069"`,
		"\"é\u200bé\u00a0\"":        `"é\u200bé\u00a0"`,
		"\"\U000e0041界\U000e0042\"": `"\udb40\udc41界\udb40\udc42"`,
	} {
		got := JSON([]byte(in))
		if string(got) != want {
			t.Errorf("JSON(%q) = %s, want %s", in, got, want)
		}
		if in == "" {
			continue
		}
		var was, is any
		if err := errors.Join(json.Unmarshal([]byte(in), &was), json.Unmarshal(got, &is)); err != nil || !reflect.DeepEqual(was, is) {
			t.Errorf("%q reads as %q, not as %q: %v", in, is, was, err)
		}
	}
	plain := []byte(`{"target": "/世界"}`)
	if &JSON(plain)[0] != &plain[0] {
		t.Error("plain text was copied")
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31m\x1b]0;title\x07b\r\nc\u202egnp\u2066\x9b2J\xff\xfe\u200b界世\U000e0041\t")
	f.Add("/index.html?q=1")
	f.Add("\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("invalid UTF-8: %q", got)
		}
		for _, r := range got {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) {
				t.Fatalf("%U in %q", r, got)
			}
		}
		if Clean(got) != got {
			t.Fatalf("not stable: %q", got)
		}
		if len(s) > 0 && len(got) == 0 {
			t.Fatalf("%q vanished", s)
		}
		if n := Columns(Cut(got, 20)); n > 20 {
			t.Fatalf("cut to %d columns", n)
		}
	})
}
