package capture

import (
	"encoding/binary"
	"math/bits"
	"tcpwarm/capture/assigned"
)

// maxLayers bounds what a hostile packet can make the decoder walk: headers of all kinds
// together, each within the one before.
const maxLayers = 32

// deeper counts one more header. It reports false where there are too many.
func (f *found) deeper() bool {
	f.layers++
	return f.layers <= maxLayers
}

// link steps over the link layer: b is the frame as captured, wire its length on
// the wire.
func (d *decoder) link(b []byte, wire int, link uint32, f *found) (verdict, problem) {
	switch link {
	case assigned.LinkEthernet:
		return d.frame(b, wire, f)
	case assigned.LinkRaw, assigned.LinkRawBSD, assigned.LinkRawOBSD, assigned.LinkIPv4, assigned.LinkIPv6:
		return d.ip(b, wire, f)
	case assigned.LinkNull, assigned.LinkLoop:
		return d.family(b, wire, f)
	case assigned.LinkENC: // OpenBSD's: a family, then what IPsec has done
		if len(b) < 12 {
			return notTCP, badIP
		}
		return d.ofFamily(b, b[12:], wire-12, f)
	case assigned.LinkPKTAP:
		return d.pktap(b, wire, f)
	case assigned.LinkSLL:
		return d.typed(b, wire, 14, 16, f)
	case assigned.LinkSLL2:
		return d.typed(b, wire, 0, 20, f)
	case assigned.LinkDSA, assigned.LinkBrcmTag: // a switch's tag of four bytes stands before the type
		return d.typed(b, wire, 16, 18, f)
	case assigned.LinkEDSA: // of eight
		return d.typed(b, wire, 20, 22, f)
	case assigned.LinkFirewire:
		return d.typed(b, wire, 16, 18, f)
	case assigned.LinkBrcmFront, assigned.LinkNetAna:
		return d.behind(4, b, wire, f, d.frame)
	case assigned.LinkNetAnaBits: // preamble and start-of-frame delimiter, too
		return d.behind(4+8, b, wire, f, d.frame)
	case assigned.LinkPPP, assigned.LinkPPPSerial, assigned.LinkPPPD:
		return d.serial(b, wire, f)
	case assigned.LinkPPPWithDir:
		return d.behind(1, b, wire, f, d.serial)
	case assigned.LinkPPPoE:
		return d.pppoe(b, wire, f)
	case assigned.LinkHDLC:
		return d.hdlc(b, wire, f)
	case assigned.LinkHDLCDir: // a direction stands before
		return d.behind(1, b, wire, f, d.hdlc)
	case assigned.LinkFrameDir:
		return d.behind(1, b, wire, f, d.frameRelay)
	case assigned.LinkFrameRelay:
		return d.frameRelay(b, wire, f)
	case assigned.LinkRFC1483, assigned.LinkRFC1483BSD:
		return d.llc(b, wire, f)
	case assigned.LinkFDDI:
		return d.fddi(b, wire, f)
	case assigned.LinkARCNETBSD:
		return d.arcnet(b, wire, 2, f)
	case assigned.LinkARCNET: // Linux keeps the offset of the data in the card's memory
		return d.arcnet(b, wire, 4, f)
	case assigned.LinkTokenRing:
		return d.tokenRing(b, wire, f)
	case assigned.LinkWiFi:
		return d.wifi(b, wire, 0, f)
	case assigned.LinkPrism, assigned.LinkRadiotap, assigned.LinkAVS:
		return d.radio(b, wire, f)
	case assigned.LinkPPI:
		return d.ppi(b, wire, f)
	case assigned.LinkMPLS:
		return d.mpls(b, wire, f)
	case assigned.LinkNFLOG:
		return d.nflog(b, wire, f)
	case assigned.LinkIPOverFC: // two names of eight bytes (RFC 4338 section 4)
		return d.behind(16, b, wire, f, d.llc)
	case assigned.LinkSunATM:
		return d.sunATM(b, wire, f)
	case assigned.LinkIPNET: // of Solaris: its family is 2 or 26, and zones say who has sent what
		return d.behind(24, b, wire, f, d.ip)
	case assigned.LinkMPacket: // a preamble whose last byte says that all of the frame follows (IEEE 802.3br)
		return d.mPacket(b, wire, f)
	case assigned.LinkERF:
		return d.erf(b, wire, f)
	}
	return d.unknownLink(b, wire, link)
}

// behind has read go on behind the first skip bytes of b.
func (d *decoder) behind(skip int, b []byte, wire int, f *found,
	read func([]byte, int, *found) (verdict, problem)) (verdict, problem) {
	if len(b) < skip {
		return notTCP, badIP
	}
	return read(b[skip:], wire-skip, f)
}

// typed reads a link layer whose header has a length of head, and at typ an Ethernet type.
func (d *decoder) typed(b []byte, wire, typ, head int, f *found) (verdict, problem) {
	if len(b) < head {
		return notTCP, badIP
	}
	return d.ether(inEther, binary.BigEndian.Uint16(b[typ:]), b[head:], wire-head, f)
}

