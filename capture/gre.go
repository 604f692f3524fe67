package capture

import "encoding/binary"

// Protocols of GRE that are no Ethernet types, or mean something else there.
const (
	greERSPAN    = 0x88be // type I without a sequence number, type II with one
	greERSPAN3   = 0x22eb
	greWCCP      = 0x883e
	greEoIP      = 0x6400 // MikroTik's Ethernet over IP
	greAruba     = 0x8200 // 802.11, the first of the tunnels' numbers
	greArubaLast = 0x8370
)

// gre reads RFC 2784 with the fields of RFC 2890 and RFC 1701, and the enhanced version of
// RFC 2637 section 4.1.
func (d *decoder) gre(b []byte, n int, f *found) (verdict, problem) {
	const checksum, routing, key, sequence, acknowledgment, version = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080, 7
	if !f.deeper() {
		return notTCP, tooDeep
	}
	if len(b) < 4 {
		return notTCP, badIP
	}
	flags, typ, head := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), 4
	if flags&version == 1 && typ == greEoIP { // a length and a tunnel's number instead of a key
		return d.behind(8, b, n, f, d.frame)
	}
	if flags&(checksum|routing) != 0 {
		head += 4
	}
	for _, field := range [...]uint16{key, sequence} {
		if flags&field != 0 {
			head += 4
		}
	}
	if flags&version == 1 && flags&acknowledgment != 0 {
		head += 4
	}
	if flags&routing != 0 {
		head = greRoutes(b, head, f)
	}
	if len(b) < head {
		return notTCP, badIP
	}
	if len(b) == head { // an acknowledgment, or a keepalive
		return d.unreadProtocol(inOther, emptyGRE)
	}
	b, n = b[head:], n-head
	switch {
	case typ == greERSPAN && flags&sequence == 0:
		return d.frame(b, n, f)
	case typ == greERSPAN:
		return d.behind(8, b, n, f, d.frame)
	case typ == greERSPAN3:
		return d.erspan3(b, n, f)
	case typ == greWCCP && (b[0]>>4 != 4 || !plausibleIP(b, n)): // version 2 has a header of its own
		return d.behind(4, b, n, f, d.ip)
	case typ == greWCCP:
		return d.ip(b, n, f)
	case typ >= greAruba && typ <= greArubaLast && typ&15 == 0:
		return d.wifi(b, n, 0, f)
	}
	return d.ether(inGRE, typ, b, n, f)
}

// greRoutes returns where the source routes of a GRE header end (RFC 1701).
func greRoutes(b []byte, at int, f *found) int {
	for len(b) >= at+4 && f.deeper() {
		family, n := binary.BigEndian.Uint16(b[at:]), int(b[at+3])
		at += 4 + n
		if family == 0 && n == 0 {
			return at
		}
	}
	return len(b) + 1
}

// erspan3 reads what type III of ERSPAN mirrors: draft-foschiano-erspan section 4.3.
func (d *decoder) erspan3(b []byte, n int, f *found) (verdict, problem) {
	if len(b) < 12 {
		return notTCP, badIP
	}
	head, kind := 12, b[10]>>2&31
	if b[11]&1 != 0 { // a subheader for the platform
		head += 8
	}
	if kind == 2 {
		return d.behind(head, b, n, f, d.ip)
	}
	return d.behind(head, b, n, f, d.frame)
}

// mpls steps over a stack of labels (RFC 3032 section 2.1). What is below says no label:
// IP begins with its version, a pseudowire with a control word or without one (RFC 4385
// section 3). The first byte of an address may look like either, or like an associated
// channel (section 5), so what is behind it decides.
func (d *decoder) mpls(b []byte, wire int, f *found) (verdict, problem) {
	const bottom = 1
	for last := false; !last; b, wire = b[4:], wire-4 {
		if !f.deeper() {
			return notTCP, tooDeep
		}
		if len(b) < 5 {
			return notTCP, badIP
		}
		last = b[2]&bottom != 0
	}
	v := b[0] >> 4
	if (v == 4 || v == 6) && plausibleIP(b, wire) {
		return d.ip(b, wire, f)
	}
	if what, prob, ok := d.pseudowire(b, wire, f); ok {
		return what, prob
	}
	if v == 0 && len(b) > 4 {
		if what, prob, ok := d.pseudowire(b[4:], wire-4, f); ok {
			return what, prob
		}
	}
	switch {
	case v == 1:
		return d.unreadProtocol(inOther, channelMPLS)
	case v == 4 || v == 6:
		return d.ip(b, wire, f)
	case v != 0:
		return d.unreadProtocol(inOther, unknownMPLS)
	case len(b) > 4 && b[0] == 0 && b[1] == 0: // as a control word of Ethernet's has it (RFC 4448 section 4.6)
		b, wire = b[4:], wire-4
	}
	if len(b) < macs+2 || binary.BigEndian.Uint16(b[macs:]) < leastEtherType {
		return d.unreadProtocol(inOther, unknownMPLS)
	}
	return d.frame(b, wire, f)
}

// pseudowire reads the payload of a pseudowire, whose kind was said when it was set up: an
// Ethernet frame, PPP (RFC 4618) or Cisco's HDLC with IP in it. It reports whether b is one
// of these.
func (d *decoder) pseudowire(b []byte, wire int, f *found) (what verdict, prob problem, ok bool) {
	switch {
	case plausibleFrame(b, wire):
		what, prob = d.frame(b, wire, f)
	case plausiblePPP(b, wire):
		what, prob = d.ppp(b, wire, f)
	case plausibleHDLC(b, wire):
		what, prob = d.hdlc(b, wire, f)
	default:
		return notTCP, noProblem, false
	}
	return what, prob, true
}
