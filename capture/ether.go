package capture

import (
	"encoding/binary"

	"tcpwarm/capture/assigned"
)

// leastEtherType is the least Ethernet type: what lies below is a length (IEEE 802.3).
const leastEtherType = 0x0600

// macs is the length of an Ethernet header's two addresses, in bytes.
const macs = 12

// frame reads an Ethernet frame.
func (d *decoder) frame(b []byte, wire int, f *found) (verdict, problem) {
	if isISL(b) {
		b, wire = b[islHead:], wire-islHead
	}
	return d.typed(b, wire, macs, macs+2, f)
}

// islHead is the length of the header that Cisco's Inter-Switch Link puts before a frame.
const islHead = 26

// isISL tells such a header by its multicast address, of two kinds, and the SNAP within it.
func isISL(b []byte) bool {
	return len(b) >= islHead && b[0]&^2 == 1 && b[1] == 0 && b[2] == 0x0c && b[3] == 0 && b[4] == 0 &&
		b[14] == 0xaa && b[15] == 0xaa && b[16] == 3
}

// ether reads what follows an Ethernet type, which was met in a header of the kind in. It
// steps over tags and over frames within frames; they are not part of a connection's key.
func (d *decoder) ether(in space, typ uint16, b []byte, wire int, f *found) (verdict, problem) {
	for f.deeper() {
		skip := 0 // to behind the next type
		switch typ {
		case assigned.EtherIPv4, assigned.EtherIPv6:
			return d.ip(b, wire, f)
		case assigned.EtherVLAN, assigned.EtherQinQ, assigned.EtherOldQ, assigned.EtherOlderQ:
			skip = 4
		case assigned.EtherVNTag, assigned.EtherHSR, assigned.EtherRTag:
			skip = 6
		case assigned.EtherETag, assigned.EtherEDSA: // two bytes of the latter are reserved
			skip = 8
		case assigned.EtherMetaData: // version, length, and one option of four bytes
			skip = 8
		case assigned.EtherBackbone:
			skip = 4 + macs + 2
		case assigned.EtherFabricPath:
			skip = 2 + macs + 2
		case assigned.EtherBridged:
			skip = macs + 2
		case assigned.EtherTRILL:
			skip = trill(b)
		case assigned.EtherMACsec:
			if skip = macsec(b); skip == 0 {
				return d.unreadProtocol(inOther, sealedMACsec)
			}
		case assigned.EtherNSH:
			return d.nsh(b, wire, f)
		case assigned.EtherPPPoE:
			return d.pppoe(b, wire, f)
		case assigned.EtherPPP:
			return d.ppp(b, wire, f)
		case assigned.EtherMPLS, assigned.EtherMPLSMulti:
			return d.mpls(b, wire, f)
		case assigned.EtherJumboLLC:
			return d.llc(b, wire, f)
		default:
			if typ < leastEtherType && in == inEther {
				return d.llc(b, wire, f)
			}
			return d.unreadProtocol(in, uint64(typ))
		}
		if len(b) < skip {
			return notTCP, badIP
		}
		in, typ, b, wire = inEther, binary.BigEndian.Uint16(b[skip-2:]), b[skip:], wire-skip
	}
	return notTCP, tooDeep
}

// trill returns the length of a TRILL header, with the frame's up to its type (RFC 6325
// section 3.2).
func trill(b []byte) int {
	if len(b) < 2 {
		return 6 + macs + 2
	}
	options := int(binary.BigEndian.Uint16(b)>>6&31) * 4
	return 6 + options + macs + 2
}

// macsec returns the length of a security tag up to the type of what follows (IEEE 802.1AE
// clause 9.3), 0 if that is encrypted.
func macsec(b []byte) int {
	const encrypted, changed, hasSCI = 0x08, 0x04, 0x20
	switch {
	case len(b) > 0 && b[0]&(encrypted|changed) != 0:
		return 0
	case len(b) > 0 && b[0]&hasSCI != 0:
		return 6 + 8 + 2
	}
	return 6 + 2
}

// nsh reads a Network Service Header (RFC 8300 section 2.2).
func (d *decoder) nsh(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 8 || !f.deeper() {
		return notTCP, badIP
	}
	head, next := int(b[1]&63)*4, b[3]
	if head < 8 || len(b) < head {
		return notTCP, badIP
	}
	return d.nextProtocol(next, b[head:], wire-head, f)
}

// nextProtocol reads what a number of NSH's registry names (RFC 8300 section 9.6.5), which VXLAN-GPE
// uses too.
func (d *decoder) nextProtocol(next byte, b []byte, wire int, f *found) (verdict, problem) {
	switch next {
	case 1, 2:
		return d.ip(b, wire, f)
	case 3:
		return d.frame(b, wire, f)
	case 4:
		return d.nsh(b, wire, f)
	case 5:
		return d.mpls(b, wire, f)
	}
	return d.unreadProtocol(inNSH, uint64(next))
}

