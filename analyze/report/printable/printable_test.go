package printable

import (
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
