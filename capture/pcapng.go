package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng section 4). All others are
// skipped: names, statistics, custom blocks.
const (
	blockSection   = 0x0a0d0d0a // reads the same in either byte order
	blockInterface = 1
	blockOldPacket = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6
	blockSecrets   = 10
)

// secretsTLS is the kind of secrets that are a TLS key log (section 4.7).
const secretsTLS = 0x544c534b

const (
	byteOrderMagic = 0x1a2b3c4d
	maxBlock       = maxPacket + 64<<10 // bytes; room for a packet's options
	maxInterfaces  = 64 << 10           // of a section
)

// A pcapng is the newer format: blocks, in sections that may differ in byte
// order and have interfaces of their own.
type pcapng struct {
	order  endian
	ifaces []iface
	begun  bool // a section has begun
}

// record checks a block's length before believing it: draft-ietf-opsawg-pcapng
// section 3.1 wants it in front and at the end, a multiple of 4.
func (f *pcapng) record(b []byte, p *packet) (int, error) {
	if len(b) < 12 {
		return 12, nil
	}
	if err := f.section(b); err != nil {
		return 0, err
	}
	typ, n := f.order.uint32(b), f.order.uint32(b[4:])
	if n < 12 || n%4 != 0 || n > maxBlock {
		return 0, fmt.Errorf("a block of type %#x has a length of %d bytes", typ, n)
	}
	if uint32(len(b)) < n {
		return int(n), nil
	}
	if trailer := f.order.uint32(b[n-4:]); trailer != n {
		return 0, fmt.Errorf("the two lengths of a block differ: %d and %d", n, trailer)
	}
	*p = packet{none: true}
	return int(n), f.block(typ, b[8:n-4], p)
}

// section takes the byte order from the head of a section's first block. All
// else it says is checked once the block is there.
func (f *pcapng) section(b []byte) error {
	if binary.LittleEndian.Uint32(b) != blockSection {
		if !f.begun {
			return errors.New("a block comes before the first section")
		}
		return nil
	}
	switch uint32(byteOrderMagic) {
	case binary.LittleEndian.Uint32(b[8:]):
		f.order = littleEndian
	case binary.BigEndian.Uint32(b[8:]):
		f.order = bigEndian
	default:
		return errors.New("a section has no byte-order magic")
	}
	f.begun = true
	return nil
}

// block reads the body of a block.
func (f *pcapng) block(typ uint32, b []byte, p *packet) error {
	switch typ {
	case blockSection:
		return f.sectionHeader(b)
	case blockInterface:
		if len(f.ifaces) >= maxInterfaces {
			return errors.New("a section has too many interfaces")
		}
		i, err := newIface(b, f.order)
		f.ifaces = append(f.ifaces, i)
		return err
	case blockEnhanced, blockOldPacket:
		return f.enhanced(typ, b, p)
	case blockSimple:
		return f.simple(b, p)
	case blockSecrets:
		return f.secrets(b, p)
	}
	return nil
}

// secrets reads a decryption secrets block.
func (f *pcapng) secrets(b []byte, p *packet) error {
	if len(b) < 8 || f.order.uint32(b[4:]) > uint32(len(b)-8) {
		return errors.New("a block of secrets is too short")
	}
	if f.order.uint32(b) == secretsTLS {
		p.secrets = b[8 : 8+f.order.uint32(b[4:])]
	}
	return nil
}

func (f *pcapng) sectionHeader(b []byte) error {
	f.ifaces = f.ifaces[:0]
	if len(b) < 16 {
		return errors.New("a section header is too short")
	}
	if major, minor := f.order.uint16(b[4:]), f.order.uint16(b[6:]); major != 1 {
		return fmt.Errorf("pcapng version %d.%d is not known", major, minor)
	}
	return options(b[16:], f.order, func(uint16, []byte) error { return nil })
}

// enhanced reads an enhanced packet block, or the obsolete packet block, whose
// interface has half the width to make room for a count of drops.
func (f *pcapng) enhanced(typ uint32, b []byte, p *packet) error {
	if len(b) < 20 {
		return errors.New("a packet block is too short")
	}
	id := f.order.uint32(b)
	if typ == blockOldPacket {
		id = uint32(f.order.uint16(b))
	}
	i, err := f.iface(id)
	if err != nil {
		return err
	}
	n := f.order.uint32(b[12:])
	if n > uint32(len(b)-20) || n > maxPacket {
		return fmt.Errorf("a packet of %d bytes is in a block of %d", n, len(b)+12)
	}
	*p = packet{data: b[20 : 20+n : 20+n], link: i.link, orig: int(f.order.uint32(b[16:]))}
	p.time, p.timed = i.at(uint64(f.order.uint32(b[4:]))<<32 | uint64(f.order.uint32(b[8:])))
	return nil
}

// simple reads a simple packet block: of the first interface, with no time, and
// no captured length but what follows from the others.
func (f *pcapng) simple(b []byte, p *packet) error {
	if len(b) < 4 {
		return errors.New("a packet block is too short")
	}
	i, err := f.iface(0)
	if err != nil {
		return err
	}
	orig := f.order.uint32(b)
	n := min(orig, uint32(len(b)-4), maxPacket)
	if i.snap > 0 {
		n = min(n, i.snap)
	}
	*p = packet{data: b[4 : 4+n : 4+n], link: i.link, orig: int(orig)}
	return nil
}

func (f *pcapng) iface(id uint32) (*iface, error) {
	if id >= uint32(len(f.ifaces)) {
		return nil, fmt.Errorf("a packet is of interface %d, which was never described", id)
	}
	return &f.ifaces[id], nil
}

// options calls f for each option in b (section 3.5).
func options(b []byte, order endian, f func(code uint16, value []byte) error) error {
	for len(b) >= 4 {
		code, n := order.uint16(b), int(order.uint16(b[2:]))
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
