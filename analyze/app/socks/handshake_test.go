package socks

import (
	"strings"
	"testing"
)

const (
	greeting = "\x05\x01\x00"
	ask4     = "\x05\x01\x00\x01\xc6\x33\x64\x50\x00\x50"
	ask6     = "\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x01\xbb"
	done     = "\x05\x00\x00\x01\x0a\x00\x00\x01\xc3\x50"
)

func TestRead(t *testing.T) {
	for _, x := range []struct {
		name, client, proxy string
		want                Answer
		target              string
		trips               int
	}{
		{"5", greeting + ask4, "\x05\x00" + done, Granted, "198.51.100.80:80", 2},
		{"5, IPv6", greeting + ask6, "\x05\x00" + done, Granted, "[2001:db8::7]:443", 2},
		{"5, a name", greeting + "\x05\x01\x00\x03\x0aB.example.\x00\x50", "\x05\x00" + done, Granted, "b.example:80", 2},
		{"5, an address as a name", greeting + "\x05\x01\x00\x03\x03::1\x00\x50", "\x05\x00" + done, Granted, "[::1]:80", 2},
		{"5, the reply has a name", greeting + ask4, "\x05\x00\x05\x00\x00\x03\x01p\x00\x01", Granted, "198.51.100.80:80", 2},
		{"5, the reply has IPv6", greeting + ask4, "\x05\x00\x05\x00\x00\x04" + strings.Repeat("\x00", 18), Granted, "198.51.100.80:80", 2},
		{"5, offers a password, which is not wanted", "\x05\x02\x00\x02" + ask4, "\x05\x00" + done, Granted, "198.51.100.80:80", 2},
		{"5, with a password", "\x05\x02\x00\x02\x01\x02me\x03abc" + ask4, "\x05\x02\x01\x00" + done, Granted, "198.51.100.80:80", 3},
		{"5, with an empty password", "\x05\x01\x02\x01\x02me\x00" + ask4, "\x05\x02\x01\x00" + done, Granted, "198.51.100.80:80", 3},
		{"4", "\x04\x01\x00\x50\xc6\x33\x64\x50me\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00", Granted, "198.51.100.80:80", 1},
		{"4, nobody", "\x04\x01\x00\x50\xc6\x33\x64\x50\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00", Granted, "198.51.100.80:80", 1},
		{"4a", "\x04\x01\x01\xbb\x00\x00\x00\x01\x00b.example\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00", Granted, "b.example:443", 1},

		{"5, no method will do", "\x05\x01\x00", "\x05\xff", NoTunnel, "", 0},
		{"5, GSSAPI", "\x05\x02\x00\x01", "\x05\x01", NoTunnel, "", 0},
		{"5, a wrong password", "\x05\x01\x02\x01\x02me\x03abc", "\x05\x02\x01\x01", NoTunnel, "", 3},
		{"5, refused", greeting + ask4, "\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", NoTunnel, "198.51.100.80:80", 2},
		{"5, refused in two bytes", greeting + ask4, "\x05\x00\x05\x02", NoTunnel, "198.51.100.80:80", 2},
		{"5, datagrams", greeting + "\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00", "\x05\x00", NoTunnel, "", 2},
		{"4, refused", "\x04\x01\x00\x50\xc6\x33\x64\x50\x00", "\x00\x5b\x00\x00\x00\x00\x00\x00", NoTunnel, "198.51.100.80:80", 1},
		{"4, bind", "\x04\x02\x00\x50\xc6\x33\x64\x50\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00", NoTunnel, "198.51.100.80:80", 1},

		{"no method", "\x05\x00\x00\x00", "", No, "", 0},
		{"a method that was not offered", greeting, "\x05\x02", No, "", 0},
		{"a proxy of another kind", greeting, "+OK", No, "", 0},
		{"another version within", greeting + "\x04\x01\x00\x01", "\x05\x00", No, "", 0},
		{"another command", greeting + "\x05\x09", "\x05\x00", No, "", 0},
		{"another kind of address", greeting + "\x05\x01\x00\x02", "\x05\x00", No, "", 0},
		{"a name of no letters", greeting + "\x05\x01\x00\x03\x02\x01\x02\x00\x50", "\x05\x00", No, "", 0},
		{"an empty name", greeting + "\x05\x01\x00\x03\x00\x00\x50", "\x05\x00", No, "", 0},
		{"a password that nobody wants", "\x05\x02\x00\x02\x01\x02me\x03abc", "\x05\x00", No, "", 0},
		{"a password that is missing", "\x05\x02\x00\x02\x05\x01", "\x05\x02", No, "", 0},
		{"another reply", greeting + ask4, "\x05\x00HTTP/1.1 400\r\n", No, "", 0},
		{"4, another command", "\x04\x03\x00\x50", "", No, "", 0},
		{"4, no port", "\x04\x01\x00\x00\xc6\x33\x64\x50\x00", "", No, "", 0},
		{"4, a reply of version 4", "\x04\x01\x00\x50\xc6\x33\x64\x50\x00", "\x04\x5a", No, "", 0},
		{"4, an endless name", "\x04\x01\x00\x50\xc6\x33\x64\x50" + strings.Repeat("x", 256), "", No, "", 0},
		{"a request", "GET / HTTP/1.1\r\n", "", No, "", 0},
		{"nothing", "", "", More, "", 0},
		{"no method, and no more", "\x05\x00", "", No, "", 0},
		{"4, another command, and no more", "\x04\x03", "", No, "", 0},
		{"4, no port, and no more", "\x04\x01\x00\x00\xc6\x33\x64\x50", "", No, "", 0},
		{"a name with a space", greeting + "\x05\x01\x00\x03\x03a b\x00\x50", "\x05\x00", No, "", 0},
		{"a name with a byte that is no letter", greeting + "\x05\x01\x00\x03\x03a\x7fb\x00\x50", "\x05\x00", No, "", 0},
		{"a name of the letters at both ends", greeting + "\x05\x01\x00\x03\x02!~\x00\x50", "\x05\x00" + done, Granted, "!~:80", 2},
		{"datagrams, and nothing of the proxy yet", greeting + "\x05\x03\x00\x01", "", More, "", 2},
		{"4, the longest name of a user", "\x04\x01\x00\x50\xc6\x33\x64\x50" + strings.Repeat("x", 255), "", More, "", 0},
		{"4, the last of the replies that refuse", "\x04\x01\x00\x50\xc6\x33\x64\x50\x00", "\x00\x5d", NoTunnel, "198.51.100.80:80", 1},
		{"4, a reply beyond them", "\x04\x01\x00\x50\xc6\x33\x64\x50\x00", "\x00\x5e", No, "", 0},
		{"4, a reply before them", "\x04\x01\x00\x50\xc6\x33\x64\x50\x00", "\x00\x59", No, "", 0},
	} {
		h, a := Read([]byte(x.client), []byte(x.proxy))
		if a != x.want || a != No && (h.Target != x.target || h.RoundTrips != x.trips) {
			t.Errorf("%s: %d, %+v; want %d, %q after %d", x.name, a, h, x.want, x.target, x.trips)
		}
		if a != Granted {
			continue
		}
		if h.Client != len(x.client) || h.Proxy != len(x.proxy) {
			t.Errorf("%s: %d and %d bytes, want %d and %d", x.name, h.Client, h.Proxy, len(x.client), len(x.proxy))
		}
		if more, a := Read([]byte(x.client+"GET"), []byte(x.proxy+"HTTP")); a != Granted || more != h {
			t.Errorf("%s, and what runs inside: %d, %+v, want %+v", x.name, a, more, h)
		}
		for k := range len(x.client) {
			for j := range len(x.proxy) + 1 {
				if _, a := Read([]byte(x.client[:k]), []byte(x.proxy[:j])); a != More {
					t.Errorf("%s: %d bytes and %d of the proxy give %d", x.name, k, j, a)
				}
			}
		}
		for j := range len(x.proxy) {
			if _, a := Read([]byte(x.client), []byte(x.proxy[:j])); a != More {
				t.Errorf("%s: %d bytes of the proxy give %d", x.name, j, a)
			}
		}
	}
}

