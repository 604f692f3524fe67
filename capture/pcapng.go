package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"tcpwarm/capture/segment"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng section 4).
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockOldPacket = 2
	blockSimple    = 3
	blockEnhanced  = 6

	byteOrderMagic = 0x1a2b3c4d
	maxBlock       = maxPacket + 1<<16
	maxInterfaces  = 1 << 16
)

// An iface is one interface description.
type iface struct {
	link   uint32
	snap   int
	units  uint64 // timestamp units a second; 2^shift if binary
	shift  int
	binary bool
	offset int64 // seconds
}

// A pcapng is the newer format: blocks, in sections that may differ in byte
// order.
type pcapng struct {
	order  binary.ByteOrder
	ifaces []iface
	head   [12]byte
	body   []byte // of the block being read
	typ    uint32
	have   bool
}

func (p *pcapng) next(r *Reader, buf []byte) ([]byte, packet, error) {
	for {
		if !p.have {
			if err := p.block(r); err != nil {
				return nil, packet{}, err
			}
		}
		data, pk, ok, err := p.packet()
		if err != nil {
			return nil, packet{}, err
		}
		if ok && len(buf)+len(data) > cap(buf) {
			return nil, packet{orig: len(data)}, errRoom
		}
		p.have = false
		if ok {
			return append(buf, data...), pk, nil
		}
	}
}

