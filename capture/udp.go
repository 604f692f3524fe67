package capture

import (
	"encoding/binary"

	"tcpwarm/capture/assigned"
)

// UDP ports of tunnels.
const (
	portL2TP     = 1701
	portGTPU     = 2152
	portTeredo   = 3544
	portGRE      = 4754 // RFC 8086
	portLISP     = 4341
	portIPsec    = 4500 // RFC 3948
	portVXLAN    = 4789
	portVXLANGPE = 4790
	portAYIYA    = 5072
	portCAPWAP   = 5247
	portGUE      = 6080
	portGeneve   = 6081
	portMPLS     = 6635 // RFC 7510
	portOldVXLAN = 8472 // Linux's default, from before there was a number
	portLWAPP    = 12222
	portTZSP     = 37008
)

// Versions of QUIC (RFC 9000, RFC 9369).
const (
	quic1 = 0x00000001
	quic2 = 0x6b3343cf
)

// udp looks only for tunnels, by their registered ports, and counts QUIC.
func (d *decoder) udp(b []byte, n int, f *found) (verdict, problem) {
	if len(b) < 8 {
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	}
	src, dst := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	b, n = b[8:], n-8
	if len(b) >= 5 && b[0]&0xc0 == 0xc0 { // long header (RFC 9000 section 17.2)
		if v := binary.BigEndian.Uint32(b[1:]); v == quic1 || v == quic2 {
			d.totals.QUICPackets++
			return notTCP, noProblem
		}
	}
	switch port := tunnelPort(src, dst); port {
	case portTeredo:
		return d.teredo(b, n, f)
	case portGTPU:
		return d.gtpu(b, n, f)
	case portGRE:
		return d.gre(b, n, f)
	case portVXLAN, portVXLANGPE, portOldVXLAN:
		return d.vxlan(b, n, port, f)
	case portGeneve:
		return d.geneve(b, n, f)
	case portL2TP:
		return d.l2tp(b, n, f)
	case portAYIYA:
		return d.ayiya(b, n, f)
	case portCAPWAP:
		return d.capwap(b, n, f)
	case portLWAPP:
		return d.lwapp(b, n, f)
	case portMPLS:
		return d.mpls(b, n, f)
	case portLISP: // RFC 9300 section 5
		return d.behind(8, b, n, f, d.ip)
	case portGUE:
		return d.gue(b, n, f)
	case portTZSP:
		return d.tzsp(b, n, f)
	case portIPsec:
		if len(b) >= 8 && binary.BigEndian.Uint32(b) != 0 { // else a key exchange
			return d.unreadProtocol(inIP, assigned.ProtoESP)
		}
	}
	if isWireGuard(b, n) {
		return d.unreadProtocol(inOther, sealedWireGuard)
	}
	return d.unreadProtocol(inIP, assigned.ProtoUDP)
}

// tunnelPort returns which of the two ports is a tunnel's, 0 if neither is. Where both ends
// have a number of their own the one of the tunnel may be the source's.
func tunnelPort(src, dst uint16) uint16 {
	switch dst {
	case portL2TP, portGTPU, portTeredo, portGRE, portVXLAN, portVXLANGPE, portAYIYA, portCAPWAP, portGeneve, portMPLS, portOldVXLAN,
		portLISP, portGUE, portTZSP, portIPsec, portLWAPP:
		return dst
	}
	switch src {
	case portL2TP, portTeredo, portAYIYA, portCAPWAP, portIPsec, portLWAPP:
		return src
	}
	return 0
}

// vxlan reads RFC 7348 section 5, and the extension that names what follows
// (draft-ietf-nvo3-vxlan-gpe section 3).
func (d *decoder) vxlan(b []byte, n int, port uint16, f *found) (verdict, problem) {
	const valid, typed = 0x08, 0x04
	if len(b) < 8 || !f.deeper() {
		return notTCP, badIP
	}
	if b[0]&valid == 0 || port == portOldVXLAN && binary.BigEndian.Uint32(b)&^(valid<<24) != 0 {
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	}
	flags, next := b[0], b[3]
	b, n = b[8:], n-8
	if port != portVXLANGPE || flags&typed == 0 {
		return d.frame(b, n, f)
	}
	return d.nextProtocol(next, b, n, f)
}

// geneve reads RFC 8926 section 3.4.
func (d *decoder) geneve(b []byte, n int, f *found) (verdict, problem) {
	if len(b) < 8 || !f.deeper() {
		return notTCP, badIP
	}
	head := 8 + int(b[0]&63)*4
	if len(b) < head {
		return notTCP, badIP
	}
	return d.ether(inGRE, binary.BigEndian.Uint16(b[2:]), b[head:], n-head, f)
}