// A client begins with its version, 4 or 5, if it speaks SOCKS.
func TestBegins(t *testing.T) {
	for b, want := range map[byte]bool{3: false, 4: true, 5: true, 6: false} {
		if Begins([]byte{b, 1}) != want {
			t.Errorf("%d: %v", b, !want)
		}
	}
}

// FuzzRead checks that nobody waits for more than a handshake has, and that one is the same
// whatever follows.
func FuzzRead(f *testing.F) {
	f.Add([]byte(greeting+ask4+"GET"), []byte("\x05\x00"+done+"HTTP"))
	f.Add([]byte("\x04\x01\x01\xbb\x00\x00\x00\x01\x00b.example\x00"), []byte("\x00\x5a\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, client, proxy []byte) {
		h, a := Read(client, proxy)
		waits := a == More && h.Client == 0 && len(client) >= MaxClient && len(proxy) >= 2
		if waits || h.Client > MaxClient || h.Client > len(client) || h.Proxy > len(proxy) {
			t.Fatalf("%d: %+v of %d and %d", a, h, len(client), len(proxy))
		}
		if a == Granted {
			if h2, a2 := Read(client[:h.Client], proxy[:h.Proxy]); h2 != h || a2 != a {
				t.Fatalf("alone %d, %+v; then %d, %+v", a2, h2, a, h)
			}
		}
	})
}
