package capture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"tcpwarm/capture/assigned"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// A wrapped is an IP packet within what a link type and tunnels put before it.
type wrapped struct {
	name   string
	link   uint32
	b      []byte
	tshark bool // reads it as we do, without being told how
	not    int  // version of IP that is not carried so, 0 for none
}

// inUDP puts b into UDP and IPv4, and that into an Ethernet frame.
func inUDP(src, dst uint16, b ...[]byte) []byte {
	return inFrame(assigned.EtherIPv4, serialize(ip4(layers.IPProtocolUDP), &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)},
		gopacket.Payload(slices.Concat(b...))))
}

// inIP4 puts b into IPv4, and that into an Ethernet frame.
func inIP4(proto layers.IPProtocol, b ...[]byte) []byte {
	return inFrame(assigned.EtherIPv4, serialize(ip4(proto), gopacket.Payload(slices.Concat(b...))))
}

// inFrame puts b into an Ethernet frame.
func inFrame(typ uint16, b ...[]byte) []byte {
	return slices.Concat(twoMACs, be16(typ), slices.Concat(b...))
}

var twoMACs = []byte{2, 0, 10, 0, 0, 1, 2, 0, 10, 0, 0, 2}

// globalMACs are addresses of a maker, that begin as a control word does: with a nibble of 0.
var globalMACs = []byte{0, 0x1b, 0x21, 0, 0, 1, 0, 0x1b, 0x21, 0, 0, 2}

// snapOf is LLC with SNAP before an Ethernet type.
func snapOf(typ uint16) []byte { return slices.Concat(be16(0xaaaa, 0x0300, 0), be16(typ)) }

// radioFrame is an 802.11 data frame from an access point.
func radioFrame(first, second byte, more ...[]byte) []byte {
	return slices.Concat([]byte{first, second, 0, 0}, make([]byte, 18), be16(0x1000), slices.Concat(more...))
}

