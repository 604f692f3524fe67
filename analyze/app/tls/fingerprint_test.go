package tls

import (
	"encoding/binary"
	"testing"
)

// hello builds a ClientHello's body of suites and extensions.
func hello(suites []uint16, extensions ...[]byte) []byte {
	b := append([]byte{3, 3}, make([]byte, 33)...) // version, random, no session
	b = binary.BigEndian.AppendUint16(b, uint16(2*len(suites)))
	for _, s := range suites {
		b = binary.BigEndian.AppendUint16(b, s)
	}
	b = append(b, 1, 0) // compression
	n := 0
	for _, e := range extensions {
		n += len(e)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	for _, e := range extensions {
		b = append(b, e...)
	}
	return b
}

// numbers builds an extension that is a list of numbers of two bytes.
func numbers(typ uint16, list ...uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, typ)
	b = binary.BigEndian.AppendUint16(b, uint16(2+2*len(list)))
	b = binary.BigEndian.AppendUint16(b, uint16(2*len(list)))
	for _, n := range list {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return b
}

// A program's hellos have one fingerprint, whatever they shuffle or throw in at random; what
// another can do differs.
func TestFingerprint(t *testing.T) {
	fingerprint := func(b []byte, whole bool) uint32 {
		var c Conn
		c.clientHello(b, whole)
		return c.info.Hello
	}
	groups, signatures := numbers(extGroups, 29, 23), numbers(extSignatures, 0x0403, 0x0804)
	want := fingerprint(hello([]uint16{0x1301, 0xc02f}, groups, signatures), true)
	if want == 0 {
		t.Fatal("no fingerprint")
	}
	for name, b := range map[string][]byte{
		"shuffled":     hello([]uint16{0x1301, 0xc02f}, signatures, groups),
		"GREASE":       hello([]uint16{0x4a4a, 0x1301, 0xc02f}, numbers(0x2a2a, 1), numbers(extGroups, 0xfafa, 29, 23), signatures),
		"with another": hello([]uint16{0x1301, 0xc02f}, groups, numbers(extSessionTicket, 7), signatures),
	} {
		if got := fingerprint(b, true); got != want {
			t.Errorf("%s: %08x, want %08x", name, got, want)
		}
	}
	for name, b := range map[string][]byte{
		"a suite more":      hello([]uint16{0x1301, 0xc02f, 0xc030}, groups, signatures),
		"suites turned":     hello([]uint16{0xc02f, 0x1301}, groups, signatures),
		"another group":     hello([]uint16{0x1301, 0xc02f}, numbers(extGroups, 29, 24), signatures),
		"no signatures":     hello([]uint16{0x1301, 0xc02f}, groups),
		"one for the other": hello([]uint16{0x1301, 0xc02f}, numbers(extGroups, 0x0403, 0x0804), numbers(extSignatures, 29, 23)),
	} {
		if got := fingerprint(b, true); got == want || got == 0 {
			t.Errorf("%s: %08x", name, got)
		}
	}
	if got := fingerprint(hello([]uint16{0x1301, 0xc02f}, groups, signatures), false); got != 0 {
		t.Errorf("cut off: %08x, want none", got)
	}
}
