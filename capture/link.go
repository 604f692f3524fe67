package capture

import (
	"encoding/binary"
	"math/bits"

	"github.com/google/gopacket/layers"

	"tcpwarm/capture/assigned"
)

// maxTags and maxNested bound what a hostile packet can make the decoder walk.
const (
	maxTags   = 8 // headers between the link's and IP's
	maxNested = 8 // IP in IP, and extension headers
)

// link steps over the link layer: b is the frame as captured, wire its length on
// the wire.
func (d *decoder) link(b []byte, wire int, link uint32, f *found) (verdict, problem) {
	head, typ := 0, 0 // length, and where in it the Ethernet type is
	switch link {
	case assigned.LinkEthernet:
		head, typ = 14, 12
	case assigned.LinkSLL:
		head, typ = 16, 14
	case assigned.LinkSLL2:
		head, typ = 20, 0
	case assigned.LinkNull, assigned.LinkLoop:
		return d.family(b, wire, f)
	case assigned.LinkRaw, assigned.LinkRawBSD, assigned.LinkRawOBSD, assigned.LinkIPv4, assigned.LinkIPv6:
		return d.ip(b, wire, f, 0)
	default:
		return d.unknownLink(b, wire, link)
	}
	if len(b) < head {
		return notTCP, badIP
	}
	return d.ether(binary.BigEndian.Uint16(b[typ:]), b[head:], wire-head, f)
}

// family reads the address family of a loopback packet, in the byte order of
// whoever captured it. IPv6 has a number of its own on each system.
func (d *decoder) family(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 4 {
		return notTCP, badIP
	}
	af := binary.LittleEndian.Uint32(b)
	if af > 0xffff {
		af = bits.ReverseBytes32(af)
	}
	switch af {
	case 2, 10, 24, 28, 30:
		return d.ip(b[4:], wire-4, f, 0)
	}
	return notTCP, noProblem
}

// ether reads what follows an Ethernet type. It steps over VLAN tags and frames
// within frames; they are not part of a connection's key. Types that never lead
// to TCP, ARP to begin with, are no problem.
func (d *decoder) ether(typ uint16, b []byte, wire int, f *found) (verdict, problem) {
	for range maxTags + 1 {
		skip := 0 // to behind the next type
		switch typ {
		case assigned.EtherIPv4, assigned.EtherIPv6:
			return d.ip(b, wire, f, 0)
		case assigned.EtherVLAN, assigned.EtherQinQ, assigned.EtherOldQ:
			skip = 4
		case assigned.EtherBackbone:
			skip = 4 + 14
		case assigned.EtherFabricPath:
			skip = 2 + 14
		case assigned.EtherBridged:
			skip = 14
		case assigned.EtherPPPoE:
			return d.pppoe(b, wire, f)
		case assigned.EtherMPLS, assigned.EtherMPLSMulti:
			return d.library(b, wire, layers.EthernetType(typ))
		default:
			if typ < 0x600 {
				return d.llc(b, wire, f)
			}
			return notTCP, noProblem
		}
		if len(b) < skip {
			return notTCP, badIP
		}
		typ, b, wire = binary.BigEndian.Uint16(b[skip-2:]), b[skip:], wire-skip
	}
	return notTCP, badIP
}

// llc reads SNAP (RFC 1042). Other LLC does not carry IP, or not on any network
// of today.
func (d *decoder) llc(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 8 || b[0] != 0xaa || b[1] != 0xaa {
		return notTCP, noProblem
	}
	if typ := binary.BigEndian.Uint16(b[6:]); typ == assigned.EtherIPv4 || typ == assigned.EtherIPv6 {
		return d.ip(b[8:], wire-8, f, 0)
	}
	return notTCP, noProblem
}

// pppoe reads a session packet (RFC 2516 section 4).
func (d *decoder) pppoe(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 8 {
		return notTCP, badIP
	}
	if p := binary.BigEndian.Uint16(b[6:]); p == assigned.PPPIPv4 || p == assigned.PPPIPv6 {
		return d.ip(b[8:], wire-8, f, 0)
	}
	return notTCP, noProblem
}
