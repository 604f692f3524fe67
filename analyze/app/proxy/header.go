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
// its length in bytes, which may be more than b has: what follows the addresses says
// nothing here. It is 0 if there is none; or with more, if b is too short to tell.
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

	addresses4 = 2*4 + 2*2 // bytes of two addresses and two ports
	addresses6 = 2*16 + 2*2
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
	if len(b) < min(n, head+addresses6) {
		return Header{}, 0, true
	}
	switch body := b[head:min(n, len(b))]; {
	case command == local:
	case b[13] == tcp4 && len(body) >= addresses4:
		h = Header{segment.Addr4(body), true}
	case b[13] == tcp6 && len(body) >= addresses6:
		h = Header{segment.Addr16(body), true}
	}
	return h, n, false
}