func nflogOf(order binary.AppendByteOrder, family byte, ip []byte) []byte {
	b := []byte{family, 0, 0, 0}
	for _, a := range []struct {
		typ   uint16
		value []byte
	}{{1, make([]byte, 4)}, {10, []byte("prefix\x00")}, {9, ip}} {
		b = order.AppendUint16(b, uint16(4+len(a.value)))
		b = append(order.AppendUint16(b, a.typ), a.value...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

// wrap puts an IP packet of version v into everything that is read.
func wrap(v int, ip []byte) []wrapped {
	typ, proto, family := uint16(assigned.EtherIPv4), layers.IPProtocolIPv4, byte(2)
	if v == 6 {
		typ, proto, family = assigned.EtherIPv6, layers.IPProtocolIPv6, 10
	}
	eth, snap := inFrame(typ, ip), slices.Concat(snapOf(typ), ip)
	n := len(ip)
	mac := make([]byte, 12)
	clear := func(first, second byte, between ...[]byte) []byte {
		return radioFrame(first, second, slices.Concat(between...), snap)
	}
	radiotap := func(flags byte) []byte {
		return slices.Concat([]byte{0, 0, 25, 0, 3, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 8), []byte{flags})
	}
	l2tp := func(more ...[]byte) []byte {
		return inUDP(1701, 1701, slices.Concat(more...), []byte{0xff, 3}, ppp(v), ip)
	}
	capwap := func(native byte, more ...[]byte) []byte {
		return inUDP(5247, 40000, []byte{0, 2 << 3, native, 0, 0, 0, 0, 0}, slices.Concat(more...))
	}
	swapped := clear(0x08, 0x02)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	return []wrapped{
		{"Ethernet", assigned.LinkEthernet, eth, true, 0},
		{"VLAN", assigned.LinkEthernet, inFrame(assigned.EtherVLAN, be16(5, typ), ip), true, 0},
		{"VLAN of an old number", assigned.LinkEthernet, inFrame(assigned.EtherOlderQ, be16(5, assigned.EtherVLAN, 6, typ), ip), false, 0},
		{"E-tag", assigned.LinkEthernet, inFrame(assigned.EtherETag, make([]byte, 6), be16(assigned.EtherVLAN, 5, typ), ip), true, 0},
		{"VN-tag", assigned.LinkEthernet, inFrame(assigned.EtherVNTag, make([]byte, 4), be16(typ), ip), true, 0},
		{"Cisco MetaData", assigned.LinkEthernet, inFrame(assigned.EtherMetaData, []byte{1, 1, 0, 1, 0, 9}, be16(typ), ip), true, 0},
		{"Cisco MetaData in VLAN", assigned.LinkEthernet, inFrame(assigned.EtherVLAN, be16(7, assigned.EtherMetaData), []byte{1, 1, 0, 1, 0, 9}, be16(typ), ip), true, 0},
		{"HSR", assigned.LinkEthernet, inFrame(assigned.EtherHSR, make([]byte, 4), be16(typ), ip), true, 0},
		{"R-tag", assigned.LinkEthernet, inFrame(assigned.EtherRTag, make([]byte, 4), be16(typ), ip), true, 0},
		{"802.1ah", assigned.LinkEthernet, inFrame(assigned.EtherBackbone, make([]byte, 4), eth), true, 0},
		{"TRILL", assigned.LinkEthernet, inFrame(assigned.EtherTRILL, be16(0x0040, 1, 2), make([]byte, 4), eth), true, 0},
		{"MACsec in clear", assigned.LinkEthernet, inFrame(assigned.EtherMACsec, []byte{0, 0, 0, 0, 0, 1}, be16(typ), ip, make([]byte, 16)), true, 0},
		{"MACsec in clear, SCI", assigned.LinkEthernet, inFrame(assigned.EtherMACsec, []byte{0x20, 0, 0, 0, 0, 1}, make([]byte, 8), be16(typ), ip, make([]byte, 16)), true, 0},
		{"NSH", assigned.LinkEthernet, inFrame(assigned.EtherNSH, []byte{0, 6, 1, 3}, make([]byte, 20), eth), true, 0},
		{"ISL", assigned.LinkEthernet, slices.Concat([]byte{1, 0, 0x0c, 0, 0, 1}, make([]byte, 6), be16(uint16(len(eth)+12+4), 0xaaaa, 0x0300), make([]byte, 8), eth), true, 0},
		{"LLC and SNAP", assigned.LinkEthernet, inFrame(uint16(n+8), snap), true, 0},
		{"LLC and SNAP, 802.1H", assigned.LinkEthernet, inFrame(uint16(n+8), be16(0xaaaa, 0x0300, 0x00f8, typ), ip), true, 0},
		{"LLC and SNAP, VLAN", assigned.LinkEthernet, inFrame(uint16(n+12), snapOf(assigned.EtherVLAN), be16(5, typ), ip), true, 0},
		{"bridged in SNAP", assigned.LinkEthernet, inFrame(100, be16(0xaaaa, 0x0300, 0x80c2, 7, 0), eth), true, 0},
		{"IP's own SAP", assigned.LinkEthernet, inFrame(100, []byte{6, 6, 3}, ip), true, 0},
		{"jumbo LLC", assigned.LinkEthernet, inFrame(assigned.EtherJumboLLC, snap), true, 0},

		{"PPP", assigned.LinkPPP, slices.Concat([]byte{0xff, 3}, ppp(v), ip), true, 0},
		{"PPP, compressed", assigned.LinkPPP, slices.Concat(ppp(v)[1:], ip), true, 0},
		{"PPP, multilink", assigned.LinkPPP, slices.Concat([]byte{0xff, 3}, be16(assigned.PPPMultilink, 0xc000, 7), ppp(v), ip), true, 0},
		{"PPP, bridged", assigned.LinkPPP, slices.Concat([]byte{0xff, 3}, be16(assigned.PPPBridged), []byte{0, 1}, eth), true, 0},
		{"PPP, MPLS", assigned.LinkPPP, slices.Concat([]byte{0xff, 3}, be16(assigned.PPPMPLS), []byte{0, 1, 1, 64}, ip), true, 0},
		{"PPP of a serial line", assigned.LinkPPPSerial, slices.Concat([]byte{0xff, 3}, ppp(v), ip), true, 0},
		{"PPP with a direction", assigned.LinkPPPWithDir, slices.Concat([]byte{1, 0xff, 3}, ppp(v), ip), true, 0},
		{"PPP of pppd", assigned.LinkPPPD, slices.Concat([]byte{1, 3}, ppp(v), ip), false, 0},
		{"PPPoE", assigned.LinkPPPoE, slices.Concat([]byte{0x11, 0, 0, 1}, be16(uint16(n+2)), ppp(v), ip), true, 0},
		{"PPPoE over QinQ", assigned.LinkEthernet, inFrame(assigned.EtherQinQ, be16(5, assigned.EtherVLAN, 6, assigned.EtherPPPoE), []byte{0x11, 0, 0, 1}, be16(uint16(n+2)), ppp(v), ip), true, 0},
		{"cHDLC", assigned.LinkHDLC, slices.Concat([]byte{0x0f, 0}, be16(typ), ip), true, 0},
		{"cHDLC, MPLS", assigned.LinkHDLC, slices.Concat([]byte{0x0f, 0}, be16(assigned.EtherMPLS), []byte{0, 1, 1, 64}, ip), true, 0},
		{"cHDLC on a serial line", assigned.LinkPPPSerial, slices.Concat([]byte{0x8f, 0}, be16(typ), ip), true, 0},
		{"Frame Relay", assigned.LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, map[int]byte{4: 0xcc, 6: 0x8e}[v]}, ip), true, 0},
		{"Frame Relay, SNAP", assigned.LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0, 0}, be16(typ), ip), true, 0},
		{"Frame Relay, bridged", assigned.LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7}, eth), true, 0},
		{"Frame Relay of Cisco", assigned.LinkFrameRelay, slices.Concat([]byte{0x18, 0x41}, be16(typ), ip), true, 0},
		{"RFC 1483", assigned.LinkRFC1483, snap, true, 0},
		{"FDDI", assigned.LinkFDDI, slices.Concat([]byte{0x50}, twoMACs, snap), true, 0},
		{"Token Ring", assigned.LinkTokenRing, slices.Concat([]byte{0x10, 0x40}, twoMACs, snap), true, 0},
		{"Token Ring with a route", assigned.LinkTokenRing, slices.Concat([]byte{0x10, 0x40}, mac[:6], []byte{0x82, 0, 10, 0, 0, 2, 6, 0, 0, 0x11, 0, 0x20}, snap), true, 0},
		{"ARCNET", assigned.LinkARCNET, slices.Concat([]byte{9, 8, 0, 0, map[int]byte{4: 212, 6: 196}[v], 0, 0, 1}, ip), true, 0},
		{"ARCNET of BSD", assigned.LinkARCNETBSD, slices.Concat([]byte{9, 8, map[int]byte{4: 212, 6: 196}[v], 0, 0, 1}, ip), true, 0},
		{"ARCNET, RFC 1051", assigned.LinkARCNETBSD, slices.Concat([]byte{9, 8, 240}, ip), true, 0},
		{"cHDLC with a direction", assigned.LinkHDLCDir, slices.Concat([]byte{1, 0x0f, 0}, be16(typ), ip), false, 0},
		{"Frame Relay with a direction", assigned.LinkFrameDir, slices.Concat([]byte{0, 0x18, 0x41, 3, map[int]byte{4: 0xcc, 6: 0x8e}[v]}, ip), false, 0},
		{"IP over Fibre Channel", assigned.LinkIPOverFC, slices.Concat(make([]byte, 16), snap), true, 0},
		{"SunATM", assigned.LinkSunATM, slices.Concat([]byte{2, 0, 0, 100}, snap), true, 0},
		{"IPNET", assigned.LinkIPNET, slices.Concat([]byte{1, map[int]byte{4: 2, 6: 26}[v], 0, 0}, be16(0, uint16(n)), make([]byte, 16), ip), true, 0},
		{"mPacket", assigned.LinkMPacket, slices.Concat(bytes.Repeat([]byte{0x55}, 7), []byte{0xd5}, eth, binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(eth))), true, 0},
		{"ERF", assigned.LinkERF, slices.Concat(make([]byte, 8), []byte{2, 4}, be16(uint16(18+len(eth)), 0, uint16(len(eth)), 0), eth), true, 0},
		{"ERF with more headers", assigned.LinkERF, slices.Concat(make([]byte, 8), []byte{0x82, 4}, be16(uint16(34+len(eth)), 0, uint16(len(eth))), []byte{0x83, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0}, be16(0), eth), true, 0},
		{"ERF, IP", assigned.LinkERF, slices.Concat(make([]byte, 8), []byte{map[int]byte{4: 22, 6: 23}[v], 4}, be16(uint16(16+n), 0, uint16(n)), ip), true, 0},
		{"ERF, cHDLC", assigned.LinkERF, slices.Concat(make([]byte, 8), []byte{1, 4}, be16(uint16(20+n), 0, uint16(n+4)), []byte{0x0f, 0}, be16(typ), ip), true, 0},
		{"NFLOG", assigned.LinkNFLOG, nflogOf(binary.LittleEndian, family, ip), true, 0},
		{"NFLOG, big-endian", assigned.LinkNFLOG, nflogOf(binary.BigEndian, family, ip), false, 0},
		{"SLL with LLC", assigned.LinkSLL, slices.Concat(make([]byte, 14), be16(4), snap), true, 0},
		{"DSA", assigned.LinkDSA, slices.Concat(twoMACs, []byte{0xc0, 0, 0, 0}, be16(typ), ip), false, 0},
		{"EDSA", assigned.LinkEDSA, slices.Concat(twoMACs, be16(0xdada, 0), []byte{0xc0, 0, 0, 0}, be16(typ), ip), false, 0},
		{"EDSA in an Ethernet frame", assigned.LinkEthernet, inFrame(assigned.EtherEDSA, be16(0), []byte{0xc0, 0, 0, 0}, be16(typ), ip), false, 0},
		{"Broadcom's tag", assigned.LinkBrcmTag, slices.Concat(twoMACs, make([]byte, 4), be16(typ), ip), false, 0},
		{"Broadcom's tag in front", assigned.LinkBrcmFront, slices.Concat(make([]byte, 4), eth), false, 0},
		{"netANALYZER", assigned.LinkNetAna, slices.Concat(make([]byte, 4), eth, make([]byte, 4)), false, 0},
		{"IP over FireWire", assigned.LinkFirewire, slices.Concat(make([]byte, 16), be16(typ), ip), true, 0},

		{"802.11", assigned.LinkWiFi, clear(0x08, 0x02), true, 0},
		{"802.11, QoS", assigned.LinkWiFi, clear(0x88, 0x02, be16(0)), true, 0},
		{"802.11, QoS, HT", assigned.LinkWiFi, clear(0x88, 0x82, be16(0), make([]byte, 4)), true, 0},
		{"802.11, four addresses", assigned.LinkWiFi, clear(0x88, 0x03, make([]byte, 6), be16(0)), true, 0},
		{"802.11, mesh", assigned.LinkWiFi, clear(0x88, 0x03, make([]byte, 6), be16(1), []byte{0, 31, 0, 0, 0, 7}), true, 0},
		{"802.11, mesh with addresses", assigned.LinkWiFi, clear(0x88, 0x03, make([]byte, 6), be16(1), []byte{2, 31, 0, 0, 0, 7}, twoMACs), true, 0},
		{"802.11, A-MSDU of one", assigned.LinkWiFi, radioFrame(0x88, 0x02, []byte{0x80, 0}, twoMACs, be16(uint16(len(snap))), snap), true, 0},
		{"802.11, decrypted", assigned.LinkWiFi, clear(0x08, 0x42, []byte{1, 0, 0, 0x20, 0, 0, 0, 0}), false, 0},
		{"802.11, WEP decrypted", assigned.LinkWiFi, clear(0x08, 0x42, []byte{1, 0, 0, 0}), false, 0},
		{"802.11, marked only", assigned.LinkWiFi, clear(0x08, 0x42), false, 0},
		{"radiotap", assigned.LinkRadiotap, slices.Concat(radiotap(0), clear(0x08, 0x02)), true, 0},
		{"radiotap, padded", assigned.LinkRadiotap, slices.Concat(radiotap(paddedRadio), clear(0x88, 0x02, be16(0, 0))), true, 0},
		{"radiotap, FCS", assigned.LinkRadiotap, slices.Concat(radiotap(0x10), clear(0x88, 0x02, be16(0)), make([]byte, 4)), true, 0},
		{"Prism", assigned.LinkPrism, slices.Concat([]byte{0x44, 0, 0, 0, 144, 0, 0, 0}, make([]byte, 136), clear(0x08, 0x02)), true, 0},
		{"AVS", assigned.LinkAVS, slices.Concat([]byte{0x80, 0x21, 0x10, 1, 0, 0, 0, 64}, make([]byte, 56), clear(0x08, 0x02)), true, 0},
		{"PPI", assigned.LinkPPI, slices.Concat([]byte{0, 0, 8, 0, assigned.LinkWiFi, 0, 0, 0}, clear(0x08, 0x02)), true, 0},

		{"ENC", assigned.LinkENC, slices.Concat([]byte{0, 0, 0, family}, make([]byte, 8), ip), v == 4, 0}, // to tshark, IPv6 is 24 there
		{"PKTAP", assigned.LinkPKTAP, slices.Concat([]byte{108, 0, 0, 0, 1, 0, 0, 0, assigned.LinkEthernet, 0, 0, 0}, make([]byte, 96), eth), true, 0},

		{"IP in IP", assigned.LinkEthernet, inIP4(proto, ip), true, 0},
		{"EtherIP", assigned.LinkEthernet, inIP4(97, be16(0x3000), eth), true, 0},
		{"Ethernet in IP", assigned.LinkEthernet, inIP4(143, eth), true, 0},
		{"MPLS in IP", assigned.LinkEthernet, inIP4(137, []byte{0, 1, 1, 64}, ip), true, 0},
		{"GRE", assigned.LinkEthernet, inIP4(47, be16(0, typ), ip), true, 0},
		{"GRE, all fields", assigned.LinkEthernet, inIP4(47, be16(0xb000, typ), make([]byte, 12), ip), true, 0},
		{"GRE, routed", assigned.LinkEthernet, inIP4(47, be16(0x4000, typ), make([]byte, 4), []byte{8, 0, 0, 4, 1, 2, 3, 4}, make([]byte, 4), ip), true, 0},
		{"GRE, bridged", assigned.LinkEthernet, inIP4(47, be16(0x2000, assigned.EtherBridged), make([]byte, 4), eth), true, 0},
		{"GRE, VLAN", assigned.LinkEthernet, inIP4(47, be16(0, assigned.EtherBridged), inFrame(assigned.EtherVLAN, be16(5, typ), ip)), true, 0},
		{"GRE, MPLS", assigned.LinkEthernet, inIP4(47, be16(0, assigned.EtherMPLS), []byte{0, 1, 1, 64}, ip), true, 0},
		{"GRE of PPTP", assigned.LinkEthernet, inIP4(47, be16(0x3081, assigned.EtherPPP, uint16(n+4), 5), make([]byte, 8), []byte{0xff, 3}, ppp(v), ip), true, 0},
		{"GRE of Aruba", assigned.LinkEthernet, inIP4(47, be16(0, greAruba), clear(0x08, 0x02)), true, 0},
		{"GRE of Aruba, last", assigned.LinkEthernet, inIP4(47, be16(0, greArubaLast), clear(0x88, 0x02, be16(0))), true, 0},
		{"ERSPAN I", assigned.LinkEthernet, inIP4(47, be16(0, greERSPAN), eth), true, 0},
		{"ERSPAN II", assigned.LinkEthernet, inIP4(47, be16(0x1000, greERSPAN, 0, 1), be16(0x1001, 1, 0, 0), eth), true, 0},
		{"ERSPAN III", assigned.LinkEthernet, inIP4(47, be16(0x1000, greERSPAN3, 0, 1), be16(0x2001, 1, 0, 0, 0, 0), eth), true, 0},
		{"ERSPAN III, more", assigned.LinkEthernet, inIP4(47, be16(0x1000, greERSPAN3, 0, 1), be16(0x2001, 1, 0, 0, 0, 1), make([]byte, 8), eth), true, 0},
		{"EoIP", assigned.LinkEthernet, inIP4(47, be16(0x2001, greEoIP, uint16(len(eth)), 0x0100), eth), true, 0},
		{"WCCP", assigned.LinkEthernet, inIP4(47, be16(0, greWCCP), []byte{0, 0, 0, 1}, ip), true, 0},
		{"WCCP, version 1", assigned.LinkEthernet, inIP4(47, be16(0, greWCCP), ip), v == 4, 6},
		{"WCCP, all flags", assigned.LinkEthernet, inIP4(47, be16(0, greWCCP), []byte{0x40, 0, 0, 1}, ip), false, 0},
		{"GRE in UDP", assigned.LinkEthernet, inUDP(5, portGRE, be16(0, typ), ip), true, 0},
		{"MPLS", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 0, 64, 0, 2, 1, 64}, ip), true, 0},
		{"MPLS as link type", assigned.LinkMPLS, slices.Concat([]byte{0, 1, 1, 64}, ip), false, 0},
		{"MPLS, pseudowire", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64}, eth), false, 0},
		{"MPLS, pseudowire with control word", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64, 0, 0, 0, 9}, eth), true, 0},
		{"MPLS, pseudowire with control word, global addresses", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64, 0, 0, 0, 0}, globalMACs, be16(assigned.EtherVLAN, 5, typ), ip), true, 0},
		{"MPLS, pseudowire of PPPoE", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64}, globalMACs, be16(assigned.EtherPPPoE, 0x1100, 1, uint16(n+2)), ppp(v), ip), true, 0},
		{"MPLS, pseudowire of MPLS", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64}, globalMACs, be16(assigned.EtherMPLS), []byte{0, 2, 1, 64}, ip), true, 0},
		{"MPLS, pseudowire of SNAP", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64}, globalMACs, be16(uint16(n+8)), snap), true, 0},
		{"MPLS, pseudowire, addresses like a channel's", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64, 0x10}, globalMACs[1:], be16(typ), ip), false, 0},
		{"MPLS, pseudowire of HDLC", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64, 0, 0, 0, 9, 0x0f, 0}, be16(typ), ip), false, 0},
		{"MPLS, pseudowire of PPP", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64, 0, 0, 0, 9}, ppp(v), ip), false, 0},
		{"MPLS, pseudowire of PPP, all fields", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64, 0, 0, 0, 9, 0xff, 3}, ppp(v), ip), false, 0},
		{"MPLS in UDP", assigned.LinkEthernet, inUDP(5, portMPLS, []byte{0, 1, 1, 64}, ip), true, 0},
		{"VXLAN", assigned.LinkEthernet, inUDP(5, portVXLAN, []byte{8, 0, 0, 0, 0, 0, 1, 0}, eth), true, 0},
		{"VXLAN of an old port", assigned.LinkEthernet, inUDP(5, portOldVXLAN, []byte{8, 0, 0, 0, 0, 0, 1, 0}, eth), false, 0},
		{"VXLAN-GPE", assigned.LinkEthernet, inUDP(5, portVXLANGPE, []byte{0x0c, 0, 0, map[int]byte{4: 1, 6: 2}[v], 0, 0, 1, 0}, ip), true, 0},
		{"VXLAN-GPE, NSH", assigned.LinkEthernet, inUDP(5, portVXLANGPE, []byte{0x0c, 0, 0, 4, 0, 0, 1, 0}, []byte{0, 2, 2, 3}, make([]byte, 4), eth), true, 0},
		{"Geneve", assigned.LinkEthernet, inUDP(5, portGeneve, []byte{1, 0, 0x65, 0x58, 0, 0, 1, 0, 0, 0, 0, 0}, eth), true, 0},
		{"Geneve, IP", assigned.LinkEthernet, inUDP(5, portGeneve, []byte{0, 0}, be16(typ, 0, 0x100), ip), true, 0},
		{"GTP-U", assigned.LinkEthernet, inUDP(5, portGTPU, []byte{0x30, 0xff, 0, byte(n), 0, 0, 0, 1}, ip), true, 0},
		{"GTP-U, PPP", assigned.LinkEthernet, inUDP(5, portGTPU, []byte{0x30, 0xff, 0, byte(n + 4), 0, 0, 0, 1, 0xff, 3}, ppp(v), ip), false, 0},
		{"GTP-U, Ethernet", assigned.LinkEthernet, inUDP(5, portGTPU, []byte{0x30, 0xff, 0, byte(n + 14), 0, 0, 0, 1}, eth), true, 0},
		{"GTP-U, Ethernet, global addresses", assigned.LinkEthernet, inUDP(5, portGTPU, []byte{0x30, 0xff, 0, byte(n + 14), 0, 0, 0, 1}, globalMACs, be16(typ), ip), true, 0},
		{"GTP-U, extended", assigned.LinkEthernet, inUDP(5, portGTPU, []byte{0x34, 0xff, 0, byte(n + 16), 0, 0, 0, 1, 0, 0, 0, 0x85},
			[]byte{1, 0x10, 9, 0xc0}, []byte{2, 0, 0, 0, 0, 0, 0, 0}, ip), true, 0},
		{"L2TP", assigned.LinkEthernet, l2tp(be16(2, 1, 2)), true, 0},
		{"L2TP, all fields", assigned.LinkEthernet, l2tp(be16(0x4a02, uint16(n+20), 1, 2, 3, 4, 2, 0)), true, 0},
		{"L2TPv3 in UDP", assigned.LinkEthernet, inUDP(1701, 1701, be16(3, 0, 0, 9), eth), false, 0},
		{"L2TPv3 in IP", assigned.LinkEthernet, inIP4(115, be16(0, 9), eth), false, 0},
		{"L2TPv3 in IP, cookie and sublayer", assigned.LinkEthernet, inIP4(115, be16(0, 9), make([]byte, 12), eth), false, 0},
		{"L2TPv3 in IP, PPP", assigned.LinkEthernet, inIP4(115, be16(0, 9), make([]byte, 4), []byte{0xff, 3}, ppp(v), ip), false, 0},
		{"L2TPv3 in IP, HDLC", assigned.LinkEthernet, inIP4(115, be16(0, 9), []byte{0x0f, 0}, be16(typ), ip), false, 0},
		{"L2TPv3 in IP, IP", assigned.LinkEthernet, inIP4(115, be16(0, 9), make([]byte, 8), ip), false, 0},
		{"L2TPv3 in IP, PPPoE", assigned.LinkEthernet, inIP4(115, be16(0, 9), globalMACs, be16(assigned.EtherPPPoE, 0x1100, 1, uint16(n+2)), ppp(v), ip), false, 0},
		{"AYIYA", assigned.LinkEthernet, inUDP(5, portAYIYA, []byte{0x44, 0x52, 0x11, map[int]byte{4: 4, 6: 41}[v]}, make([]byte, 4+16+20), ip), true, 0},
		{"CAPWAP", assigned.LinkEthernet, capwap(0, eth), true, 0},
		{"CAPWAP, radio", assigned.LinkEthernet, capwap(3, clear(0x08, 0x02)), false, 0},
		{"CAPWAP, radio, swapped", assigned.LinkEthernet, capwap(3, swapped), true, 0},
		{"LWAPP", assigned.LinkEthernet, inUDP(portLWAPP, 40000, []byte{0, 0}, be16(uint16(n+32), 0), clear(0x08, 0x02)), true, 0},
		{"LWAPP, swapped", assigned.LinkEthernet, inUDP(40000, portLWAPP, []byte{0, 0}, be16(uint16(n+32), 0), swapped), false, 0},
		{"LISP", assigned.LinkEthernet, inUDP(5, portLISP, []byte{0x80, 0, 0, 1, 0, 0, 0, 0}, ip), true, 0},
		{"GUE", assigned.LinkEthernet, inUDP(5, portGUE, []byte{1, map[int]byte{4: 4, 6: 41}[v], 0, 0, 0, 0, 0, 0}, ip), false, 0},
		{"GUE, direct", assigned.LinkEthernet, inUDP(5, portGUE, ip), false, 0},
		{"TZSP", assigned.LinkEthernet, inUDP(5, portTZSP, []byte{1, 0, 0, 1, 10, 1, 7, 0, 1}, eth), true, 0},
		{"TZSP, radio", assigned.LinkEthernet, inUDP(5, portTZSP, []byte{1, 0, 0, 18, 1}, clear(0x08, 0x02)), true, 0},
		{"Teredo", assigned.LinkEthernet, inUDP(5, portTeredo, ip), v == 6, 4},
	}
}

