package proxy

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"tcpwarm/capture/segment"
)

// A Header is what a proxy says of the client it speaks for.
type Header struct {
	Source segment.Addr // valid if Known
	Known  bool         // else the proxy speaks for itself, or does not say for whom
}

// maxLine is how long a header of version 1 is at most, with its CRLF (section 2.1).
const maxLine = 107

// signature begins a header of version 2, which has head bytes and what they say follows
// (section 2.2).
const (
	signature = "\r\n\r\n\x00\r\nQUIT\n"
	head      = 16
)

// Read reads the header that b, the first bytes of a direction, begins with, and returns
// its length in bytes. That is 0 if there is none; or with more, if b is too short to tell.
func Read(b []byte) (h Header, n int, more bool) {
	switch {
	case begins(b, "PROXY "):
		return line(b)
	case begins(b, signature):
		return binaryHeader(b)
	}
	return Header{}, 0, false
}

// begins reports whether b begins with s, as far as it goes.
func begins(b []byte, s string) bool {
	n := min(len(b), len(s))
	return n > 0 && string(b[:n]) == s[:n]
}

// line reads version 1: "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80", or UNKNOWN and anything.
func line(b []byte) (h Header, n int, more bool) {
	end := bytes.Index(b[:min(len(b), maxLine)], []byte("\r\n"))
	if end < 0 {
		return Header{}, 0, len(b) < maxLine
	}
	_, said, _ := bytes.Cut(b[:end], []byte(" "))
	family, said, _ := bytes.Cut(said, []byte(" "))
	switch string(family) {
	case "UNKNOWN":
		return Header{}, end + 2, false
	case "TCP4", "TCP6":
		source, _, _ := bytes.Cut(said, []byte(" "))
		if a, err := netip.ParseAddr(string(source)); err == nil {
			return Header{segment.AddrFrom(a), true}, end + 2, false
		}
	}
	return Header{}, 0, false
}

// What the bytes of version 2 stand for (section 2.2).
const (
	version2 = 0x20 // the upper half of byte 12; the lower is the command
	local    = 0    // the proxy's own connection, such as a health check
	proxied  = 1
	tcp4     = 0x11 // byte 13: family and transport
	tcp6     = 0x21
)

// binaryHeader reads version 2.
func binaryHeader(b []byte) (h Header, n int, more bool) {
	if len(b) < head {
		return Header{}, 0, true
	}
	command := b[12] &^ 0xf0
	if b[12]&0xf0 != version2 || command > proxied {
		return Header{}, 0, false
	}
	n = head + int(binary.BigEndian.Uint16(b[14:]))
	if len(b) < n {
		return Header{}, 0, true
	}
	switch body := b[head:n]; {
	case command == local:
	case b[13] == tcp4 && len(body) >= 12: // two addresses, two ports
		h = Header{segment.Addr4(body), true}
	case b[13] == tcp6 && len(body) >= 36:
		h = Header{segment.Addr16(body), true}
	}
	return h, n, false
}
