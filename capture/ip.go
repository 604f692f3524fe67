package capture

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// ip reads an IP packet of either version. wire is how much room it had; depth,
// how many packets it is in.
func (d *decoder) ip(b []byte, wire int, f *found, depth int) (verdict, problem) {
	if len(b) == 0 || depth > maxNested {
		return notTCP, badIP
	}
	switch b[0] >> 4 {
	case 4:
		return d.ipv4(b, wire, f, depth)
	case 6:
		return d.ipv6(b, wire, f, depth)
	}
	return notTCP, badIP
}

// ipv4 reads RFC 791 section 3.1. A total length of 0 is what offload leaves:
// then the frame's length counts. Padding after the packet is cut off.
func (d *decoder) ipv4(b []byte, wire int, f *found, depth int) (verdict, problem) {
	if len(b) < 20 {
		return notTCP, badIP
	}
	head, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = wire
	}
	if head < 20 || total < head || len(b) < head {
		return notTCP, badIP
	}
	if binary.BigEndian.Uint16(b[6:])&0x3fff != 0 { // an offset, or more to come
		return fragment(b[9])
	}
	f.src, f.dst = segment.Addr4(b[12:]), segment.Addr4(b[16:])
	f.ttl, f.ce, f.id = b[8], b[1]&3 == 3, binary.BigEndian.Uint16(b[4:])
	return d.upper(b[9], b[head:min(len(b), total)], total-head, f, depth)
}

// ipv6 reads RFC 8200 section 3. A payload length of 0 is a jumbogram's (RFC
// 2675) or offload's: the frame's length counts.
func (d *decoder) ipv6(b []byte, wire int, f *found, depth int) (verdict, problem) {
	if len(b) < 40 {
		return notTCP, badIP
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n == 0 {
		n = max(wire-40, 0)
	}
	f.src, f.dst = segment.AddrIPv6(b[8:]), segment.AddrIPv6(b[24:])
	f.ttl, f.ce, f.id = b[7], b[1]>>4&3 == 3, 0
	return d.upper(b[6], b[40:min(len(b), 40+n)], n, f, depth)
}

// upper reads what is in an IP packet: n bytes, of which b was captured.
func (d *decoder) upper(proto uint8, b []byte, n int, f *found, depth int) (verdict, problem) {
	for range maxNested + 1 {
		switch proto {
		case assigned.ProtoTCP:
			f.tcp, f.length = b, n
			return isTCP, noProblem
		case assigned.ProtoUDP:
			return d.udp(b, n, f, depth)
		case assigned.ProtoIPv4, assigned.ProtoIPv6:
			return d.ip(b, n, f, depth+1)
		case assigned.ProtoGRE:
			return d.library(b, n, layers.IPProtocolGRE)
		case assigned.ProtoHopByHop, assigned.ProtoRouting, assigned.ProtoDestOpts, assigned.ProtoFragment, assigned.ProtoAH:
		default:
			return notTCP, noProblem
		}
		if len(b) < 8 {
			return notTCP, badIP
		}
		if proto == assigned.ProtoFragment && binary.BigEndian.Uint16(b[2:])&0xfff9 != 0 { // else atomic (RFC 6946)
			return fragment(b[0])
		}
		skip := extension(proto, b[1])
		if len(b) < skip {
			return notTCP, badIP
		}
		proto, b, n = b[0], b[skip:], n-skip
	}
	return notTCP, badIP
}

// extension returns the length of an extension header (RFC 8200 section 4, RFC
// 4302 section 2.2) that gives its length as v.
func extension(proto, v uint8) int {
	switch proto {
	case assigned.ProtoFragment:
		return 8
	case assigned.ProtoAH:
		return 8 + int(v)*4
	}
	return 8 + int(v)*8
}

// fragment counts a part of a packet of protocol proto, if that could have led
// to TCP.
func fragment(proto uint8) (verdict, problem) {
	switch proto {
	case assigned.ProtoTCP, assigned.ProtoIPv4, assigned.ProtoIPv6, assigned.ProtoGRE:
		return notTCP, ipFragment
	}
	return notTCP, noProblem
}
