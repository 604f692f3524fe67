package capture

import (
	"encoding/binary"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// ip reads an IP packet of either version. wire is how much room it had.
func (d *decoder) ip(b []byte, wire int, f *found) (verdict, problem) {
	if !f.deeper() {
		return notTCP, tooDeep
	}
	if len(b) == 0 {
		return notTCP, badIP
	}
	switch b[0] >> 4 {
	case 4:
		return d.ipv4(b, wire, f)
	case 6:
		return d.ipv6(b, wire, f)
	}
	return notTCP, badIP
}

// ipv4 reads RFC 791 section 3.1. A total length of 0 is what offload leaves:
// then the frame's length counts. Padding after the packet is cut off.
func (d *decoder) ipv4(b []byte, wire int, f *found) (verdict, problem) {
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
	f.src, f.dst = segment.Addr4(b[12:]), segment.Addr4(b[16:])
	f.ttl, f.ce, f.id = b[8], b[1]&3 == 3, binary.BigEndian.Uint16(b[4:])
	if binary.BigEndian.Uint16(b[6:])&0x3fff != 0 { // an offset, or more to come
		return d.fragment4(b, head, total, f)
	}
	return d.upper(b[9], b[head:min(len(b), total)], total-head, f)
}

// ipv6 reads RFC 8200 section 3. A payload length of 0 is a jumbogram's (RFC
// 2675) or offload's: the frame's length counts.
func (d *decoder) ipv6(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 40 {
		return notTCP, badIP
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n == 0 {
		n = max(wire-40, 0)
	}
	f.src, f.dst = segment.AddrIPv6(b[8:]), segment.AddrIPv6(b[24:])
	f.ttl, f.ce, f.id = b[7], b[1]>>4&3 == 3, 0
	return d.upper(b[6], b[40:min(len(b), 40+n)], n, f)
}

// upper reads what is in an IP packet: n bytes, of which b was captured.
func (d *decoder) upper(proto uint8, b []byte, n int, f *found) (verdict, problem) {
	for f.deeper() {
		switch proto {
		case assigned.ProtoTCP:
			f.tcp, f.length = b, n
			return isTCP, noProblem
		case assigned.ProtoUDP:
			return d.udp(b, n, f)
		case assigned.ProtoIPv4, assigned.ProtoIPv6, assigned.ProtoIPIP:
			return d.ip(b, n, f)
		case assigned.ProtoGRE:
			return d.gre(b, n, f)
		case assigned.ProtoEtherIP: // RFC 3378
			return d.behind(2, b, n, f, d.frame)
		case assigned.ProtoEthernet:
			return d.frame(b, n, f)
		case assigned.ProtoMPLS: // RFC 4023
			return d.mpls(b, n, f)
		case assigned.ProtoL2TP:
			return d.l2tpSession(b, n, f)
		case assigned.ProtoHopByHop, assigned.ProtoRouting, assigned.ProtoDestOpts, assigned.ProtoFragment,
			assigned.ProtoAH, assigned.ProtoHIP, assigned.ProtoShim6:
		default:
			return d.unreadProtocol(inIP, uint64(proto))
		}
		if len(b) < 8 {
			return notTCP, badIP
		}
		if proto == assigned.ProtoFragment && binary.BigEndian.Uint16(b[2:])&0xfff9 != 0 { // else atomic (RFC 6946)
			return d.fragment6(b, n, f)
		}
		skip := extension(proto, b[1])
		if len(b) < skip {
			return notTCP, badIP
		}
		proto, b, n = b[0], b[skip:], n-skip
	}
	return notTCP, tooDeep
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

// plausibleIP reports whether b begins with an IP header that agrees with itself, and with
// wire, the room it had. It decides where no number does.
func plausibleIP(b []byte, wire int) bool {
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		head, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
		return head >= 20 && (total == 0 || total >= head && total <= wire) && b[8] > 0
	case len(b) >= 40 && b[0]>>4 == 6:
		return 40+int(binary.BigEndian.Uint16(b[4:])) <= wire && b[7] > 0
	}
	return false
}

// plausibleVersion reports whether b is a packet of a version of IP, likewise.
func plausibleVersion(version byte, b []byte, wire int) bool {
	return plausibleIP(b, wire) && b[0]>>4 == version
}