// Whatever is around it, the packet inside is what it is alone.
func TestWrapped(t *testing.T) {
	for v, ip := range map[int][]byte{4: tcp4(tcpFrom(7), "inner"), 6: tcp6(tcpFrom(7), "inner")} {
		for _, w := range wrap(v, ip) {
			if v == w.not {
				continue
			}
			t.Run(w.name+" "+strconv.Itoa(v), func(t *testing.T) {
				s := one(t, w.link, len(w.b), w.b)
				oracle(t, s, ip)
				if !within(s.Payload, w.b) {
					t.Error("the payload is a copy")
				}
				for n := range w.b {
					if batch, _ := decode(w.link, len(w.b), w.b[:n]); len(batch.Segments) == 1 {
						if cut := batch.Segments[0]; cut.Key != s.Key || cut.Seq != s.Seq || cut.Len != s.Len {
							t.Errorf("cut to %d bytes: %+v", n, cut)
						}
					}
				}
				d := decoder{loopback: true}
				batch, p := batchOfOne(), packet{data: w.b, link: w.link, orig: len(w.b), timed: true}
				if n := testing.AllocsPerRun(10, func() { batch.Segments = batch.Segments[:0]; d.packet(&batch, &p) }); n != 0 {
					t.Errorf("%v allocations", n)
				}
			})
		}
	}
}