// block reads the next block whole, and checks it before believing its length.
func (p *pcapng) block(r *Reader) error {
	if err := r.full(p.head[:8]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(p.head[:]) == blockSection { // reads the same either way
		if err := r.full(p.head[8:12]); err != nil {
			return cut(err)
		}
		switch uint32(byteOrderMagic) {
		case binary.LittleEndian.Uint32(p.head[8:]):
			p.order = binary.LittleEndian
		case binary.BigEndian.Uint32(p.head[8:]):
			p.order = binary.BigEndian
		default:
			return errors.New("a section without byte-order magic")
		}
		p.ifaces = p.ifaces[:0]
	}
	if p.order == nil {
		return errors.New("a block before the first section")
	}
	p.typ = p.order.Uint32(p.head[:])
	n := int64(p.order.Uint32(p.head[4:]))
	if n < 12 || n%4 != 0 || n > maxBlock {
		return fmt.Errorf("a block of type %#x with a length of %d bytes", p.typ, n)
	}
	n -= 8
	if cap(p.body) < int(n) {
		p.body = make([]byte, max(int(n), 4096))
	}
	p.body = p.body[:n]
	have := 0
	if p.typ == blockSection {
		if n < 20 {
			return fmt.Errorf("a section header of %d bytes", n+8)
		}
		have = copy(p.body, p.head[8:12])
	}
	if err := r.full(p.body[have:]); err != nil {
		return cut(err)
	}
	if trailer := int64(p.order.Uint32(p.body[n-4:])); trailer != n+8 {
		return fmt.Errorf("a block's two lengths differ: %d and %d", n+8, trailer)
	}
	p.body = p.body[:n-4]
	p.have = true
	return p.describe()
}

// describe takes in what sections and interfaces say.
func (p *pcapng) describe() error {
	switch p.typ {
	case blockSection:
		if major, minor := p.order.Uint16(p.body[4:]), p.order.Uint16(p.body[6:]); major != 1 {
			return fmt.Errorf("pcapng version %d.%d is not known", major, minor)
		}
		return p.options(p.body[16:], func(uint16, []byte) error { return nil })
	case blockInterface:
		return p.describeInterface()
	}
	return nil
}

func (p *pcapng) describeInterface() error {
	if len(p.body) < 8 {
		return errors.New("an interface description too short")
	}
	if len(p.ifaces) >= maxInterfaces {
		return errors.New("too many interfaces")
	}
	i := iface{link: uint32(p.order.Uint16(p.body)), snap: int(p.order.Uint32(p.body[4:])), units: 1e6}
	err := p.options(p.body[8:], func(code uint16, v []byte) error {
		switch {
		case code == 9 && len(v) >= 1: // if_tsresol
			return i.resolution(v[0])
		case code == 14 && len(v) >= 8: // if_tsoffset
			i.offset = int64(p.order.Uint64(v))
		}
		return nil
	})
	p.ifaces = append(p.ifaces, i)
	return err
}

// resolution reads if_tsresol: a negative power of 10, or of 2 if the top bit is
// set.
func (i *iface) resolution(v byte) error {
	exp := int(v & 0x7f)
	if v&0x80 != 0 {
		if exp > 63 {
			return fmt.Errorf("a clock of 2^-%d seconds", exp)
		}
		i.binary, i.shift = true, exp
		return nil
	}
	if exp > 18 {
		return fmt.Errorf("a clock of 10^-%d seconds", exp)
	}
	i.units = 1
	for range exp {
		i.units *= 10
	}
	return nil
}

// at turns a count of units into an instant, with integers only: at 2^-32 a
// nanosecond must not be lost.
func (i *iface) at(t uint64) segment.Time {
	var sec, ns uint64
	if i.binary {
		sec = t >> i.shift
		hi, lo := bits.Mul64(t&(1<<i.shift-1), 1e9)
		ns = lo>>i.shift | hi<<(64-i.shift)
		if i.shift == 0 {
			ns = 0
		}
	} else {
		sec = t / i.units
		hi, lo := bits.Mul64(t%i.units, 1e9)
		ns, _ = bits.Div64(hi, lo, i.units)
	}
	return segment.Time((int64(sec)+i.offset)*1e9 + int64(ns))
}

// options calls f for each option in b.
func (p *pcapng) options(b []byte, f func(code uint16, value []byte) error) error {
	for len(b) >= 4 {
		code, n := p.order.Uint16(b), int(p.order.Uint16(b[2:]))
		b = b[4:]
		if code == 0 {
			return nil
		}
		if n > len(b) {
			return fmt.Errorf("option %d runs past its block", code)
		}
		if err := f(code, b[:n]); err != nil {
			return err
		}
		b = b[min(len(b), (n+3)&^3):]
	}
	return nil
}

// packet returns the packet in the block, ok false if it holds none.
func (p *pcapng) packet() (data []byte, pk packet, ok bool, err error) {
	b := p.body
	var id, n, orig uint32
	var head int
	switch p.typ {
	case blockEnhanced, blockOldPacket:
		if head = 20; len(b) < head {
			return nil, pk, false, errors.New("a packet block too short")
		}
		id, n, orig = p.order.Uint32(b), p.order.Uint32(b[12:]), p.order.Uint32(b[16:])
		if p.typ == blockOldPacket {
			id = uint32(p.order.Uint16(b)) // the other half counts drops
		}
		pk.has = true
	case blockSimple:
		if head = 4; len(b) < head {
			return nil, pk, false, errors.New("a packet block too short")
		}
		orig = p.order.Uint32(b)
	default:
		return nil, pk, false, nil
	}
	if int64(id) >= int64(len(p.ifaces)) {
		return nil, pk, false, fmt.Errorf("a packet of interface %d, which was never described", id)
	}
	i := &p.ifaces[id]
	if p.typ == blockSimple { // it states no captured length
		n = min(orig, uint32(len(b)-head))
		if i.snap > 0 {
			n = min(n, uint32(i.snap))
		}
	}
	if int64(n) > int64(len(b)-head) {
		return nil, pk, false, fmt.Errorf("a packet of %d bytes in a block of %d", n, len(b))
	}
	pk.link, pk.orig = i.link, int(orig)
	if pk.has {
		pk.time = i.at(uint64(p.order.Uint32(b[4:]))<<32 | uint64(p.order.Uint32(b[8:])))
	}
	return b[head : head+int(n)], pk, true, nil
}
