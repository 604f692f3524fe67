package capture

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// pcap's magic numbers (draft-ietf-opsawg-pcap section 4), as a reader of the
// writer's byte order sees them.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's: more bytes a record
	magicIxiaHard = 0x1c0001ac // IXIA's lcap, with a longer header
	magicIxiaSoft = 0x1c0001ab
)

// Lengths of a file's header in bytes.
const (
	pcapHeader = 24
	ixiaHeader = 28 // the length of all records comes last
)

// linkMask takes the FCS length and reserved bits off the link type field.
const linkMask = 0xffff

// A pcap is the classic format: a header, then records.
type pcap struct {
	order endian
	tick  int64 // nanoseconds of a unit of the fraction
	head  int   // bytes of a record's header
	start int   // bytes of the file's header
	link  uint32
	snap  uint32 // bytes kept of a packet, as the header says
	old   lengthOrder
}

// A lengthOrder says which of a record's two lengths comes first. Version 2.3 has put the
// captured one first, but not in all files that say they are of it.
type lengthOrder uint8

const (
	capturedFirst lengthOrder = iota
	wireFirst
	lesserCaptured
)

// newPcap reads a file's header from the first bytes of it, and looks at the records that
// follow there. The snap length bounds nothing: files with longer packets, or none at all, are
// common.
func newPcap(b []byte) (*pcap, error) {
	magic := binary.LittleEndian.Uint32(b)
	p := &pcap{tick: 1000, head: 16, start: pcapHeader}
	if !isPcap(magic) {
		return nil, notACapture(b)
	}
	if b[0] == magicMicro>>24 || b[0] == magicIxiaHard>>24 {
		p.order, magic = bigEndian, bits.ReverseBytes32(magic)
	}
	heads := []int{16, 24, 20} // those of 24 and 20 are an old libpcap's for Linux and Nokia's
	switch magic {
	case magicNano:
		p.tick = 1
	case magicModified:
		heads = []int{24, 28} // of later patches, and of an earlier one
	case magicIxiaHard, magicIxiaSoft:
		p.start = ixiaHeader
	}
	if err := p.version(p.order.uint16(b[4:]), p.order.uint16(b[6:])); err != nil {
		return nil, err
	}
	p.snap, p.link = p.order.uint32(b[16:]), p.order.uint32(b[20:])&linkMask
	p.aix(p.order.uint16(b[6:]))
	if p.start == ixiaHeader {
		if _, micro := p.fit(b[p.start:], heads[0]); !micro {
			p.tick = 1 // what captures by hardware notes nanoseconds, and no other mark
		}
	}
	p.head = heads[0]
	if _, ok := p.fit(b[p.start:], heads[0]); ok {
		return p, nil
	}
	for _, head := range heads[1:] {
		if n, ok := p.fit(b[p.start:], head); ok && n > 1 {
			p.head = head
			break
		}
	}
	return p, nil
}

// version says in what order lengths are. 543.0 is what DG/UX has written.
func (p *pcap) version(major, minor uint16) error {
	switch {
	case major == 543 || major == 2 && minor < 3:
		p.old = wireFirst
	case major == 2 && minor == 3:
		p.old = lesserCaptured
	case major != 2:
		return fmt.Errorf("pcap version %d.%d is not known", major, minor)
	}
	return nil
}

// aix takes what AIX writes, which says to be of version 2.2, for what it is: its link types
// are the interface types of RFC 1573, of which other systems have none with these numbers,
// and its times are in nanoseconds.
func (p *pcap) aix(minor uint16) {
	if minor != 2 {
		return
	}
	link, ok := map[uint32]uint32{6: assigned.LinkEthernet, 9: assigned.LinkTokenRing, 15: assigned.LinkFDDI, 24: assigned.LinkNull}[p.link]
	if ok && p.tick == 1000 {
		p.link, p.tick = link, 1
	}
}

// fit walks b, the beginning of the records, as if their headers had a length of head. It
// returns how many headers can be a record's, and whether all can.
func (p *pcap) fit(b []byte, head int) (n int, ok bool) {
	for len(b) >= head {
		captured, wire := p.lengths(b)
		if int64(p.order.uint32(b[4:]))*p.tick >= 1e9 || captured > wire || wire == 0 || captured > maxPacket {
			return n, false
		}
		n++
		b = b[min(head+int(captured), len(b)):]
	}
	return n, true
}

// lengths returns the captured length of a record, and that on the wire.
func (p *pcap) lengths(b []byte) (captured, wire uint32) {
	captured, wire = p.order.uint32(b[8:]), p.order.uint32(b[12:])
	if p.old == wireFirst || p.old == lesserCaptured && captured > wire {
		captured, wire = wire, captured
	}
	return captured, wire
}

// isPcap reports whether magic, read in whatever byte order, is pcap's.
func isPcap(magic uint32) bool {
	return isOf(magic, magicMicro, magicNano, magicModified) || isIxia(magic)
}

// isIxia reports whether magic is of IXIA's kind of pcap.
func isIxia(magic uint32) bool { return isOf(magic, magicIxiaHard, magicIxiaSoft) }

func isOf(magic uint32, all ...uint32) bool {
	return slices.Contains(all, magic) || slices.Contains(all, bits.ReverseBytes32(magic))
}

func (p *pcap) record(b []byte, pk *packet) (int, error) {
	if len(b) < p.head {
		return p.head, nil
	}
	n, wire := p.lengths(b)
	if n > maxPacket {
		return 0, fmt.Errorf("a captured length of %d bytes is no packet's", n)
	}
	end := p.head + int(n)
	if len(b) < end {
		return end, nil
	}
	*pk = packet{data: b[p.head:end:end], link: p.link, orig: int(wire), timed: true}
	pk.time = segment.Time(int64(p.order.uint32(b))*1e9 + int64(p.order.uint32(b[4:]))*p.tick)
	return end, nil
}
