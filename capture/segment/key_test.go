package segment

import (
	"net/netip"
	"testing"
)

// An IPv6 packet's mapped address is another than the IPv4 address in it; one in a socket
// or in text is the same.
func TestMappedAddressIsNotIPv4s(t *testing.T) {
	v4 := netip.MustParseAddr("10.20.0.5")
	mapped := netip.MustParseAddr("::ffff:10.20.0.5")
	plain := Addr4(v4.AsSlice())
	b := mapped.As16()
	wire := AddrIPv6(b[:])
	if wire == plain || wire.Netip() != mapped || wire.String() != "::ffff:10.20.0.5" {
		t.Errorf("in an IPv6 packet it is %v (%#x)", wire, wire)
	}
	if a := AddrFrom(mapped); a != plain || a.Netip() != v4 {
		t.Errorf("in text it is %v", a)
	}
	for _, s := range []string{"::1", "::10.20.0.5", "2001:db8::ffff:a14:5", "fe80::1"} {
		b := netip.MustParseAddr(s).As16()
		if a := AddrIPv6(b[:]); a != Addr16(b[:]) || a.String() != netip.AddrFrom16(b).String() {
			t.Errorf("%s became %v", s, a)
		}
	}
}