// gtpUserPacket is the only message type of GTP-U with a user's packet in it; the others
// are between the tunnel's ends, as an echo is (3GPP TS 29.281 section 6.1).
const gtpUserPacket = 255

// gtpu reads a user's packet behind the header of GTP-U, version 1, and those of its
// extensions (3GPP TS 29.281 sections 5.1 and 5.2).
func (d *decoder) gtpu(b []byte, n int, f *found) (verdict, problem) {
	const versionAndProtocol, versionOne = 0xf0, 0x30
	const extended, optional = 0x04, 0x07 // any of the three flags makes the header longer
	if len(b) < 8 || b[0]&versionAndProtocol != versionOne || b[1] != gtpUserPacket {
		return d.unreadProtocol(inOther, signallingGTP)
	}
	head := 8
	if b[0]&optional != 0 {
		head = 12
	}
	for more := b[0]&extended != 0; more; {
		if len(b) <= head || b[head-1] == 0 { // the octet before tells the type of what follows
			break
		}
		if b[head] == 0 { // in units of four octets, itself included
			return notTCP, undecodable
		}
		if !f.deeper() {
			return notTCP, tooDeep
		}
		head += 4 * int(b[head])
	}
	if len(b) <= head {
		return d.unreadProtocol(inOther, signallingGTP)
	}
	b, n = b[head:], n-head
	switch v := b[0] >> 4; {
	case plausibleFrame(b, n) && !plausibleIP(b, n): // of an Ethernet session (3GPP TS 23.501 section 5.6.10.2)
		return d.frame(b, n, f)
	case v == 4 || v == 6:
		return d.ip(b, n, f)
	case b[0] == 0xff || b[0] == 0 || b[0]&1 != 0:
		return d.ppp(b, n, f)
	}
	return d.unreadProtocol(inOther, otherGTP)
}

// teredo reads IPv6 within UDP, behind the indications that may come first: of
// authentication, then of origin (RFC 4380 section 5.1.1).
func (d *decoder) teredo(b []byte, n int, f *found) (verdict, problem) {
	if len(b) >= 4 && b[0] == 0 && b[1] == 1 {
		skip := 4 + int(b[2]) + int(b[3]) + 9
		b, n = b[min(skip, len(b)):], n-skip
	}
	if len(b) >= 2 && b[0] == 0 && b[1] == 0 {
		b, n = b[min(8, len(b)):], n-8
	}
	if len(b) == 0 || b[0]>>4 != 6 {
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	}
	return d.ip(b, n, f)
}

// l2tp reads RFC 2661 section 3.1, and version 3 within UDP (RFC 3931 section 4.1.2).
func (d *decoder) l2tp(b []byte, n int, f *found) (verdict, problem) {
	const control, length, sequence, offset, version = 0x8000, 0x4000, 0x0800, 0x0200, 15
	if len(b) < 6 || !f.deeper() {
		return notTCP, badIP
	}
	flags := binary.BigEndian.Uint16(b)
	if flags&control != 0 {
		return d.unreadProtocol(inOther, controlL2TP)
	}
	switch flags & version {
	case 2:
	case 3:
		return d.l2tpSession(b[4:], n-4, f)
	default:
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	}
	head := 6
	if flags&length != 0 {
		head += 2
	}
	if flags&sequence != 0 {
		head += 4
	}
	if flags&offset != 0 {
		if head += 2; len(b) >= head {
			head += int(binary.BigEndian.Uint16(b[head-2:]))
		}
	}
	return d.behind(head, b, n, f, d.ppp)
}

// l2tpSession reads a packet of a session of version 3 (RFC 3931 section 4.1.1.2). How long
// its cookie is, and whether a sublayer follows, was said when the session was set up: what
// is behind them must tell.
func (d *decoder) l2tpSession(b []byte, n int, f *found) (verdict, problem) {
	if len(b) < 4 {
		return notTCP, badIP
	}
	if binary.BigEndian.Uint32(b) == 0 {
		return d.unreadProtocol(inOther, controlL2TP)
	}
	b, n = b[4:], n-4
	for skip := 0; skip <= 12 && skip < len(b); skip += 4 { // a cookie of 0, 4 or 8 bytes, a sublayer of 0 or 4
		rest := b[skip:]
		if what, prob, ok := d.pseudowire(rest, n-skip, f); ok {
			return what, prob
		}
		if plausibleIP(rest, n-skip) {
			return d.ip(rest, n-skip, f)
		}
	}
	return d.unreadProtocol(inOther, sessionL2TP)
}

