package capture

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"
)

// UDP ports of tunnels.
const (
	portGTPU   = 2152
	portTeredo = 3544
	portGRE    = 4754 // RFC 8086
	portVXLAN  = 4789
	portGeneve = 6081
)

// Versions of QUIC (RFC 9000, RFC 9369).
const (
	quic1 = 0x00000001
	quic2 = 0x6b3343cf
)

// udp looks only for tunnels, by their registered ports, and counts QUIC.
func (d *decoder) udp(b []byte, n int, f *found, depth int) (verdict, problem) {
	if len(b) < 8 {
		return notTCP, noProblem
	}
	src, dst := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	b, n = b[8:], n-8
	if len(b) >= 5 && b[0]&0xc0 == 0xc0 { // long header (RFC 9000 section 17.2)
		if v := binary.BigEndian.Uint32(b[1:]); v == quic1 || v == quic2 {
			d.totals.QUICPackets++
			return notTCP, noProblem
		}
	}
	if src == portTeredo || dst == portTeredo {
		return d.teredo(b, n, f, depth)
	}
	switch dst {
	case portGTPU:
		return d.gtpu(b, n, f, depth)
	case portGRE:
		return d.library(b, n, layers.LayerTypeGRE)
	case portVXLAN:
		return d.library(b, n, layers.LayerTypeVXLAN)
	case portGeneve:
		return d.library(b, n, layers.LayerTypeGeneve)
	}
	return notTCP, noProblem
}

// gtpUserPacket is the only message type of GTP-U with a user's packet in it; the others
// are between the tunnel's ends, as an echo is (3GPP TS 29.281 section 6.1).
const gtpUserPacket = 255

// gtpu reads a user's packet behind the header of GTP-U, version 1, and those of its
// extensions (3GPP TS 29.281 sections 5.1 and 5.2).
func (d *decoder) gtpu(b []byte, n int, f *found, depth int) (verdict, problem) {
	const versionAndProtocol, versionOne = 0xf0, 0x30
	const extended, optional = 0x04, 0x07 // any of the three flags makes the header longer
	if len(b) < 8 || b[0]&versionAndProtocol != versionOne || b[1] != gtpUserPacket {
		return notTCP, noProblem
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
		head += 4 * int(b[head])
	}
	if len(b) <= head {
		return notTCP, noProblem
	}
	b, n = b[head:], n-head
	if v := b[0] >> 4; v != 4 && v != 6 {
		return d.library(b, n, layers.LayerTypePPP)
	}
	return d.ip(b, n, f, depth+1)
}

// teredo reads IPv6 within UDP, behind the indications that may come first: of
// authentication, then of origin (RFC 4380 section 5.1.1).
func (d *decoder) teredo(b []byte, n int, f *found, depth int) (verdict, problem) {
	if len(b) >= 4 && b[0] == 0 && b[1] == 1 {
		skip := 4 + int(b[2]) + int(b[3]) + 9
		b, n = b[min(skip, len(b)):], n-skip
	}
	if len(b) >= 2 && b[0] == 0 && b[1] == 0 {
		b, n = b[min(8, len(b)):], n-8
	}
	if len(b) == 0 || b[0]>>4 != 6 {
		return notTCP, noProblem
	}
	return d.ip(b, n, f, depth+1)
}
