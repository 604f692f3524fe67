package capture

import (
	"encoding/binary"
	"errors"
	"fmt"

	"tcpwarm/capture/segment"
)

// pcap's magic numbers, as a reader of the writer's byte order sees them.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's: eight more bytes a record
)

// linkMask takes the FCS length and reserved bits off the link type field.
const linkMask = 0xffff

// A pcap is the classic format: a header, then records.
type pcap struct {
	order  binary.ByteOrder
	tick   int64 // nanoseconds
	record int   // bytes of a record's header
	link   uint32
	head   [24]byte
	have   bool // head holds the header of a record whose data is due
}

func newPcap(r *Reader, magic uint32) (format, error) {
	p := &pcap{order: binary.LittleEndian, tick: 1000, record: 16}
	switch swapped := swap(magic); {
	case isPcap(magic):
	case isPcap(swapped):
		p.order, magic = binary.BigEndian, swapped
	default:
		return nil, errors.New("neither pcap nor pcapng")
	}
	switch magic {
	case magicNano:
		p.tick = 1
	case magicModified:
		p.record = 24
	}
	if err := r.full(p.head[:24]); err != nil {
		return nil, cut(err)
	}
	if v := p.order.Uint16(p.head[4:]); v != 2 {
		return nil, fmt.Errorf("pcap version %d.%d is not known", v, p.order.Uint16(p.head[6:]))
	}
	p.link = p.order.Uint32(p.head[20:]) & linkMask
	return p, nil
}

func isPcap(m uint32) bool { return m == magicMicro || m == magicNano || m == magicModified }

func swap(v uint32) uint32 { return v>>24 | v>>8&0xff00 | v<<8&0xff0000 | v<<24 }

func (p *pcap) next(r *Reader, buf []byte) ([]byte, packet, error) {
	if !p.have {
		if err := r.full(p.head[:p.record]); err != nil {
			return nil, packet{}, err
		}
		p.have = true
	}
	n := p.order.Uint32(p.head[8:])
	if n > maxPacket {
		return nil, packet{}, fmt.Errorf("a captured length of %d bytes is no packet's", n)
	}
	if len(buf)+int(n) > cap(buf) {
		return nil, packet{orig: int(n)}, errRoom
	}
	p.have = false
	pk := packet{link: p.link, orig: int(p.order.Uint32(p.head[12:])), has: true,
		time: segment.Time(int64(p.order.Uint32(p.head[:]))*1e9 + int64(p.order.Uint32(p.head[4:]))*p.tick)}
	buf, err := r.data(buf, int(n))
	return buf, pk, err
}
