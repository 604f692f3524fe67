package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"strings"
)

func interfaces(c *capture, n int) {
	for range n {
		c.iface()
	}
}

func sections(c *capture, n int) {
	for range n {
		c.section()
		c.iface()
	}
}

func options(c *capture, n int) {
	option := append(le16(nil, 2, 1), 'x', 0, 0, 0)
	for range n / 1000 {
		c.section()
		c.iface([]byte(strings.Repeat(string(option), 1000))...)
	}
}

// secret returns the i-th line of a key log.
func secret(i int) string { return fmt.Sprintf("CLIENT_RANDOM %064x %096x\n", i, i) }

func secretEach(c *capture, n int) {
	for i := range n {
		c.secrets([]byte(secret(i)))
	}
}

func secretsOfOne(c *capture, n int) {
	var b strings.Builder
	for i := range n {
		b.WriteString(secret(i))
		if b.Len() > 8<<20 { // larger blocks are refused
			c.secrets([]byte(b.String()))
			b.Reset()
		}
	}
	c.secrets([]byte(b.String()))
}

func names(c *capture, n int) {
	for i := range n {
		name := "a.example\x00"
		c.block(namesBlock, append(be32(le16(nil, 1, uint16(4+len(name))), uint32(i)), name+"\x00\x00\x00\x00\x00\x00"...))
	}
}

// zeros is n MB of zeros behind the header of a pcap: packets of no bytes.
func zeros(w io.Writer, n int) error {
	z := gzip.NewWriter(w)
	z.Write(pcapHeader(linkRaw))
	megabyte := make([]byte, 1<<20)
	for range n {
		z.Write(megabyte)
	}
	return z.Close()
}

func largePackets(w io.Writer, n int) error {
	z := gzip.NewWriter(w)
	z.Write(pcapHeader(linkEthernet))
	body := make([]byte, 1<<18)
	head := le32(nil, 1, 0, uint32(len(body)), uint32(len(body)))
	for range n {
		z.Write(head)
		z.Write(body)
	}
	return z.Close()
}

// nested returns what puts a SYN in as many headers of a kind as a packet has room for.
func nested(proto byte) func(c *capture, n int) {
	return func(c *capture, n int) {
		inner := append([]byte{}, c.tcp(from(0), web, tcp{flags: syn, options: synOptions})...)
		var header []byte
		if proto == protoGRE {
			header = []byte{0, 0, 8, 0} // RFC 2784 section 2.1: IPv4 follows
		}
		each := 20 + len(header)
		levels := (largest - len(inner)) / each
		b := make([]byte, 0, largest)
		for i := range levels {
			b = append(c.ip(b, proto, firstClient, firstServer, (levels-i)*each-20+len(inner)), header...)
		}
		b = append(b, inner...)
		for range n {
			c.packet(b)
		}
	}
}

func tags(w io.Writer, n int) error {
	c := newCapture(w)
	c.w.Write(pcapHeader(linkEthernet))
	b := make([]byte, 12, 1<<17)
	for i := range 16_000 {
		b = be16(b, 0x8100, uint16(i&0xfff))
	}
	b = append(be16(b, 0x0800), newCapture(io.Discard).tcp(from(0), web, tcp{flags: syn})...)
	for range n {
		c.packet(b)
	}
	return c.w.Flush()
}

func fragments(c *capture, n int) {
	for i := range n {
		b := c.ip(make([]byte, 0, 100), protoTCP, firstClient, firstServer, 40)
		b[6], b[7] = 0x20|byte(i>>8&0x1f), byte(i) // more follow, at any place
		c.packet(append(b, make([]byte, 40)...))
	}
}

func nonsense(c *capture, n int) {
	r := random()
	for i := range n {
		b := c.ip(make([]byte, 0, 200), protoUDP, firstClient+uint32(i), firstServer, 48)
		b = be16(b, uint16(i), 443, 48, 0)
		for range 5 {
			b = be32(b, r.Uint32(), r.Uint32())
		}
		if i%2 == 0 {
			b = b[20:] // no header of IP at all
			b[0] = byte(r.Uint32())
		}
		c.packet(b)
	}
}