// A packet of zero length in its header (BIG TCP, segmentation offload) has the room that
// what is around it leaves, in a tunnel too.
func TestBigInTunnels(t *testing.T) {
	payload := strings.Repeat("big", 100)
	for v, ip := range map[int][]byte{4: tcp4(tcpFrom(7), payload), 6: tcp6(tcpFrom(7), payload)} {
		want := slices.Clone(ip)
		at := map[int]int{4: 2, 6: 4}[v]
		ip[at], ip[at+1] = 0, 0
		for _, w := range wrap(v, ip) {
			switch w.name {
			case "VXLAN", "Geneve", "GRE", "IP in IP", "VLAN":
				oracle(t, one(t, w.link, len(w.b), w.b), want)
			}
		}
	}
}

// tshark reads the same connections in what it knows.
func TestWrappedAsTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not here")
	}
	if testing.Short() {
		t.Skip("short")
	}
	w := newNG(binary.LittleEndian)
	links := map[uint32]uint32{}
	type expected struct {
		name     string
		src, dst string
		port     string
		tshark   bool
	}
	var want []expected
	for _, v := range []int{4, 6} {
		for i := range wrap(v, tcp4(tcpFrom(7), "")) {
			port := 2000 + 1000*v + i
			ip := tcp4(tcpFrom(port), "inner")
			e := expected{src: "10.0.0.1", dst: "10.0.0.2", port: strconv.Itoa(port)}
			if v == 6 {
				ip = tcp6(tcpFrom(port), "inner")
				e.src, e.dst = "2001:db8::2", "2001:db8::1"
			}
			x := wrap(v, ip)[i]
			if _, ok := links[x.link]; !ok {
				links[x.link] = uint32(len(links))
				w.iface(uint16(x.link), 0)
			}
			w.enhanced(links[x.link], uint64(len(want)), len(x.b), x.b)
			e.name, e.tshark = x.name+" "+strconv.Itoa(v), x.tshark
			want = append(want, e)
		}
	}
	name := filepath.Join(t.TempDir(), "wrapped.pcapng")
	if err := os.WriteFile(name, w.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tshark", "-r", name, "-T", "fields", "-e", "frame.number", "-e", "tcp.srcport", "-e", "tcp.len",
		"-e", "ip.src", "-e", "ipv6.src").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d packets, %d lines", len(want), len(lines))
	}
	for i, e := range want {
		f := strings.Split(lines[i], "\t")
		if got := f[1] == e.port && f[2] == "5" && strings.HasSuffix(f[3]+","+f[4], e.src) || f[1] == e.port && strings.HasSuffix(f[3], e.src); got != e.tshark {
			t.Errorf("%s: tshark says %q, it is stated that it reads it: %v", e.name, lines[i], e.tshark)
		}
	}
}

