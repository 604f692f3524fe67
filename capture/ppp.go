package capture

import (
	"encoding/binary"

	"tcpwarm/capture/assigned"
)

// Addresses of Cisco's framing.
const unicastHDLC, broadcastHDLC = 0x0f, 0x8f

// serial reads a line with HDLC-like framing, which is PPP's or Cisco's.
func (d *decoder) serial(b []byte, wire int, f *found) (verdict, problem) {
	const control = 3
	switch {
	case len(b) >= 2 && b[1] == 0 && (b[0] == unicastHDLC || b[0] == broadcastHDLC):
		return d.hdlc(b, wire, f)
	case len(b) >= 2 && b[0] <= 1 && b[1] == control: // pppd notes the direction where the address was
		return d.ppp(b[2:], wire-2, f)
	}
	return d.ppp(b, wire, f)
}

// hdlc reads Cisco's framing: an address, a control byte, an Ethernet type.
func (d *decoder) hdlc(b []byte, wire int, f *found) (verdict, problem) {
	return d.typed(b, wire, 2, 4, f)
}

// ppp reads RFC 1661 section 2: with the address and control fields of RFC 1662 or without,
// and with a protocol of one byte where it is odd (section 6.5).
func (d *decoder) ppp(b []byte, wire int, f *found) (verdict, problem) {
	for f.deeper() {
		if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
			b, wire = b[2:], wire-2
		}
		if len(b) < 2 {
			return notTCP, badIP
		}
		proto, head := uint16(b[0]), 1
		if proto&1 == 0 {
			proto, head = binary.BigEndian.Uint16(b), 2
		}
		switch b, wire = b[head:], wire-head; proto {
		case assigned.PPPIPv4, assigned.PPPIPv6:
			return d.ip(b, wire, f)
		case assigned.PPPMPLS, assigned.PPPMPLSMulti:
			return d.mpls(b, wire, f)
		case assigned.PPPBridged:
			return d.bridged(b, wire, f)
		case assigned.PPPMultilink:
			const whole = 0xc0 // begins and ends here (RFC 1990 section 3)
			if len(b) < 4 || b[0]&whole != whole {
				return d.unreadProtocol(inOther, partOfMultilink)
			}
			b, wire = b[4:], wire-4
		default:
			return d.unreadProtocol(inPPP, uint64(proto))
		}
	}
	return notTCP, tooDeep
}

// plausiblePPP reports whether b is IP within PPP.
func plausiblePPP(b []byte, wire int) bool {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
		b, wire = b[2:], wire-2
	}
	if len(b) < 2 {
		return false
	}
	switch binary.BigEndian.Uint16(b) {
	case assigned.PPPIPv4:
		return plausibleVersion(4, b[2:], wire-2)
	case assigned.PPPIPv6:
		return plausibleVersion(6, b[2:], wire-2)
	}
	return false
}

// plausibleHDLC reports whether b is IP within Cisco's framing.
func plausibleHDLC(b []byte, wire int) bool {
	if len(b) < 4 || b[0] != unicastHDLC && b[0] != broadcastHDLC || b[1] != 0 {
		return false
	}
	switch binary.BigEndian.Uint16(b[2:]) {
	case assigned.EtherIPv4:
		return plausibleVersion(4, b[4:], wire-4)
	case assigned.EtherIPv6:
		return plausibleVersion(6, b[4:], wire-4)
	}
	return false
}

// bridged reads a frame that PPP carries (RFC 3518 section 4.2).
func (d *decoder) bridged(b []byte, wire int, f *found) (verdict, problem) {
	const hasLAN, ethernet = 0x40, 1
	if len(b) < 2 {
		return notTCP, badIP
	}
	head := 2
	if b[0]&hasLAN != 0 {
		head += 4
	}
	if b[1] != ethernet {
		return d.unreadProtocol(inPPP, assigned.PPPBridged)
	}
	return d.behind(head, b, wire, f, d.frame)
}

// pppoe reads a session packet (RFC 2516 section 4).
func (d *decoder) pppoe(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 8 {
		return notTCP, badIP
	}
	return d.ppp(b[6:], wire-6, f)
}

// frameRelay reads an address of Q.922, then RFC 2427 section 3, or an Ethernet type as
// Cisco's encapsulation has it.
func (d *decoder) frameRelay(b []byte, wire int, f *found) (verdict, problem) {
	const last, unnumbered = 1, 3
	const nlpSNAP, nlpIPv4, nlpIPv6, nlpPPP = 0x80, 0xcc, 0x8e, 0xcf
	at := 1
	for at < 4 && at < len(b) && b[at-1]&last == 0 {
		at++
	}
	if len(b) < at+4 || !f.deeper() {
		return notTCP, badIP
	}
	b, wire = b[at:], wire-at
	if b[0] != unnumbered {
		return d.typed(b, wire, 0, 2, f)
	}
	b, wire = b[1:], wire-1
	if b[0] == 0 { // padding
		b, wire = b[1:], wire-1
	}
	switch nlp := b[0]; nlp {
	case nlpIPv4, nlpIPv6:
		return d.ip(b[1:], wire-1, f)
	case nlpSNAP:
		return d.snap(b[1:], wire-1, f)
	case nlpPPP:
		return d.ppp(b[1:], wire-1, f)
	default:
		return d.unreadProtocol(inNLP, uint64(nlp))
	}
}
