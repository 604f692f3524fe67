package capture

import (
	"encoding/binary"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// Lengths of parts of a TCP header (RFC 9293 section 3.1) in bytes.
const (
	tcpHead     = 20 // without options
	tcpFlags    = 14 // up to and with the flags
	tcpWindow   = 16 // up to and with the window
	tcpChecksum = 16 // where it lies
)

// TCP option kinds.
const (
	optionEnd           = 0
	optionNop           = 1
	optionMSS           = 2
	optionWindowScale   = 3
	optionSACKPermitted = 4
	optionSACK          = 5
	optionTimestamps    = 8
	optionMD5           = 19
	optionAO            = 29
)

// segment reads the TCP header into s, which may hold anything, as far as it was
// captured. The flags must be there, the rest may be cut. It sets all of s but
// Packet and Time.
func (f *found) segment(s *segment.Segment) problem {
	b := f.tcp
	if f.length < tcpHead {
		return badTCP
	}
	if len(b) < tcpFlags {
		return tcpCut
	}
	head := int(b[12]>>4) * 4
	if head < tcpHead || head > f.length {
		return badTCP
	}
	src := segment.Endpoint{Addr: f.src, Port: binary.BigEndian.Uint16(b)}
	dst := segment.Endpoint{Addr: f.dst, Port: binary.BigEndian.Uint16(b[2:])}
	s.Key, s.Dir = segment.MakeKey(src, dst)
	s.Flags, s.TTL, s.CE, s.IPID = segment.Flags(b[13]), f.ttl, f.ce, f.id
	s.Seq = segment.Seq(binary.BigEndian.Uint32(b[4:]))
	s.Ack = segment.Seq(binary.BigEndian.Uint32(b[8:]))
	s.Window = 0
	if len(b) >= tcpWindow {
		s.Window = binary.BigEndian.Uint16(b[14:])
	}
	s.Len = f.length - head
	s.Payload = b[min(head, len(b)):len(b):len(b)]
	s.Options, s.Sum = segment.Options{}, segment.SumNotKnown
	if s.Len == 0 && s.Flags.Has(segment.SYN|segment.FIN|segment.RST) && len(b) >= head {
		s.Sum = f.sum(b[:head])
	}
	if head > tcpHead && len(b) > tcpHead {
		readOptions(&s.Options, b[tcpHead:min(head, len(b))], len(b) < head)
	}
	return noProblem
}

// sum says whether the checksum of b, a header without payload, is right. Where a sender leaves it to hardware, what
// is captured has the sum of the pseudo-header instead (Linux, CHECKSUM_PARTIAL), or none.
func (f *found) sum(b []byte) segment.Sum {
	pseudo := words(f.src) + words(f.dst) + assigned.ProtoTCP + uint64(len(b))
	all := pseudo + sumOfWords(b)
	switch said := binary.BigEndian.Uint16(b[tcpChecksum:]); {
	case onesComplement(all) == 0xffff:
		return segment.SumRight
	case said == 0 || said == onesComplement(pseudo):
		return segment.SumNotKnown
	}
	return segment.SumWrong
}

// sumOfWords returns the sum of the 16-bit words of b; the last one may lack its second byte, which is 0 then.
func sumOfWords(b []byte) (n uint64) {
	for ; len(b) > 1; b = b[2:] {
		n += uint64(binary.BigEndian.Uint16(b))
	}
	if len(b) > 0 {
		n += uint64(b[0]) << 8
	}
	return n
}

// words returns the sum of the 16-bit words of a, as a packet has it.
func words(a segment.Addr) (n uint64) {
	if ip := a.Netip(); ip.Is4() {
		b := ip.As4()
		return uint64(binary.BigEndian.Uint16(b[:])) + uint64(binary.BigEndian.Uint16(b[2:]))
	}
	b := a.Netip().As16()
	for i := 0; i < len(b); i += 2 {
		n += uint64(binary.BigEndian.Uint16(b[i:]))
	}
	return n
}

// onesComplement returns s as a sum of ones' complements (RFC 1071).
func onesComplement(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

// readOptions reads TCP options (RFC 9293 section 3.2). One whose length is wrong
// ends them, and what came before counts. So it is where the capture cut them, but
// that is not their fault.
func readOptions(o *segment.Options, b []byte, cut bool) {
	o.Cut = cut
	// The usual case: two pads and timestamps (RFC 7323 appendix A).
	if len(b) == 12 && binary.BigEndian.Uint32(b) == 0x0101080a {
		o.TSVal, o.TSEcr, o.HasTimestamps = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]), true
		return
	}
	for len(b) > 0 && b[0] != optionEnd {
		if b[0] == optionNop {
			b = b[1:]
			continue
		}
		if len(b) < 2 || int(b[1]) > len(b) {
			o.Bad = o.Bad || !cut
			return
		}
		if b[1] < 2 {
			o.Bad = true
			return
		}
		readOption(o, b[0], b[2:b[1]])
		b = b[b[1]:]
	}
}

// readOption reads one option. One of an unknown kind is skipped, one of a known
// kind and a wrong length is bad.
func readOption(o *segment.Options, kind byte, v []byte) {
	switch {
	case kind == optionMSS && len(v) == 2:
		o.MSS, o.HasMSS = binary.BigEndian.Uint16(v), true
	case kind == optionWindowScale && len(v) == 1:
		o.WindowScale, o.HasWindowScale = min(v[0], 14), true // RFC 7323 section 2.3
	case kind == optionSACKPermitted && len(v) == 0:
		o.SACKPermitted = true
	case kind == optionSACK && len(v)%8 == 0:
		for ; len(v) > 0 && int(o.SACKBlocks) < len(o.SACK); v = v[8:] {
			start, end := binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])
			o.SACK[o.SACKBlocks] = segment.Block{Start: segment.Seq(start), End: segment.Seq(end)}
			o.SACKBlocks++
		}
	case kind == optionTimestamps && len(v) == 8:
		o.TSVal, o.TSEcr, o.HasTimestamps = binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:]), true
	case kind == optionMD5 && len(v) == 16, kind == optionAO && len(v) >= 2:
		o.Signed = true
	case kind <= optionSACK || kind == optionTimestamps:
		o.Bad = true
	}
}
