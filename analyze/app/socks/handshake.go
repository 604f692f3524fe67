package socks

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// An Answer says what the first bytes of both directions are.
type Answer uint8

// The answers.
const (
	No       Answer = iota // no SOCKS
	More                   // more bytes must tell
	Granted                // the proxy has connected the client to the target
	NoTunnel               // SOCKS, and no tunnel: it was refused, or asked for something else, or is sealed by its method
)

// A Handshake is what client and proxy said.
type Handshake struct {
	Target     string // host:port, as soon as the client has named it
	RoundTrips int    // from the client's first byte until it could speak to the target
	Client     int    // bytes that the client's part has, 0 while it is not complete, or asks for no tunnel
	Proxy      int    // likewise the proxy's
}

// MaxClient is how many bytes the client's part has at most: the greeting with 255 methods, a
// name and a password of 255 each, and a request with a domain name of 255.
const MaxClient = 2 + 255 + 3 + 2*255 + 4 + 1 + 255 + 2

// Begins reports whether a client whose first bytes are b, of which there is at least one, may
// speak SOCKS.
func Begins(b []byte) bool { return b[0] == version4 || b[0] == version5 }

// The versions, and the commands and marks of both.
const (
	version4 = 4
	version5 = 5

	connect   = 1
	bind      = 2
	associate = 3
)

// Read reads the handshake that the first bytes of the client and of the proxy begin with.
func Read(client, proxy []byte) (Handshake, Answer) {
	if len(client) == 0 {
		return Handshake{}, More
	}
	switch client[0] {
	case version4:
		return read4(client, proxy)
	case version5:
		return read5(client, proxy)
	}
	return Handshake{}, No
}

const (
	head4  = 8 // version, command, port and address; the reply has as many bytes
	maxID4 = 255

	granted4  = 90
	rejected4 = 93 // the last of the codes that reject
)

// read4 reads version 4 (Ying-Da Lee, "SOCKS: A protocol for TCP proxy across firewalls"), and
// 4a, by which a client whose address is 0.0.0.x leaves the name to the proxy.
func read4(client, proxy []byte) (h Handshake, a Answer) {
	if len(client) < head4 {
		return h, moreIf(len(client) < 2 || client[1] == connect || client[1] == bind)
	}
	port := binary.BigEndian.Uint16(client[2:])
	if client[1] != connect && client[1] != bind || port == 0 {
		return h, No
	}
	n, a := terminated(client, head4)
	if a != Granted {
		return h, a
	}
	if ip := [4]byte(client[4:]); ip[0]|ip[1]|ip[2] == 0 && ip[3] != 0 {
		from := n
		if n, a = terminated(client, from); a != Granted {
			return h, a
		}
		h.Target = named(client[from:n-1], port)
	} else {
		h.Target = netip.AddrPortFrom(netip.AddrFrom4(ip), port).String()
	}
	if h.Target == "" {
		return h, No
	}
	if h.RoundTrips = 1; client[1] == connect {
		h.Client = n
	}
	switch {
	case len(proxy) > 0 && proxy[0] != 0, len(proxy) > 1 && (proxy[1] < granted4 || proxy[1] > rejected4):
		return Handshake{}, No
	case len(proxy) > 1 && (client[1] != connect || proxy[1] != granted4):
		return h, NoTunnel
	case len(proxy) < head4:
		return h, More
	}
	h.Proxy = head4
	return h, Granted
}

// terminated returns where what begins at from ends, with its NUL, and whether that is so.
func terminated(b []byte, from int) (int, Answer) {
	rest := b[from:min(len(b), from+maxID4+1)]
	if n := bytes.IndexByte(rest, 0); n >= 0 {
		return from + n + 1, Granted
	}
	return 0, moreIf(len(rest) <= maxID4)
}

func moreIf(may bool) Answer {
	if may {
		return More
	}
	return No
}

// The methods of version 5 that are read (RFC 1928 section 3), and what says that none will do.
const (
	plain    = 0
	password = 2
	none     = 0xff
)

