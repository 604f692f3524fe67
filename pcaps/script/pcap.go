package script

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"tcpwarm/capture/segment"
)

const (
	magicNano    = 0xa1b23c4d // pcap with times in nanoseconds
	linkEthernet = 1
	wholeFrame   = 262144 // tcpdump's snap length when none is asked for

	dontFragment = 0x4000
	protoTCP     = 6
	markedCE     = 3 // RFC 3168 section 5
)

// WritePcap writes the capture of s: pcap with nanoseconds, Ethernet, IPv4 or IPv6. It
// shares no code with the readers it is there to test.
func (s *Script) WritePcap(w io.Writer) error {
	snap := s.Snap
	if snap == 0 {
		snap = wholeFrame
	}
	b := binary.LittleEndian.AppendUint32(nil, magicNano)
	b = binary.LittleEndian.AppendUint16(b, 2) // version 2.4
	b = binary.LittleEndian.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...) // time zone, accuracy
	b = binary.LittleEndian.AppendUint32(b, uint32(snap))
	b = binary.LittleEndian.AppendUint32(b, linkEthernet)
	if _, err := w.Write(b); err != nil {
		return err
	}
	for _, g := range s.whole() {
		sec := int64(g.Time) / 1e9
		if g.Time < 0 || sec > math.MaxUint32 {
			return fmt.Errorf("packet %d: %s has no place in a pcap", g.Packet, g.Time.Std())
		}
		f := frame(&g)
		b = binary.LittleEndian.AppendUint32(b[:0], uint32(sec))
		b = binary.LittleEndian.AppendUint32(b, uint32(int64(g.Time)%1e9))
		b = binary.LittleEndian.AppendUint32(b, uint32(min(len(f), snap)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		if _, err := w.Write(append(b, f[:min(len(f), snap)]...)); err != nil {
			return err
		}
	}
	return nil
}

// frame returns g, whose payload is whole, as an Ethernet frame.
func frame(g *segment.Segment) []byte {
	src, dst := g.From().Addr.Netip().As16(), g.To().Addr.Netip().As16()

	b := append([]byte{2, 0}, dst[12:]...) // locally administered
	b = append(append(b, 2, 0), src[12:]...)
	tos := byte(0)
	if g.CE {
		tos = markedCE
	}
	ip, length := len(b)+2, tcpHeader+optionBytes(&g.Options)+g.Len
	addresses := ip + 12
	if g.From().Addr.Netip().Is4() {
		b = binary.BigEndian.AppendUint16(b, 0x0800)
		b = append(b, 4<<4|ipHeader/4, tos)
		b = binary.BigEndian.AppendUint16(b, uint16(ipHeader+length))
		b = binary.BigEndian.AppendUint16(b, g.IPID)
		b = binary.BigEndian.AppendUint16(b, dontFragment)
		b = append(b, g.TTL, protoTCP, 0, 0)
		b = append(append(b, src[12:]...), dst[12:]...)
		binary.BigEndian.PutUint16(b[ip+10:], ^onesComplement(sum(0, b[ip:])))
	} else {
		b = binary.BigEndian.AppendUint16(b, 0x86dd)
		b = append(b, 6<<4|tos>>4, tos<<4, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(length))
		b = append(b, protoTCP, g.TTL)
		addresses = len(b)
		b = append(append(b, src[:]...), dst[:]...)
	}

	tcp := len(b)
	b = binary.BigEndian.AppendUint16(b, g.From().Port)
	b = binary.BigEndian.AppendUint16(b, g.To().Port)
	b = binary.BigEndian.AppendUint32(b, uint32(g.Seq))
	b = binary.BigEndian.AppendUint32(b, uint32(g.Ack))
	b = append(b, byte(tcpHeader+optionBytes(&g.Options))<<2, byte(g.Flags))
	b = binary.BigEndian.AppendUint16(b, g.Window)
	b = append(b, 0, 0, 0, 0) // checksum, urgent pointer
	b = appendOptions(b, &g.Options)
	b = append(b, g.Payload...)
	pseudo := sum(uint64(protoTCP+len(b)-tcp), b[addresses:tcp]) // RFC 9293 section 3.1
	right := ^onesComplement(sum(pseudo, b[tcp:]))
	if g.Sum == segment.SumWrong {
		right ^= 0x5555
	}
	binary.BigEndian.PutUint16(b[tcp+16:], right)
	return b
}

// sum adds the 16-bit words of b to s (RFC 1071).
func sum(s uint64, b []byte) uint64 {
	for ; len(b) > 1; b = b[2:] {
		s += uint64(binary.BigEndian.Uint16(b))
	}
	if len(b) > 0 {
		s += uint64(b[0]) << 8
	}
	return s
}

func onesComplement(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
