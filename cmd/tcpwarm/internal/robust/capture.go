package main

import (
	"bufio"
	"encoding/binary"
	"io"
)

// A capture writes packets to a file: raw IP packets with nanoseconds. It shares no code with
// the readers it is there to try.
type capture struct {
	w      *bufio.Writer
	at     int64 // ns, when the next packet is captured
	step   int64 // ns, from one packet to the next
	clock  func(n, at int64) int64
	copies int // of each packet
	n      int64
	id     uint16
	pcapng bool
	ipv6   bool
	buf    []byte
}

const (
	epoch       = 1_700_000_000_000_000_000 // ns, when captures begin
	microsecond = 1_000
	millisecond = 1_000_000
	second      = 1_000_000_000

	linkEthernet = 1
	linkRaw      = 101
)

// newCapture begins a capture without a header of its file.
func newCapture(w io.Writer) *capture {
	return &capture{w: bufio.NewWriterSize(w, 1<<16), at: epoch, step: microsecond, copies: 1}
}

func le16(b []byte, v ...uint16) []byte {
	for _, v := range v {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func le32(b []byte, v ...uint32) []byte {
	for _, v := range v {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func be16(b []byte, v ...uint16) []byte {
	for _, v := range v {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func be32(b []byte, v ...uint32) []byte {
	for _, v := range v {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// pcapHeader returns the header of a pcap file with nanoseconds.
func pcapHeader(link uint32) []byte {
	return le32(le32(le16(le32(nil, 0xa1b23c4d), 2, 4), 0, 0), 1<<18, link)
}

// block writes a block of a pcapng file.
func (c *capture) block(kind uint32, body []byte) {
	c.pcapng = true
	n := uint32(len(body)+3)&^3 + 12
	c.w.Write(le32(nil, kind, n))
	c.w.Write(body)
	c.w.Write(make([]byte, -len(body)&3))
	c.w.Write(le32(nil, n))
}

const (
	interfaceBlock = 1
	namesBlock     = 4
	packetBlock    = 6
	secretsBlock   = 10
	sectionBlock   = 0x0a0d0d0a
)

func (c *capture) section() {
	c.block(sectionBlock, binary.LittleEndian.AppendUint64(le16(le32(nil, 0x1a2b3c4d), 1, 0), ^uint64(0)))
}

// iface describes an interface whose times are in nanoseconds, with further options.
func (c *capture) iface(options ...byte) {
	resolution := append(le16(nil, 9, 1), 9, 0, 0, 0)
	c.block(interfaceBlock, append(append(le32(le16(nil, linkRaw, 0), 0), resolution...), options...))
}

// secrets writes lines of a key log.
func (c *capture) secrets(lines []byte) {
	c.block(secretsBlock, append(le32(nil, 0x544c534b, uint32(len(lines))), lines...))
}

// packet writes an IP packet, as often as there are copies.
func (c *capture) packet(b []byte) {
	for range c.copies {
		c.n++
		at := c.at
		if c.clock != nil {
			at = c.clock(c.n, at)
		}
		if c.pcapng {
			head := le32(nil, 0, uint32(uint64(at)>>32), uint32(at), uint32(len(b)), uint32(len(b)))
			c.block(packetBlock, append(head, b...))
		} else {
			c.w.Write(le32(c.buf[:0], uint32(at/second), uint32(at%second), uint32(len(b)), uint32(len(b))))
			c.w.Write(b)
		}
		c.at += c.step
	}
}

// An endpoint is an IPv4 address, or the end of an IPv6 one, and a port.
type endpoint struct {
	addr uint32
	port uint16
}

const (
	protoUDP  = 17
	protoTCP  = 6
	protoGRE  = 47
	protoIPIP = 4
)

// ip returns a header for n bytes that follow.
func (c *capture) ip(b []byte, proto byte, from, to uint32, n int) []byte {
	c.id++
	if c.ipv6 {
		b = be16(append(b, 0x60, 0, 0, 0), uint16(n))
		b = append(b, proto, 64)
		for _, end := range [...]uint32{from, to} {
			b = be32(b, 0x2001_0db8, 0, end*2_654_435_761, end)
		}
		return b
	}
	b = be16(append(b, 0x45, 0), uint16(20+n), c.id, 0x4000)
	return be32(append(b, 64, proto, 0, 0), from, to)
}

const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// A tcp is what a segment has beside its endpoints.
type tcp struct {
	flags    byte
	seq, ack uint32
	options  []byte // of a length that four divides
	data     []byte
}

// segment writes a segment.
func (c *capture) segment(from, to endpoint, t tcp) { c.packet(c.tcp(from, to, t)) }

// tcp returns a segment as a packet. It is valid until the next call.
func (c *capture) tcp(from, to endpoint, t tcp) []byte {
	if c.buf == nil {
		c.buf = make([]byte, 0, 1<<17)
	}
	b := c.ip(c.buf[16:16], protoTCP, from.addr, to.addr, 20+len(t.options)+len(t.data))
	b = be32(be16(b, from.port, to.port), t.seq, t.ack)
	b = append(b, byte(20+len(t.options))<<2, t.flags, 0xff, 0xff, 0, 0, 0, 0)
	return append(append(b, t.options...), t.data...)
}