// ayiya reads what a tunnel broker's client sends on (draft-massar-v6ops-ayiya section 3).
func (d *decoder) ayiya(b []byte, n int, f *found) (verdict, problem) {
	const forward = 1
	if len(b) < 8 || !f.deeper() {
		return notTCP, badIP
	}
	if b[2]&15 != forward {
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	}
	head := 8 + 1<<(b[0]>>4) + int(b[1]>>4)*4
	if len(b) < head {
		return notTCP, badIP
	}
	return d.upper(b[3], b[head:], n-head, f)
}

// capwap reads what an access point sends on: Ethernet frames, or radio ones (RFC 5415
// section 4.3).
func (d *decoder) capwap(b []byte, n int, f *found) (verdict, problem) {
	const sealed, native = 1, 0x01                    // in the first and in the third byte
	const part, keepalive, version = 0x80, 0x08, 0xf0 // in the fourth, and in the first
	if len(b) < 8 || !f.deeper() {
		return notTCP, badIP
	}
	if b[0]&version != 0 {
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	}
	if b[0]&^version == sealed {
		return d.unreadProtocol(inOther, sealedCAPWAP)
	}
	head := int(b[1]>>3) * 4
	switch {
	case b[3]&part != 0:
		return d.unreadProtocol(inOther, partOfCAPWAP)
	case b[3]&keepalive != 0:
		return d.unreadProtocol(inOther, keepaliveCAPWAP)
	case head < 8 || len(b) < head+2:
		return notTCP, badIP
	}
	if b[2]&native == 0 {
		return d.frame(b[head:], n-head, f)
	}
	return d.radioSentOn(b[head:], n-head, f)
}

// radioSentOn reads an 802.11 frame as access points send it on: the bytes of its frame control
// field may be in the other order.
func (d *decoder) radioSentOn(b []byte, n int, f *found) (verdict, problem) {
	if len(b) < 2 {
		return notTCP, badIP
	}
	flags := uint16(0)
	if b[0]&15 != 8 && b[1]&15 == 8 { // only then it is a data frame, of version 0
		flags = swappedRadio
	}
	return d.wifi(b, n, flags, f)
}

// lwapp reads what CAPWAP was before: a header of six bytes before each 802.11 frame (RFC 5412
// section 4.2).
func (d *decoder) lwapp(b []byte, n int, f *found) (verdict, problem) {
	const head, version, control, part = 6, 0xc0, 0x04, 0x03
	switch {
	case len(b) < head || !f.deeper():
		return notTCP, badIP
	case b[0]&(version|control) != 0:
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	case b[0]&part != 0:
		return d.unreadProtocol(inOther, partOfLWAPP)
	}
	return d.radioSentOn(b[head:], n-head, f)
}

// isWireGuard tells packets of that tunnel, which has no port of its own, by their type, the three
// bytes of 0 after it, and a length that is a multiple of 16.
func isWireGuard(b []byte, n int) bool {
	const data, least, unit = 0x04000000, 32, 16
	return len(b) >= 4 && binary.BigEndian.Uint32(b) == data && n >= least && n%unit == 0
}

// gue reads Generic UDP Encapsulation (draft-ietf-intarea-gue section 3): version 0 has a
// header of its own, version 1 is IP.
func (d *decoder) gue(b []byte, n int, f *found) (verdict, problem) {
	const control = 0x20
	if len(b) < 4 || !f.deeper() {
		return notTCP, badIP
	}
	head := 4 + int(b[0]&31)*4
	switch version := b[0] >> 6; {
	case version == 1:
		return d.ip(b, n, f)
	case version != 0 || b[0]&control != 0:
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	case len(b) < head:
		return notTCP, badIP
	}
	return d.upper(b[1], b[head:], n-head, f)
}

// tzsp reads what a sniffer sends on: a version, a kind, what encapsulates, then fields up to
// one of kind 1.
func (d *decoder) tzsp(b []byte, n int, f *found) (verdict, problem) {
	const received, ethernet, radio, padding, last = 0, 1, 18, 0, 1
	if len(b) < 5 || !f.deeper() {
		return notTCP, badIP
	}
	if b[0] != 1 || b[1] > received+1 {
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	}
	kind := binary.BigEndian.Uint16(b[2:])
	for b, n = b[4:], n-4; len(b) > 0 && b[0] != last; {
		skip := 1
		if b[0] != padding && len(b) > 1 {
			skip = 2 + int(b[1])
		}
		if len(b) <= skip || !f.deeper() {
			return notTCP, badIP
		}
		b, n = b[skip:], n-skip
	}
	switch kind {
	case ethernet:
		return d.behind(1, b, n, f, d.frame)
	case radio:
		if len(b) > 0 {
			return d.wifi(b[1:], n-1, 0, f)
		}
	}
	return d.unreadProtocol(inIP, assigned.ProtoUDP)
}