// What is nearly one of these is not TCP, and is said by name.
func TestMetAndNotRead(t *testing.T) {
	ip := tcp4(tcpFrom(7), "inner")
	eth, snap := inFrame(assigned.EtherIPv4, ip), slices.Concat(snapOf(assigned.EtherIPv4), ip)
	for _, x := range []struct {
		name string
		link uint32
		b    []byte
		want string
	}{
		{"a link type", 147, eth, "link type 147 (user 0), not read"},
		{"an Ethernet type", assigned.LinkEthernet, inFrame(0x8910, eth), "Ethernet type 0x8910, not read"},
		{"an IP protocol", assigned.LinkEthernet, inIP4(99, eth), "IP protocol 99, not read"},
		{"ESP", assigned.LinkEthernet, inIP4(50, make([]byte, 60)), "IP protocol 50 (ESP, encrypted), not read"},
		{"a GRE protocol", assigned.LinkEthernet, inIP4(47, be16(0, 0x8201), radioFrame(8, 2, snap)), "GRE protocol 0x8201, not read"},
		{"behind the last of Aruba", assigned.LinkEthernet, inIP4(47, be16(0, 0x8380), radioFrame(8, 2, snap)), "GRE protocol 0x8380, not read"},
		{"EoIP of version 0", assigned.LinkEthernet, inIP4(47, be16(0x2000, greEoIP, 0, 0), eth), "GRE protocol 0x6400, not read"},
		{"a PPP protocol", assigned.LinkPPP, slices.Concat([]byte{0xff, 3}, be16(0x00fd), ip), "PPP protocol 0x00fd (compressed), not read"},
		{"a part of multilink", assigned.LinkPPP, slices.Concat([]byte{0xff, 3}, be16(assigned.PPPMultilink, 0x8000, 7), ip), "fragments of PPP multilink, not read"},
		{"ESP in UDP", assigned.LinkEthernet, inUDP(4500, 4500, make([]byte, 3), []byte{1}, make([]byte, 60)), "IP protocol 50 (ESP, encrypted), not read"},
		{"MACsec", assigned.LinkEthernet, inFrame(assigned.EtherMACsec, []byte{0x0c, 0, 0, 0, 0, 1}, make([]byte, 60)), "MACsec, encrypted, not read"},
		{"802.11, encrypted", assigned.LinkWiFi, radioFrame(8, 0x42, make([]byte, 70)), "802.11 data, encrypted, not read"},
		{"802.11, a part", assigned.LinkWiFi, radioFrame(8, 6, snap), "fragments of 802.11 frames, not read"},
		{"802.11, the last part", assigned.LinkWiFi, slices.Concat(radioFrame(8, 2)[:22], []byte{1, 0}, snap), "fragments of 802.11 frames, not read"},
		{"CAPWAP, encrypted", assigned.LinkEthernet, inUDP(5247, 9, []byte{1, 0, 0, 0}, make([]byte, 60)), "CAPWAP data, encrypted, not read"},
		{"CAPWAP, a part", assigned.LinkEthernet, inUDP(5247, 9, []byte{0, 16, 0, 0x80, 0, 0, 0, 0}, eth), "fragments of CAPWAP, not read"},
		{"LWAPP, a part", assigned.LinkEthernet, inUDP(40000, portLWAPP, []byte{2, 0}, be16(80, 0), radioFrame(8, 2, snap)), "fragments of LWAPP, not read"},
		{"WireGuard", assigned.LinkEthernet, inUDP(40000, 40001, []byte{4, 0, 0, 0}, make([]byte, 60)), "WireGuard, encrypted, not read"},
		{"MPLS, a control word with nothing known behind", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64, 0, 0, 0, 9}, bytes.Repeat([]byte{0x99}, 60)), "Ethernet type 0x9999, not read"},
		{"MPLS, a frame of another type", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64}, globalMACs, be16(assigned.EtherPPPoE+0x1000), make([]byte, 46)), "Ethernet type 0x9864, not read"},
		{"MPLS, a control word of what is no frame", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64, 0, 0, 0, 9}, make([]byte, 60)), "MPLS with neither IP nor Ethernet, not read"},
		{"MPLS, an associated channel", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64, 0x10, 0, 0, 7}, make([]byte, 60)), "MPLS associated channel"},
		{"L2TPv3, odd", assigned.LinkEthernet, inIP4(115, be16(0, 9), make([]byte, 60)), "L2TPv3 sessions with neither Ethernet nor PPP, not read"},
		{"MPLS, odd", assigned.LinkEthernet, inFrame(assigned.EtherMPLS, []byte{0, 1, 1, 64}, bytes.Repeat([]byte{0x99}, 60)), "MPLS with neither IP nor Ethernet, not read"},
		{"a SNAP organization", assigned.LinkEthernet, inFrame(60, be16(0xaaaa, 0x0312, 0x3456, 0x800), ip), "SNAP protocol 0x1234560800, not read"},

		{"ATM without LLC", assigned.LinkSunATM, slices.Concat([]byte{5, 0, 0, 100}, snap), "ATM channels without LLC, not read"},
		{"a part of a frame", assigned.LinkMPacket, slices.Concat(bytes.Repeat([]byte{0x55}, 7), []byte{0xe6}, eth), "fragments of preempted Ethernet frames, not read"},
		{"ERF of InfiniBand", assigned.LinkERF, slices.Concat(make([]byte, 8), []byte{21, 4}, be16(uint16(16+len(eth)), 0, uint16(len(eth))), eth), "ERF records with neither IP nor Ethernet, not read"},
		{"a part of ARCNET's", assigned.LinkARCNET, slices.Concat([]byte{9, 8, 0, 0, 212, 1, 0, 1}, ip), "fragments of ARCNET packets, not read"},

		{"ARCNET, ARP", assigned.LinkARCNET, slices.Concat([]byte{9, 8, 0, 0, 213, 0, 0, 1}, ip), "ARCNET system code 213"},
		{"ARP", assigned.LinkEthernet, inFrame(assigned.EtherARP, make([]byte, 46)), "Ethernet type 0x0806 (ARP)"},
		{"DNS", assigned.LinkEthernet, inUDP(9, 53, make([]byte, 20)), "IP protocol 17 (UDP)"},
		{"spanning tree", assigned.LinkEthernet, inFrame(38, be16(0x4242, 0x0300), make([]byte, 40)), "LLC SAP 0x42 (spanning tree)"},
		{"SNAP with another control", assigned.LinkEthernet, inFrame(100, be16(0xaaaa, 0xf300, 0, assigned.EtherIPv4), ip), "LLC SAP 0xaa"},
		{"CDP", assigned.LinkEthernet, inFrame(60, be16(0xaaaa, 0x0300, 0x000c, 0x2000), make([]byte, 50)), "SNAP protocol 0x00000c2000"},
		{"LCP", assigned.LinkPPP, slices.Concat([]byte{0xff, 3}, be16(0xc021), make([]byte, 8)), "PPP protocol 0xc021"},
		{"a beacon", assigned.LinkWiFi, slices.Concat([]byte{0x80, 0}, make([]byte, 60)), "frames without data"},
		{"no data", assigned.LinkWiFi, radioFrame(0x48, 2), "frames without data"},
		{"IKE", assigned.LinkEthernet, inUDP(4500, 4500, make([]byte, 60)), "IP protocol 17 (UDP)"},
		{"a handshake of WireGuard", assigned.LinkEthernet, inUDP(40000, 40001, []byte{1, 0, 0, 0}, make([]byte, 144)), "IP protocol 17 (UDP)"},
		{"nearly WireGuard", assigned.LinkEthernet, inUDP(40000, 40001, []byte{4, 0, 0, 1}, make([]byte, 60)), "IP protocol 17 (UDP)"},
		{"LWAPP control", assigned.LinkEthernet, inUDP(40000, portLWAPP, []byte{4, 0}, be16(80, 0), make([]byte, 60)), "IP protocol 17 (UDP)"},
		{"IPsec keepalive", assigned.LinkEthernet, inUDP(4500, 4500, []byte{0xff}), "IP protocol 17 (UDP)"},
		{"GUE control", assigned.LinkEthernet, inUDP(5, portGUE, []byte{0x20, 4, 0, 0}, ip), "IP protocol 17 (UDP)"},
		{"L2TP control", assigned.LinkEthernet, inUDP(1701, 1701, be16(0xc802, 12, 0, 0, 0, 0)), "L2TP control"},
		{"an echo", assigned.LinkEthernet, inUDP(5, portGTPU, []byte{0x30, 1, 0, 4, 0, 0, 0, 1}, ip), "GTP-U signalling"},
		{"CAPWAP keepalive", assigned.LinkEthernet, inUDP(5247, 9, []byte{0, 16, 0, 8, 0, 0, 0, 0}, make([]byte, 60)), "CAPWAP keepalive"},
		{"another family", assigned.LinkNull, append([]byte{16, 0, 0, 0}, ip...), "address family 16"},
		{"AYIYA, no forwarding", assigned.LinkEthernet, inUDP(5, portAYIYA, []byte{0x44, 0x52, 0x10, 4}, make([]byte, 40), ip), "IP protocol 17 (UDP)"},
		{"no VXLAN", assigned.LinkEthernet, inUDP(5, portOldVXLAN, []byte{8, 0, 0, 1, 0, 0, 1, 0}, eth), "IP protocol 17 (UDP)"},
	} {
		d := decoder{loopback: true}
		batch := batchOfOne()
		batch.Segments = batch.Segments[:0]
		for range 3 {
			d.packet(&batch, &packet{data: x.b, link: x.link, orig: len(x.b), timed: true})
		}
		totals := d.sums()
		var got []string
		for _, p := range totals.Problems {
			got = append(got, p.Text)
			if p.Count != 3 || p.FirstPacket != 1 || totals.Unread != 3 {
				t.Errorf("%s: %+v, %d not looked into", x.name, p, totals.Unread)
			}
		}
		for _, o := range totals.Others {
			got = append(got, o.Protocol)
			if o.Packets != 3 || o.FirstPacket != 1 || totals.Unread != 0 {
				t.Errorf("%s: %+v, %d not looked into", x.name, o, totals.Unread)
			}
		}
		if len(batch.Segments) != 0 || strings.Join(got, "; ") != x.want {
			t.Errorf("%s: %d segments, %q, want %q", x.name, len(batch.Segments), got, x.want)
		}
	}
}

