package capture

import (
	"bytes"
	"slices"
	"tcpwarm/capture/assigned"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// What the library does not know, or not by its port, against the packet inside.
func TestMoreEncapsulations(t *testing.T) {
	v4, v6 := tcp4(tcpFrom(7), "inner"), tcp6(tcpFrom(7), "inner")
	macs := make([]byte, 12)
	eth := slices.Concat(macs, be16(assigned.EtherIPv4), v4)
	udp := func(src, dst layers.UDPPort, b ...[]byte) []byte {
		return slices.Concat(be16(assigned.EtherIPv4), serialize(ip4(layers.IPProtocolUDP),
			&layers.UDP{SrcPort: src, DstPort: dst}, gopacket.Payload(slices.Concat(b...))))
	}
	ah := slices.Concat([]byte{assigned.ProtoTCP, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}, v4[20:])
	for name, c := range map[string]struct{ typed, inner []byte }{
		"802.1ah":        {slices.Concat(be16(assigned.EtherBackbone), make([]byte, 4), eth), v4},
		"FabricPath":     {slices.Concat(be16(assigned.EtherFabricPath), make([]byte, 2), eth), v4},
		"bridged":        {slices.Concat(be16(assigned.EtherBridged), eth), v4},
		"MPLS, 2 labels": {slices.Concat(be16(assigned.EtherMPLS), []byte{0, 0, 16, 9, 0, 0, 33, 9}, v6), v6},
		"PPPoE":          {slices.Concat(be16(assigned.EtherPPPoE), []byte{0x11, 0, 0, 1, 0, 9, 0, 0x57}, v6), v6},
		"Teredo":         {udp(5, portTeredo, v6), v6},
		"from Teredo":    {udp(portTeredo, 5, make([]byte, 8), v6), v6},
		"Teredo, both":   {udp(portTeredo, 5, []byte{0, 1, 1, 2}, make([]byte, 12), make([]byte, 8), v6), v6},
		"GRE in UDP":     {udp(5, portGRE, be16(0, assigned.EtherIPv4), v4), v4},
		"AH": {slices.Concat(be16(assigned.EtherIPv4), serialize(ip4(layers.IPProtocolAH), gopacket.Payload(ah))),
			v4},
	} {
		t.Run(name, func(t *testing.T) {
			for _, head := range [][]byte{macs, slices.Concat(macs, be16(assigned.EtherVLAN, 5))} {
				b := slices.Concat(head, c.typed)
				s := one(t, assigned.LinkEthernet, len(b), b)
				oracle(t, s, c.inner)
				if !within(s.Payload, b) {
					t.Error("the payload is a copy")
				}
				for n := range b {
					decode(assigned.LinkEthernet, len(b), b[:n])
				}
			}
		})
	}
}

// SLL2 is unknown to the library: a tunnel in it must be found all the same.
func TestTunnelInSLL2(t *testing.T) {
	v4 := tcp4(tcpFrom(7), "inner")
	b := slices.Concat(be16(assigned.EtherIPv4), make([]byte, 18),
		serialize(ip4(layers.IPProtocolGRE), gopacket.Payload(slices.Concat(be16(0, assigned.EtherIPv4), v4))))
	oracle(t, one(t, assigned.LinkSLL2, len(b), b), v4)
}

// Frames nested in frames without end cost no more than their length.
func TestNestedFrames(t *testing.T) {
	gre := slices.Concat(be16(0, assigned.EtherBridged), make([]byte, 12), be16(assigned.EtherIPv4))
	b := bytes.Repeat(slices.Concat(gre, serialize(ip4(layers.IPProtocolGRE))), 2000)
	b = serialize(ip4(layers.IPProtocolGRE), gopacket.Payload(b[:60000]))
	batch, totals := decode(assigned.LinkRaw, len(b), b)
	if len(batch.Segments) != 0 || totals.Packets != 1 {
		t.Errorf("%+v", totals)
	}
	b = slices.Concat(make([]byte, 12), bytes.Repeat(be16(assigned.EtherMPLS, 0, 0), 1<<20))
	none(t, assigned.LinkEthernet, len(b), b, "nested-too-deep")
}

// Not TCP, and no problem.
func TestSilent(t *testing.T) {
	for name, b := range map[string][]byte{
		"ARP":          slices.Concat(make([]byte, 12), be16(0x0806), make([]byte, 46)),
		"LLDP":         slices.Concat(make([]byte, 12), be16(0x88cc), make([]byte, 46)),
		"spanning":     slices.Concat(make([]byte, 12), be16(38, 0x4242, 0x0300), make([]byte, 35)),
		"UDP":          slices.Concat(make([]byte, 12), be16(assigned.EtherIPv4), serialize(ip4(layers.IPProtocolUDP), &layers.UDP{SrcPort: 53, DstPort: 53})),
		"SCTP":         slices.Concat(make([]byte, 12), be16(assigned.EtherIPv4), serialize(ip4(layers.IPProtocolSCTP), gopacket.Payload("............"))),
		"UDP fragment": slices.Concat(make([]byte, 12), be16(assigned.EtherIPv4), fragmentOf(layers.IPProtocolUDP)),
	} {
		t.Run(name, func(t *testing.T) { none(t, assigned.LinkEthernet, len(b), b, "") })
	}
}

func fragmentOf(p layers.IPProtocol) []byte {
	x := ip4(p)
	x.Flags = layers.IPv4MoreFragments
	return serialize(x, gopacket.Payload("fragment"))
}

// payloadOf is a payload of n bytes.
func payloadOf(n int) gopacket.Payload { return make([]byte, n) }
