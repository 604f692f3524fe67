package capture

import "encoding/binary"

// radio reads what a capture notes of a radio frame before it: radiotap, or an older
// header of Prism's or AVS.
func (d *decoder) radio(b []byte, wire int, f *found) (verdict, problem) {
	const avsMagic, avsMask = 0x80211000, 0xfffff000
	if len(b) < 8 {
		return notTCP, badIP
	}
	head, flags := int(binary.LittleEndian.Uint16(b[2:])), uint16(0)
	switch prism := binary.LittleEndian.Uint32(b); {
	case binary.BigEndian.Uint32(b)&avsMask == avsMagic:
		head = int(binary.BigEndian.Uint32(b[4:]) & 0xffff)
	case prism == 0x44 || prism == 0x41:
		head = int(binary.LittleEndian.Uint32(b[4:]) & 0xffff)
	case binary.BigEndian.Uint32(b) == 0x44:
		head = int(binary.BigEndian.Uint32(b[4:]) & 0xffff)
	default:
		flags = uint16(radiotapFlags(b[:min(head, len(b))]))
	}
	if head < 8 || len(b) < head {
		return notTCP, badIP
	}
	return d.wifi(b[head:], wire-head, flags, f)
}

// Flags for wifi: radiotap's for padding behind an 802.11 header, and one of our own for a
// frame control field whose bytes are in the other order, as some access points send it on.
const (
	paddedRadio  = 0x20
	swappedRadio = 0x100
)

// radiotapFlags returns the field of flags of a radiotap header, 0 if it has none. The words
// that say which fields there are come first, then a time, if there is one, aligned to 8.
func radiotapFlags(b []byte) byte {
	const hasTime, hasFlags, another = 1, 2, 1 << 31
	if len(b) < 8 {
		return 0
	}
	present, at := binary.LittleEndian.Uint32(b[4:]), 8
	for more := present; more&another != 0 && len(b) >= at+4; at += 4 {
		more = binary.LittleEndian.Uint32(b[at:])
	}
	if present&hasTime != 0 {
		at = (at+7)&^7 + 8
	}
	if present&hasFlags == 0 || at >= len(b) {
		return 0
	}
	return b[at]
}

// wifi reads an 802.11 data frame (IEEE 802.11 clause 9.3.2) that is not encrypted, or no
// longer. flags are radiotap's.
func (d *decoder) wifi(b []byte, wire int, flags uint16, f *found) (verdict, problem) {
	const version, kind, data = 0x03, 0x0c, 0x08
	const empty, qos = 0x40, 0x80                                    // in the first byte
	const distribution, more, protected, order = 0x03, 4, 0x40, 0x80 // in the second
	if !f.deeper() {
		return notTCP, tooDeep
	}
	if len(b) < 2 {
		return notTCP, badIP
	}
	first, second := b[0], b[1]
	if flags&swappedRadio != 0 {
		first, second = second, first
	}
	if first&(version|kind) != data || first&empty != 0 {
		return d.unreadProtocol(inOther, controlFrame)
	}
	head, h := 24, wifiHeader{second: second}
	if len(b) < head {
		return notTCP, badIP
	}
	if second&distribution == distribution { // a fourth address
		head += 6
	}
	if first&qos != 0 {
		if len(b) < head+2 {
			return notTCP, badIP
		}
		h.many, h.mesh, h.part.class = b[head]&0x80 != 0, b[head+1]&1 != 0, b[head]&15
		if head += 2; second&order != 0 {
			head += 4
		}
	}
	if flags&paddedRadio != 0 {
		head = (head + 3) &^ 3
	}
	if len(b) < head {
		return notTCP, badIP
	}
	h.sealed = second&protected != 0
	if h.more, h.fragment = second&more != 0, b[22]&15; h.more || h.fragment != 0 {
		h.part.to, h.part.from = [6]byte(b[4:]), [6]byte(b[10:])
		h.part.number = binary.LittleEndian.Uint16(b[22:]) >> 4
		return d.wifiFragment(b, head, wire, flags, &h, f)
	}
	b, wire = b[head:], wire-head
	if h.sealed {
		skip := decrypted(b, h.many)
		if skip < 0 {
			return d.unreadProtocol(inOther, sealedWiFi)
		}
		b, wire = b[skip:], wire-skip
	}
	return d.wifiBody(b, wire, h.many, h.mesh && !h.sealed, f)
}

// A wifiHeader is what the header of a data frame says.
type wifiHeader struct {
	second     byte // of frame control
	sealed     bool
	many, mesh bool     // it holds an A-MSDU; it may begin with a mesh's header
	more       bool     // fragments follow
	fragment   byte     // its number
	part       wifiPart // the frame that a fragment is of
}

// wifiBody reads what a data frame carries, in clear.
func (d *decoder) wifiBody(b []byte, wire int, many, mesh bool, f *found) (verdict, problem) {
	if skip := meshControl(b); mesh && !many && skip <= len(b) && isSNAP(b[skip:]) && !isSNAP(b) {
		b, wire = b[skip:], wire-skip
	}
	if many {
		return d.aggregate(b, wire, f)
	}
	return d.llc(b, wire, f)
}

// meshControl returns the length of the header that frames of a mesh begin with (IEEE 802.11
// clause 9.2.4.8.3). The bit that says so means something else in other networks.
func meshControl(b []byte) int {
	if len(b) == 0 {
		return 6
	}
	return 6 + int(b[0]&3)*6
}

// isSNAP reports whether b begins with LLC for SNAP.
func isSNAP(b []byte) bool { return len(b) >= 3 && b[0] == 0xaa && b[1] == 0xaa && b[2] == 3 }

// subframe is the length of the header of a frame within an aggregate: addresses and a
// length.
const subframe = macs + 2

// decrypted returns how many bytes of a frame that is marked as protected come before its
// LLC header: none, or those of an initialization vector, of WEP or of its successors. It
// is -1 if the frame is encrypted still.
func decrypted(b []byte, many bool) int {
	for _, skip := range [...]int{0, 8, 4} {
		at := skip
		if many {
			at += subframe
		}
		if len(b) >= at+8 && isSNAP(b[at:]) {
			return skip
		}
	}
	return -1
}

// aggregate reads an A-MSDU (IEEE 802.11 clause 9.3.2.2): frames, each with a header of its
// own and padded to four bytes. Only the last is left to be taken by the caller.
func (d *decoder) aggregate(b []byte, wire int, f *found) (verdict, problem) {
	const llcHead, checkSequence = 8, 4
	for f.deeper() {
		if len(b) < subframe {
			return notTCP, badIP
		}
		n := int(binary.BigEndian.Uint16(b[macs:]))
		next := (subframe + n + 3) &^ 3
		if next+subframe+llcHead+checkSequence > wire {
			return d.llc(b[subframe:], wire-subframe, f)
		}
		layers := f.layers
		what, prob := d.llc(b[subframe:min(subframe+n, len(b))], n, f)
		d.take(what, prob, f)
		*f = found{layers: layers}
		b, wire = b[min(next, len(b)):], wire-next
	}
	return notTCP, tooDeep
}
