package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"tcpwarm/capture/segment"
)

// pcap's magic numbers (draft-ietf-opsawg-pcap section 4), as a reader of the
// writer's byte order sees them.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's: eight more bytes a record
)

// pcapHeader is the length of a file's header in bytes.
const pcapHeader = 24

// linkMask takes the FCS length and reserved bits off the link type field.
const linkMask = 0xffff

// A pcap is the classic format: a header, then records.
type pcap struct {
	order endian
	tick  int64 // nanoseconds of a unit of the fraction
	head  int   // bytes of a record's header
	link  uint32
}

// newPcap reads a file's header from the first bytes of it. The snap length is
// ignored: files with longer packets, or none at all, are common.
func newPcap(b []byte) (*pcap, error) {
	magic := binary.LittleEndian.Uint32(b)
	p := &pcap{tick: 1000, head: 16}
	if !isPcap(magic) {
		return nil, errors.New("neither pcap nor pcapng")
	}
	if b[0] == magicMicro>>24 {
		p.order, magic = bigEndian, bits.ReverseBytes32(magic)
	}
	switch magic {
	case magicNano:
		p.tick = 1
	case magicModified:
		p.head = 24
	}
	if v := p.order.uint16(b[4:]); v != 2 {
		return nil, fmt.Errorf("pcap version %d.%d is not known", v, p.order.uint16(b[6:]))
	}
	p.link = p.order.uint32(b[20:]) & linkMask
	return p, nil
}

// isPcap reports whether magic, read in whatever byte order, is pcap's.
func isPcap(magic uint32) bool {
	for range 2 {
		if magic == magicMicro || magic == magicNano || magic == magicModified {
			return true
		}
		magic = bits.ReverseBytes32(magic)
	}
	return false
}

func (p *pcap) record(b []byte, pk *packet) (int, error) {
	if len(b) < p.head {
		return p.head, nil
	}
	n := p.order.uint32(b[8:])
	if n > maxPacket {
		return 0, fmt.Errorf("a captured length of %d bytes is no packet's", n)
	}
	end := p.head + int(n)
	if len(b) < end {
		return end, nil
	}
	*pk = packet{data: b[p.head:end:end], link: p.link, orig: int(p.order.uint32(b[12:])), timed: true}
	pk.time = segment.Time(int64(p.order.uint32(b))*1e9 + int64(p.order.uint32(b[4:]))*p.tick)
	return end, nil
}