// Frames that one 802.11 frame holds are read one by one, if they are of one connection: a
// packet's number must tell what came first.
func TestAggregates(t *testing.T) {
	subframeOf := func(last bool, ip []byte) []byte {
		b := slices.Concat(twoMACs, be16(uint16(8+len(ip))), snapOf(assigned.EtherIPv4), ip)
		for !last && len(b)%4 != 0 {
			b = append(b, 0)
		}
		return b
	}
	first, second, other := tcp4(tcpFrom(7), "first"), tcp4(tcpFrom(7), "the second"), tcp4(tcpFrom(8), "other")
	arp := slices.Concat(twoMACs, be16(8+28), snapOf(assigned.EtherARP), make([]byte, 28+2))
	for _, x := range []struct {
		name, want, problems string
		frames               [][]byte
	}{
		{"two", "first, the second", "", [][]byte{subframeOf(false, first), subframeOf(true, second)}},
		{"three, FCS", "first, the second, first", "", [][]byte{subframeOf(false, first), subframeOf(false, second), subframeOf(true, first), {1, 2, 3, 4}}},
		{"ARP between", "first, the second", "", [][]byte{subframeOf(false, first), arp, subframeOf(true, second)}},
		{"of two connections", "first, the second", "not-read", [][]byte{subframeOf(false, first), subframeOf(false, other), subframeOf(true, second)}},
		{"cut", "first", "bad-ip-header", [][]byte{subframeOf(false, first), subframeOf(true, second)[:30], make([]byte, 40)}},
	} {
		b := radioFrame(0x88, 2, append([][]byte{{0x80, 0}}, x.frames...)...)
		batch, totals := decode(assigned.LinkWiFi, len(b), b)
		var got []string
		for _, s := range batch.Segments {
			got = append(got, string(s.Payload))
			if s.Packet != 1 || s.Time != 5 {
				t.Errorf("%s: %+v", x.name, s)
			}
		}
		if strings.Join(got, ", ") != x.want || kinds(totals) != x.problems || totals.Segments != int64(len(got)) {
			t.Errorf("%s: %q with %+v", x.name, got, totals)
		}
	}
}

// Names are bounded: what is met late is counted, too.
func TestManyProtocols(t *testing.T) {
	d := decoder{}
	batch := batchOfOne()
	for i := range 300 {
		b := inFrame(0x9100+0x1000+uint16(i), make([]byte, 46))
		d.packet(&batch, &packet{data: b, link: assigned.LinkEthernet, orig: len(b), timed: true})
	}
	totals := d.sums()
	last := totals.Problems[len(totals.Problems)-1]
	if len(totals.Problems) != mostUnread || totals.Unread != 300 || last.Text != "other protocols, not read" || last.Count != 300-mostUnread+1 || last.FirstPacket != mostUnread {
		t.Errorf("%d problems, %d packets, %+v", len(totals.Problems), totals.Unread, last)
	}
}