// read5 reads version 5: a greeting that offers methods, a name and a password if the proxy
// chooses so, and a request; the proxy answers each.
func read5(client, proxy []byte) (h Handshake, a Answer) {
	if len(client) < 2 {
		return h, More
	}
	n := 2 + int(client[1])
	if n == 2 {
		return h, No
	}
	if len(client) < n {
		return h, More
	}
	method, a := chosen(client[2:n], proxy)
	if a == No || a == NoTunnel {
		return h, a
	}
	if len(client) == n {
		return h, More
	}
	h.RoundTrips = 2
	answered := 2
	if says := client[n] == passwordVersion; a == Granted && says != (method == password) {
		return h, No
	} else if says {
		m := passwordLength(client[n:])
		n, answered, h.RoundTrips = n+m, 4, 3
		if a = refused(proxy); a == NoTunnel || m == 0 || len(client) <= n {
			return h, a
		}
	}
	target, m, a := request5(client[n:])
	switch {
	case a == NoTunnel && len(proxy) < 2: // nothing says yet that this is a proxy
		return h, More
	case a != Granted:
		return h, a
	}
	h.Target, h.Client = target, n+m
	m, a = reply5(proxy[min(answered, len(proxy)):])
	if a == Granted {
		h.Proxy = answered + m
	}
	return h, a
}

// chosen returns the method that the proxy has chosen of those offered. It is Granted if that
// is one that is read.
func chosen(offered, proxy []byte) (byte, Answer) {
	switch {
	case len(proxy) > 0 && proxy[0] != version5:
		return 0, No
	case len(proxy) < 2:
		return 0, More
	case proxy[1] == none:
		return 0, NoTunnel
	case !bytes.Contains(offered, proxy[1:2]):
		return 0, No
	case proxy[1] != plain && proxy[1] != password:
		return 0, NoTunnel
	}
	return proxy[1], Granted
}

// passwordVersion begins a name and a password, and their answer (RFC 1929 section 2).
const passwordVersion = 1

// passwordLength returns how many bytes the name and the password have that b begins with, 0
// while that is not clear.
func passwordLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	at := 2 + int(b[1])
	if len(b) <= at {
		return 0
	}
	return at + 1 + int(b[at])
}

// refused says whether the proxy has refused the name or the password.
func refused(proxy []byte) Answer {
	if len(proxy) >= 4 && proxy[3] != 0 {
		return NoTunnel
	}
	return More
}

// The kinds of addresses (RFC 1928 section 5).
const (
	ip4    = 1
	domain = 3
	ip6    = 4
)

// request5 reads the request that b begins with: what it asks to be connected to, and how many
// bytes it has.
func request5(b []byte) (target string, n int, a Answer) {
	for i, ok := range [...]func(byte) bool{
		func(c byte) bool { return c == version5 },
		func(c byte) bool { return c >= connect && c <= associate },
		func(c byte) bool { return c == 0 },
	} {
		switch {
		case i >= len(b):
			return "", 0, More
		case !ok(b[i]):
			return "", 0, No
		}
	}
	if b[1] != connect {
		return "", 0, NoTunnel
	}
	from, n, a := address(b)
	if a != Granted {
		return "", 0, a
	}
	port := binary.BigEndian.Uint16(b[n-2:])
	switch host := b[from : n-2]; b[3] {
	case domain:
		target = named(host, port)
	default:
		ip, _ := netip.AddrFromSlice(host)
		target = netip.AddrPortFrom(ip, port).String()
	}
	return target, n, grantedIf(target != "" && port != 0)
}

func grantedIf(is bool) Answer {
	if is {
		return Granted
	}
	return No
}

// address returns where the address of the request or reply that b begins with starts, and
// where its port ends.
func address(b []byte) (from, end int, a Answer) {
	if len(b) < 5 {
		return 0, 0, moreIf(len(b) < 4 || b[3] == ip4 || b[3] == domain || b[3] == ip6)
	}
	from = 4
	switch b[3] {
	case ip4:
		end = from + 4
	case ip6:
		end = from + 16
	case domain:
		from++
		end = from + int(b[4])
	default:
		return 0, 0, No
	}
	end += 2
	if len(b) < end {
		return 0, 0, More
	}
	return from, end, Granted
}

// reply5 reads the reply that b begins with, and returns how many bytes it has.
func reply5(b []byte) (n int, a Answer) {
	switch {
	case len(b) > 0 && b[0] != version5:
		return 0, No
	case len(b) < 2:
		return 0, More
	case b[1] != 0:
		return 0, NoTunnel
	}
	_, n, a = address(b)
	return n, a
}

// named returns the target of a domain name, lower case and without a final dot; "" if name is
// none. Some clients write an address so.
func named(name []byte, port uint16) string {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	host := strings.TrimSuffix(strings.ToLower(string(name)), ".")
	if host == "" {
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
