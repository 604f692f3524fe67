package proxy

import (
	"strings"
	"testing"
)

const v2 = "\r\n\r\n\x00\r\nQUIT\n"

func TestRead(t *testing.T) {
	four := "\x0a\x00\x00\x01\x0a\x00\x00\x02\x9c\x40\x00\x50"
	six := strings.Repeat("\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07", 2) + "\x9c\x40\x00\x50"
	for _, x := range []struct {
		name, b string
		n       int
		source  string // "" if not known
	}{
		{"v1", "PROXY TCP4 10.0.0.1 10.0.0.2 40000 80\r\nGET /", 39, "10.0.0.1"},
		{"v1, IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 40000 80\r\n", 45, "2001:db8::7"},
		{"v1, unknown", "PROXY UNKNOWN\r\nGET /", 15, ""},
		{"v1, unknown and more", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", 35, ""},
		{"v1, the longest", "PROXY UNKNOWN " + strings.Repeat("x", 91) + "\r\n", 107, ""},
		{"v1, no end in as many bytes", "PROXY UNKNOWN " + strings.Repeat("x", 93), 0, ""},
		{"v2, too few bytes for IPv6", v2 + "\x21\x21\x00\x0c" + four, 28, ""},
		{"v2, another transport", v2 + "\x21\x12\x00\x24" + six, 52, ""},
		{"nothing", "", 0, ""},
		{"v1, no address", "PROXY TCP4 example 10.0.0.2 1 2\r\n", 0, ""},
		{"v1, another family", "PROXY UDP4 10.0.0.1 10.0.0.2 1 2\r\n", 0, ""},
		{"v1, too long", "PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", 0, ""},
		{"v2", v2 + "\x21\x11\x00\x0c" + four + "GET /", 28, "10.0.0.1"},
		{"v2, IPv6", v2 + "\x21\x21\x00\x24" + six, 52, "2001:db8::7"},
		{"v2, and more said", v2 + "\x21\x11\x00\x0f" + four + "\x04\x00\x00", 31, "10.0.0.1"},
		{"v2, and much more said", v2 + "\x21\x11\x20\x00" + four + strings.Repeat("x", 24), 16 + 0x2000, "10.0.0.1"},
		{"v2, local", v2 + "\x20\x11\x00\x0c" + four, 28, ""},
		{"v2, no family", v2 + "\x21\x00\x00\x00", 16, ""},
		{"v2, too few bytes for its family", v2 + "\x21\x11\x00\x04\x0a\x00\x00\x01", 20, ""},
		{"v2, another version", v2 + "\x31\x11\x00\x0c" + four, 0, ""},
		{"v2, another command", v2 + "\x22\x11\x00\x0c" + four, 0, ""},
		{"a request", "GET / HTTP/1.1\r\n", 0, ""},
		{"a request of another's kind", "PROPFIND / HTTP/1.1\r\n", 0, ""},
		{"empty lines", "\r\n\r\nGET / HTTP/1.1\r\n", 0, ""},
	} {
		h, n, more := Read([]byte(x.b))
		source := ""
		if h.Known {
			source = h.Source.String()
		}
		if n != x.n || more || source != x.source {
			t.Errorf("%s: %d bytes, more %v, of %q; want %d of %q", x.name, n, more, source, x.n, x.source)
		}
		for k := 1; k < min(x.n, len(x.b)); k++ {
			if short, n, more := Read([]byte(x.b[:k])); (n != 0 || !more) && (n != x.n || short != h) {
				t.Errorf("%s: the first %d bytes give %d, more %v", x.name, k, n, more)
			}
		}
	}
}

// FuzzRead checks that a header is no longer than one can be, the same whatever follows,
// and that nobody waits for more than it takes to tell.
func FuzzRead(f *testing.F) {
	f.Add([]byte("PROXY TCP4 10.0.0.1 10.0.0.2 40000 80\r\nGET /"))
	f.Add([]byte(v2 + "\x21\x11\x00\x0c\x0a\x00\x00\x01\x0a\x00\x00\x02\x9c\x40\x00\x50GET /"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, more := Read(b)
		if n < 0 || n > head+65535 || more && (n > 0 || len(b) >= maxLine) {
			t.Fatalf("%d of %d bytes, more %v", n, len(b), more)
		}
		if n > 0 && n <= len(b) {
			if h2, n2, _ := Read(b[:n]); h2 != h || n2 != n {
				t.Fatalf("alone %d bytes, %+v; then %d, %+v", n2, h2, n, h)
			}
		}
	})
}
