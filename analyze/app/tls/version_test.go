package tls

import (
	"encoding/binary"
	"slices"
	"testing"
)

// message puts a handshake message's type and length before its body.
func message(typ byte, body []byte) []byte {
	return slices.Concat([]byte{typ, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body)
}

// inRecords cuts a handshake message into records of at most n bytes.
func inRecords(version uint16, b []byte, n int) (all []byte) {
	for len(b) > 0 {
		m := min(n, len(b))
		all = append(all, recordHandshake, byte(version>>8), byte(version))
		all = binary.BigEndian.AppendUint16(all, uint16(m))
		all = append(all, b[:m]...)
		b = b[m:]
	}
	return all
}

// A server's choice of a version is named as it was spoken: drafts of TLS 1.3 with their number
// (in the version itself, without a session's ID, up to draft 21; in an extension since), and
// SSL 3.0.
func TestVersionsAreNamed(t *testing.T) {
	chosen := func(v uint16) []byte {
		return binary.BigEndian.AppendUint16([]byte{0, extVersions, 0, 2}, v)
	}
	serverHelloOf := func(version, suite uint16, id bool, extensions ...byte) []byte {
		b := binary.BigEndian.AppendUint16(nil, version)
		b = append(b, make([]byte, 32)...)
		if id {
			b = append(b, 4, 1, 2, 3, 4)
		}
		b = binary.BigEndian.AppendUint16(b, suite)
		if id {
			b = append(b, 0)
		}
		b = binary.BigEndian.AppendUint16(b, uint16(len(extensions)))
		return append(b, extensions...)
	}
	psk := []byte{0, extPreSharedKey, 0, 2, 0, 0}
	for _, x := range []struct {
		name     string
		hello    []byte
		want     string
		version  uint16
		readable bool
		resumed  bool
	}{
		{"SSL 3.0", serverHelloOf(0x0300, 0x002f, true), "SSL 3.0", 0x0300, false, false},
		{"TLS 1.0", serverHelloOf(0x0301, 0x002f, true), "1.0", 0x0301, false, false},
		{"TLS 1.2", serverHelloOf(0x0303, 0xc02f, true), "1.2", 0x0303, true, false},
		{"TLS 1.3", serverHelloOf(0x0303, 0x1301, true, chosen(0x0304)...), "1.3", 0x0304, true, false},
		{"draft 18", serverHelloOf(0x7f12, 0x1301, false), "1.3 draft 18", 0x0304, false, false},
		{"draft 18, resumed", serverHelloOf(0x7f12, 0x1301, false, psk...), "1.3 draft 18", 0x0304, false, true},
		{"draft 15", serverHelloOf(0x7f0f, 0xc02f, false), "1.3 draft 15", 0x0304, false, false},
		{"draft 23", serverHelloOf(0x0303, 0x1301, true, chosen(0x7f17)...), "1.3 draft 23", 0x0304, false, false},
		{"draft 24", serverHelloOf(0x0303, 0x1301, true, chosen(0x7f18)...), "1.3 draft 24", 0x0304, false, false},
		{"draft 25", serverHelloOf(0x0303, 0x1301, true, chosen(0x7f19)...), "1.3 draft 25", 0x0304, true, false},
		{"draft 28", serverHelloOf(0x0303, 0x1301, true, slices.Concat(psk, chosen(0x7f1c))...), "1.3 draft 28", 0x0304, true, true},
		{"draft 26 of another kind", serverHelloOf(0x0303, 0x1301, true, chosen(0xfb1a)...), "1.3 draft 26", 0x0304, true, false},
		{"no draft", serverHelloOf(0x0303, 0xc02f, true, chosen(0x7f40)...), "", 0x7f40, false, false},
	} {
		for _, size := range []int{1 << 14, 50, 3, 1} {
			c := new(Conn)
			c.Reset(nil, &gatherer{})
			all := inRecords(0x0303, message(serverHello, x.hello), size)
			if is, client := Detect(all); is != Yes || client {
				t.Errorf("%s, in records of %d bytes: Detect says %v, %v", x.name, size, is, client)
			}
			for i := range all { // and segments of one byte
				c.Bytes(false, all[i:i+1], mark(i))
			}
			if i := c.Info(); i.VersionName() != x.want || i.Version != x.version || c.readable != x.readable || i.Resumed != x.resumed {
				t.Errorf("%s, in records of %d bytes: %q, %+v, readable %v", x.name, size, i.VersionName(), i, c.readable)
			}
		}
	}
}

// A client's hello in records of any length, in segments of any length, is what it is whole.
func TestHelloInPieces(t *testing.T) {
	body := hello([]uint16{0x1301, 0xc02f}, numbers(extGroups, 29, 23),
		slices.Concat([]byte{0, extServerName, 0, 14, 0, 12, 0, 0, 9}, []byte("a.example")),
		slices.Concat([]byte{0, extALPN, 0, 5, 0, 3, 2}, []byte("h2")))
	var want Info
	for i, size := range []int{1 << 14, 100, 7, 4, 2, 1} {
		all := inRecords(0x0301, message(clientHello, body), size)
		for _, segment := range []int{len(all), 60, 5, 1} {
			c := new(Conn)
			c.Reset(nil, &gatherer{})
			for b := all; len(b) > 0; b = b[min(segment, len(b)):] {
				c.Bytes(true, b[:min(segment, len(b))], mark(0))
			}
			if i == 0 && segment == len(all) {
				want = *c.Info()
			}
			if got := *c.Info(); got != want || got.ServerName != "a.example" || !got.OffersH2 || got.Hello == 0 {
				t.Errorf("records of %d bytes in segments of %d: %+v", size, segment, got)
			}
		}
		if is, client := Detect(all); is != Yes || !client {
			t.Errorf("records of %d bytes: Detect says %v, %v", size, is, client)
		}
	}
	for _, b := range [][]byte{{22, 3, 1, 0, 0, 1}, {22, 3, 1, 0, 9, 3}, {22, 3, 5, 0, 9, 1}, {22, 2, 1, 0, 9, 1}} {
		if is, _ := Detect(b); is != No {
			t.Errorf("%v: Detect says %v", b, is)
		}
	}
}
