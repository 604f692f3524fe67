// Package tls recognises TLS and reads what its handshake shows in the clear.
//
// The first bytes of each half come in, in order; the version, server name and
// ALPN choice go out. Records, resumption and decryption are not here yet.
package tls

import (
	"encoding/binary"
)

// maxHello bounds the handshake bytes kept of one half until its hello is whole.
const maxHello = 16 << 10

// Record and handshake types (RFC 8446 sections 5.1 and 4).
const (
	recordHandshake        = 22
	typeClientHello        = 1
	typeServerHello        = 2
	recordHeader           = 5
	handshakeHeader        = 4
	extServerName          = 0
	extALPN                = 16
	extVersions            = 43
	version13       uint16 = 0x0304
)

// An Answer says whether bytes are TLS.
type Answer uint8

// The answers.
const (
	More Answer = iota // not enough bytes to tell
	Yes
	No
)

// Detect tells by its first bytes whether a half speaks TLS: a handshake record
// that holds a ClientHello (client true) or a ServerHello.
func Detect(b []byte) (is Answer, client bool) {
	want := []byte{recordHandshake, 3}
	for i, w := range want {
		if i >= len(b) {
			return More, false
		}
		if b[i] != w {
			return No, false
		}
	}
	if len(b) < recordHeader+1 {
		return More, false
	}
	n := binary.BigEndian.Uint16(b[3:])
	if b[2] > 4 || n < handshakeHeader || n > 1<<14+2048 {
		return No, false
	}
	switch b[recordHeader] {
	case typeClientHello:
		return Yes, true
	case typeServerHello:
		return Yes, false
	}
	return No, false
}

// Info is what the two hellos showed.
type Info struct {
	ServerName string // of the client's server_name extension, "" if absent
	ALPN       string // the server's choice; hidden in TLS 1.3 without keys
	Version    uint16 // the server's choice, 0 until its hello is seen
}

// VersionName returns 1.0 to 1.3, "" if not known.
func (i *Info) VersionName() string {
	if i.Version >= 0x0301 && i.Version <= version13 {
		return "1." + string('0'+byte(i.Version-0x0301))
	}
	return ""
}

// A Hello collects the first handshake message of one half.
type Hello struct {
	raw  []byte // record bytes not yet understood
	msg  []byte
	done bool
}

// Feed takes the next bytes of the half and fills info once the hello is whole.
// It keeps at most maxHello bytes.
func (h *Hello) Feed(b []byte, info *Info) {
	if h.done {
		return
	}
	h.raw = append(h.raw, b[:min(len(b), maxHello-len(h.raw))]...)
	for len(h.raw) >= recordHeader && h.raw[0] == recordHandshake {
		n := int(binary.BigEndian.Uint16(h.raw[3:]))
		if len(h.raw) < recordHeader+n {
			break
		}
		h.msg = append(h.msg, h.raw[recordHeader:recordHeader+n]...)
		h.raw = h.raw[recordHeader+n:]
	}
	h.parse(info, len(h.raw) >= maxHello)
}

// Stop parses what there is: a gap or the end came.
func (h *Hello) Stop(info *Info) {
	if h.done {
		return
	}
	if len(h.raw) > recordHeader && h.raw[0] == recordHandshake {
		h.msg = append(h.msg, h.raw[recordHeader:]...)
	}
	h.parse(info, true)
}

func (h *Hello) parse(info *Info, last bool) {
	if len(h.msg) >= handshakeHeader {
		n := int(h.msg[1])<<16 | int(h.msg[2])<<8 | int(h.msg[3])
		if len(h.msg) >= handshakeHeader+n || last {
			body := h.msg[handshakeHeader:min(len(h.msg), handshakeHeader+n)]
			switch h.msg[0] {
			case typeClientHello:
				clientHello(body, info)
			case typeServerHello:
				serverHello(body, info)
			}
			last = true
		}
	}
	if last {
		h.done, h.raw, h.msg = true, nil, nil
	}
}

// A cursor reads length-prefixed parts. Reading past the end gives nothing and
// sets short, so callers check once.
type cursor struct {
	b     []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.short = true
		n = len(c.b)
	}
	p := c.b[:n]
	c.b = c.b[n:]
	return p
}

func (c *cursor) uint(size int) (n int) {
	for _, x := range c.take(size) {
		n = n<<8 | int(x)
	}
	return n
}

func (c *cursor) vector(size int) cursor { return cursor{b: c.take(c.uint(size))} }

// clientHello reads RFC 8446 section 4.1.2.
func clientHello(b []byte, info *Info) {
	c := cursor{b: b}
	c.take(2 + 32) // version, random
	c.vector(1)    // session id
	c.vector(2)    // cipher suites
	c.vector(1)    // compression methods
	ext := c.vector(2)
	for len(ext.b) > 0 {
		typ := ext.uint(2)
		body := ext.vector(2)
		if typ == extServerName { // RFC 6066 section 3
			list := body.vector(2)
			if list.uint(1) == 0 {
				name := list.vector(2)
				info.ServerName = string(name.b)
			}
		}
	}
}

// serverHello reads RFC 8446 section 4.1.3.
func serverHello(b []byte, info *Info) {
	c := cursor{b: b}
	info.Version = uint16(c.uint(2))
	c.take(32)
	c.vector(1)
	c.take(2 + 1) // cipher suite, compression method
	ext := c.vector(2)
	for len(ext.b) > 0 {
		typ := ext.uint(2)
		body := ext.vector(2)
		switch typ {
		case extVersions:
			if v := uint16(body.uint(2)); v != 0 {
				info.Version = v
			}
		case extALPN: // RFC 7301 section 3.1
			list := body.vector(2)
			name := list.vector(1)
			info.ALPN = string(name.b)
		}
	}
}