// llc reads IEEE 802.2, and behind it SNAP (RFC 1042): as it is with an organization of 0,
// of 802.1H, or of RFC 2684 for whole frames. IP without SNAP has its own SAP (RFC 948).
func (d *decoder) llc(b []byte, wire int, f *found) (verdict, problem) {
	const snap, ip, unnumbered = 0xaa, 0x06, 0x03
	if len(b) < 3 || !f.deeper() {
		return notTCP, badIP
	}
	if b[0] == ip && b[1]&^1 == ip && b[2] == unnumbered {
		return d.ip(b[3:], wire-3, f)
	}
	if b[0] != snap || b[1]&^1 != snap || b[2] != unnumbered {
		return d.unreadProtocol(inLLC, uint64(b[0]))
	}
	if len(b) < 8 {
		return notTCP, badIP
	}
	return d.snap(b[3:], wire-3, f)
}

// snap reads an organization and a protocol of it.
func (d *decoder) snap(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 5 {
		return notTCP, badIP
	}
	org, typ := uint32(b[0])<<16|uint32(b[1])<<8|uint32(b[2]), binary.BigEndian.Uint16(b[3:])
	switch b, wire = b[5:], wire-5; {
	case org == 0, org == 0x0000f8: // RFC 1042; 802.1H
		if typ < leastEtherType {
			return d.unreadProtocol(inSNAP, uint64(org)<<16|uint64(typ))
		}
		return d.ether(inEther, typ, b, wire, f)
	case org == 0x0080c2 && (typ == 1 || typ == 7): // RFC 2684 section 5.2; RFC 2427 has no padding
		if plausibleFrame(b, wire) {
			return d.frame(b, wire, f)
		}
		return d.behind(2, b, wire, f, d.frame)
	}
	return d.unreadProtocol(inSNAP, uint64(org)<<16|uint64(typ))
}

// fddi reads ANSI X3.139: only frames of LLC hold data.
func (d *decoder) fddi(b []byte, wire int, f *found) (verdict, problem) {
	const head = 1 + macs
	if len(b) < head {
		return notTCP, badIP
	}
	if b[0]&0xb0 != 0x10 && b[0]&0xf0 != 0xd0 { // with long addresses, or of synchronous frames
		return d.unreadProtocol(inOther, controlFrame)
	}
	return d.llc(b[head:], wire-head, f)
}

// tokenRing reads IEEE 802.5, with a route that its source states.
func (d *decoder) tokenRing(b []byte, wire int, f *found) (verdict, problem) {
	head := 2 + macs
	if len(b) < head+2 {
		return notTCP, badIP
	}
	if b[1]&0xc0 != 0x40 {
		return d.unreadProtocol(inOther, controlFrame)
	}
	if b[8]&0x80 != 0 {
		head += int(b[head] & 31)
	}
	return d.behind(head, b, wire, f, d.llc)
}

// arcnet reads RFC 1201, and RFC 1051 before it; typ is where the system code stands.
func (d *decoder) arcnet(b []byte, wire, typ int, f *found) (verdict, problem) {
	const ip, ipv6, oldIP = 212, 196, 240
	if len(b) < typ+2 {
		return notTCP, badIP
	}
	switch code := b[typ]; {
	case code == oldIP:
		return d.ip(b[typ+1:], wire-typ-1, f)
	case code != ip && code != ipv6:
		return d.unreadProtocol(inARCNET, uint64(code))
	case b[typ+1] != 0: // the split flag
		return d.unreadProtocol(inOther, partOfARCNET)
	}
	return d.behind(typ+4, b, wire, f, d.ip)
}

// plausibleFrame reports whether b begins with an Ethernet header, tagged or not, behind
// which there is what its type says. It decides where no number does.
func plausibleFrame(b []byte, wire int) bool {
	const most = 8 // headers
	at := macs
	for range most {
		if len(b) < at+2 {
			return false
		}
		typ := binary.BigEndian.Uint16(b[at:])
		at += 2
		switch rest := b[at:]; typ {
		case assigned.EtherIPv4:
			return plausibleVersion(4, rest, wire-at)
		case assigned.EtherIPv6:
			return plausibleVersion(6, rest, wire-at)
		case assigned.EtherARP:
			return len(rest) >= 4 && binary.BigEndian.Uint32(rest) == 1<<16|assigned.EtherIPv4
		case assigned.EtherVLAN, assigned.EtherQinQ:
			at += 2
		case assigned.EtherPPPoE:
			return len(rest) > 6 && rest[0] == 0x11 && plausiblePPP(rest[6:], wire-at-6)
		case assigned.EtherMPLS:
			return plausibleMPLS(rest, wire-at)
		default:
			if typ >= leastEtherType || int(typ) > wire-at || len(rest) < 8 || rest[2] != 3 {
				return false
			}
			if rest[0] != 0xaa || rest[1] != 0xaa {
				return rest[0] != 0 && rest[0]|1 == rest[1]|1 // LLC of one protocol, as of spanning tree
			}
			at += 6
		}
	}
	return false
}

// plausibleMPLS reports whether b begins with labels, behind which there is IP.
func plausibleMPLS(b []byte, wire int) bool {
	for ; len(b) >= 4 && wire >= 4; b, wire = b[4:], wire-4 {
		if b[2]&1 != 0 {
			return plausibleIP(b[4:], wire-4)
		}
	}
	return false
}
