// Package printable makes text that comes from outside fit to be shown: a host's
// name or a request's target may hold anything. Every writer puts what comes from
// packets through Clean; JSON, whose readers want what was there, through JSON.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Clean makes a string from a packet safe for a terminal. What a terminal could
// obey (control characters, ESC, the C1 set, direction overrides, invisible
// characters) and what is no UTF-8 becomes a visible escape. Everything from
// packets, and file names, passes here once, before it is measured or cut.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteString(s[i : i+n])
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// isPlain reports whether s is printable ASCII, as nearly all names are.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// JSON makes text in JSON safe for a terminal as Clean does, by JSON's own escapes: a
// reader gets the same values. encoding/json has seen to what lies below DEL.
func JSON(text []byte) []byte {
	i := unprintable(text)
	if i == len(text) {
		return text
	}
	safe := make([]byte, 0, len(text)+64)
	for i < len(text) {
		safe = append(safe, text[:i]...)
		r, n := utf8.DecodeRune(text[i:])
		if r < 0x10000 {
			safe = fmt.Appendf(safe, `\u%04x`, r)
		} else {
			high, low := utf16.EncodeRune(r)
			safe = fmt.Appendf(safe, `\u%04x\u%04x`, high, low)
		}
		text = text[i+n:]
		i = unprintable(text)
	}
	return append(safe, text...)
}

// unprintable returns where the first character from DEL on is that is not to be shown,
// the length of text if there is none.
func unprintable(text []byte) int {
	for i := 0; i < len(text); {
		if text[i] < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if !unicode.IsPrint(r) {
			return i
		}
		i += n
	}
	return len(text)
}

// Cut shortens s to at most n columns, the last of them "…" if it was longer.
func Cut(s string, n int) string {
	if Columns(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		w := RuneColumns(r)
		if used+w > n-1 {
			return s[:i] + "…"
		}
		used += w
	}
	return s
}

// Columns is how many terminal columns s takes.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += RuneColumns(r)
	}
	return n
}

// RuneColumns counts two for what East Asian terminals draw wide. A combining
// mark counts one although it takes none: lines may come out short, never long.
func RuneColumns(r rune) int {
	switch {
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6, r >= 0x1f000 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}