// family reads the address family of a loopback packet, in the byte order of
// whoever captured it. IPv6 has a number of its own on each system.
func (d *decoder) family(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 4 {
		return notTCP, badIP
	}
	return d.ofFamily(b, b[4:], wire-4, f)
}

// ofFamily reads b, which is of the address family that head begins with.
func (d *decoder) ofFamily(head, b []byte, wire int, f *found) (verdict, problem) {
	af := binary.LittleEndian.Uint32(head)
	if af > 0xffff {
		af = bits.ReverseBytes32(af)
	}
	if !isIPFamily(af) {
		return d.unreadProtocol(inFamily, uint64(af))
	}
	return d.ip(b, wire, f)
}

// isIPFamily reports whether an address family is IPv4's or, on some system, IPv6's.
func isIPFamily(af uint32) bool {
	switch af {
	case 2, 10, 24, 28, 30:
		return true
	}
	return false
}

// nflog reads what Linux's packet filter logs: four bytes, then attributes with a length
// and a type each, in the byte order of the system, aligned to four bytes. One of them is
// the packet, from its IP header on.
func (d *decoder) nflog(b []byte, wire int, f *found) (verdict, problem) {
	const payload = 9 // NFULA_PAYLOAD
	if len(b) < 8 || b[1] != 0 {
		return notTCP, badIP
	}
	if !isIPFamily(uint32(b[0])) {
		return d.unreadProtocol(inFamily, uint64(b[0]))
	}
	order := littleEndian
	if n := littleEndian.uint16(b[4:]); n < 4 || int(n) > wire-4 {
		order = bigEndian
	}
	for b, wire = b[4:], wire-4; len(b) >= 4 && f.deeper(); {
		n, typ := int(order.uint16(b)), order.uint16(b[2:])
		if n < 4 {
			break
		}
		if typ == payload {
			return d.ip(b[4:min(n, len(b))], n-4, f)
		}
		n = (n + 3) &^ 3
		b, wire = b[min(n, len(b)):], wire-n
	}
	return notTCP, badIP
}

// sunATM reads what SunATM puts before the payload of a virtual channel: what that is, and the channel's numbers.
func (d *decoder) sunATM(b []byte, wire int, f *found) (verdict, problem) {
	const kinds, llc = 0x0f, 2
	if len(b) < 4 {
		return notTCP, badIP
	}
	if b[0]&kinds != llc {
		return d.unreadProtocol(inOther, channelATM)
	}
	return d.llc(b[4:], wire-4, f)
}

// mPacket reads a frame with its preamble. Of one that others may break in on, the parts are told by the last byte.
func (d *decoder) mPacket(b []byte, wire int, f *found) (verdict, problem) {
	const express = 0xd5
	if len(b) < 8 {
		return notTCP, badIP
	}
	if b[7] != express {
		return d.unreadProtocol(inOther, partOfMPacket)
	}
	return d.frame(b[8:], wire-8, f)
}

// erf reads a record of Endace's format: a header, which says what follows, with others behind it as long as a bit says
// so in each (ERF Types Reference Guide).
func (d *decoder) erf(b []byte, wire int, f *found) (verdict, problem) {
	const head, another = 16, 0x80
	const serial, ethernet, coloured, coded, hashed, ip4, ip6 = 1, 2, 11, 16, 20, 22, 23
	if len(b) < head {
		return notTCP, badIP
	}
	typ, at := b[8], head
	for more := typ&another != 0; more; at += 8 {
		if len(b) < at+8 || !f.deeper() {
			return notTCP, badIP
		}
		more = b[at]&another != 0
	}
	switch b, wire = b[at:], wire-at; typ &^ another {
	case ethernet, coloured, coded, hashed:
		return d.behind(2, b, wire, f, d.frame)
	case serial:
		return d.serial(b, wire, f)
	case ip4, ip6:
		return d.ip(b, wire, f)
	}
	return d.unreadProtocol(inOther, otherERF)
}

// ppi reads a header that says its length and the link type of what follows, both in
// little-endian order (Per-Packet Information, version 0).
func (d *decoder) ppi(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 8 || !f.deeper() {
		return notTCP, badIP
	}
	head := int(binary.LittleEndian.Uint16(b[2:]))
	if head < 8 || len(b) < head {
		return notTCP, badIP
	}
	return d.link(b[head:], wire-head, binary.LittleEndian.Uint32(b[4:]), f)
}

// pktap reads what macOS puts before a packet to say which process it was of: its own length,
// a kind, and the link type of what follows, in little-endian order.
func (d *decoder) pktap(b []byte, wire int, f *found) (verdict, problem) {
	const packet = 1
	if len(b) < 12 || !f.deeper() {
		return notTCP, badIP
	}
	head := binary.LittleEndian.Uint32(b)
	if head < 12 || int64(head) > int64(len(b)) {
		return notTCP, badIP
	}
	if binary.LittleEndian.Uint32(b[4:]) != packet {
		return d.unreadProtocol(inOther, controlFrame)
	}
	return d.link(b[head:], wire-int(head), binary.LittleEndian.Uint32(b[8:]), f)
}
