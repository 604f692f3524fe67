package capture

import (
	"encoding/binary"

	"tcpwarm/capture/segment"
)

// Link types (the LINKTYPE_ registry) that the fast path reads.
const (
	linkNull     = 0
	linkEthernet = 1
	linkRawBSD   = 12
	linkRawOBSD  = 14
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkSLL2     = 276
)

// Ethernet types.
const (
	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	etherVLAN = 0x8100
	etherQinQ = 0x88a8
	etherOldQ = 0x9100
	etherARP  = 0x0806
)

// IP protocol numbers.
const (
	protoHopByHop = 0
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAH       = 51
	protoDestOpts = 60
)

// maxTags and maxNested bound what a hostile packet can make the decoder walk.
const (
	maxTags   = 8
	maxNested = 8
)

// A decoder turns packets into segments and keeps the totals. It allocates
// nothing on the fast path.
type decoder struct {
	totals   segment.Totals
	problems [numProblems]segment.Problem
	loopback bool
	last     segment.Time // never goes back
	slow     slowPath
}

func (d *decoder) init() { d.loopback = true }

// A found is where in a packet the decoder found TCP.
type found struct {
	src, dst segment.Addr
	ttl      uint8
	ce       bool
	id       uint16
	length   int    // of the TCP header and payload on the wire
	tcp      []byte // as captured
}

// packet decodes one packet and appends its segment to b, if it holds one.
func (d *decoder) packet(b *segment.Batch, data []byte, p *packet) {
	d.totals.Packets++
	d.totals.Bytes += int64(len(data))
	d.clock(p)
	wire := p.orig
	if wire < len(data) {
		if wire > 0 || len(data) > 0 {
			d.count(longerThanWire)
		}
		wire = len(data)
	}
	var f found
	what, prob := d.link(data, wire, p.link, &f)
	if what == needsLibrary {
		what, prob = d.slow.find(d, data, wire, p.link, &f)
	}
	if what != isTCP {
		if prob != noProblem {
			d.count(prob)
		}
		return
	}
	s := b.Grow()
	if prob := fill(s, &f); prob != noProblem {
		b.Segments = b.Segments[:len(b.Segments)-1]
		d.count(prob)
		return
	}
	s.Packet, s.Time = d.totals.Packets, d.last
	d.totals.Segments++
	if d.loopback && f.src != f.dst && !(isLoopback(f.src) && isLoopback(f.dst)) {
		d.loopback = false
	}
}

// clock keeps the capture's bounds, and the time handed on from going back.
func (d *decoder) clock(p *packet) {
	t := p.time
	if !p.has {
		t = d.last
	} else if !d.totals.Timed {
		d.totals.Start, d.totals.End, d.totals.Timed = t, t, true
		d.last = t
	}
	if t < d.last {
		d.count(clockBack)
	} else {
		d.last = t
	}
	if p.has {
		d.totals.Start = min(d.totals.Start, t)
		d.totals.End = max(d.totals.End, t)
	}
}

func isLoopback(a segment.Addr) bool {
	return a == segment.Addr{Lo: 1} || a.Hi == 0 && a.Lo>>24 == 0xffff7f
}

// A verdict says what a packet, or a part of it, holds.
type verdict uint8

const (
	notTCP verdict = iota
	isTCP
	needsLibrary // something the fast path does not read
)

// link steps over the link layer.
func (d *decoder) link(b []byte, wire int, link uint32, f *found) (verdict, problem) {
	switch link {
	case linkEthernet:
		if len(b) < 14 {
			return notTCP, noProblem
		}
		return d.ether(binary.BigEndian.Uint16(b[12:]), b[14:], wire-14, f)
	case linkSLL:
		if len(b) < 16 {
			return notTCP, noProblem
		}
		return d.ether(binary.BigEndian.Uint16(b[14:]), b[16:], wire-16, f)
	case linkSLL2:
		if len(b) < 20 {
			return notTCP, noProblem
		}
		return d.ether(binary.BigEndian.Uint16(b), b[20:], wire-20, f)
	case linkNull, linkLoop:
		if len(b) < 4 {
			return notTCP, noProblem
		}
		return d.family(b, wire, f)
	case linkRaw, linkRawBSD, linkRawOBSD, linkIPv4, linkIPv6:
		return d.ip(b, wire, f, 0)
	}
	return needsLibrary, noProblem
}

// family reads the address family of a loopback packet, in the byte order of
// whoever captured it. IPv6 has a number of its own on each system.
func (d *decoder) family(b []byte, wire int, f *found) (verdict, problem) {
	af := binary.LittleEndian.Uint32(b)
	if af > 0xffff {
		af = swap(af)
	}
	switch af {
	case 2, 10, 24, 28, 30:
		return d.ip(b[4:], wire-4, f, 0)
	}
	return notTCP, noProblem
}

// ether steps over VLAN tags; they are not part of a connection's key.
func (d *decoder) ether(typ uint16, b []byte, wire int, f *found) (verdict, problem) {
	for range maxTags {
		switch typ {
		case etherIPv4, etherIPv6:
			return d.ip(b, wire, f, 0)
		case etherVLAN, etherQinQ, etherOldQ:
			if len(b) < 4 {
				return notTCP, noProblem
			}
			typ, b, wire = binary.BigEndian.Uint16(b[2:]), b[4:], wire-4
		case etherARP:
			return notTCP, noProblem
		default:
			if typ < 0x600 { // a length: 802.3 with LLC and perhaps SNAP
				return d.llc(b, wire, f)
			}
			return needsLibrary, noProblem
		}
	}
	return notTCP, badIP
}

// llc reads SNAP (RFC 1042). Other LLC is no IP, or the library's.
func (d *decoder) llc(b []byte, wire int, f *found) (verdict, problem) {
	if len(b) < 8 || b[0] != 0xaa || b[1] != 0xaa {
		return notTCP, noProblem
	}
	if typ := binary.BigEndian.Uint16(b[6:]); typ == etherIPv4 || typ == etherIPv6 {
		return d.ip(b[8:], wire-8, f, 0)
	}
	return notTCP, noProblem
}

func (d *decoder) ip(b []byte, wire int, f *found, depth int) (verdict, problem) {
	if len(b) == 0 {
		return notTCP, noProblem
	}
	if depth > maxNested {
		return notTCP, badIP
	}
	switch b[0] >> 4 {
	case 4:
		return d.ipv4(b, wire, f, depth)
	case 6:
		return d.ipv6(b, wire, f, depth)
	}
	return notTCP, badIP
}

// ipv4 reads RFC 791 section 3.1. A total length of 0 is what offload leaves:
// then the frame's length counts. Padding after the packet is cut off.
func (d *decoder) ipv4(b []byte, wire int, f *found, depth int) (verdict, problem) {
	if len(b) < 20 {
		return notTCP, badIP
	}
	head, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = wire
	}
	if head < 20 || total < head || len(b) < head {
		return notTCP, badIP
	}
	if binary.BigEndian.Uint16(b[6:])&0x3fff != 0 {
		return notTCP, ipFragment
	}
	f.src, f.dst = segment.Addr4(b[12:]), segment.Addr4(b[16:])
	f.ttl, f.ce, f.id = b[8], b[1]&3 == 3, binary.BigEndian.Uint16(b[4:])
	return d.transport(b[9], b[head:min(len(b), total)], total-head, f, depth)
}

// ipv6 reads RFC 8200 sections 3 and 4. A payload length of 0 is a jumbogram's
// or offload's: the frame's length counts.
func (d *decoder) ipv6(b []byte, wire int, f *found, depth int) (verdict, problem) {
	if len(b) < 40 {
		return notTCP, badIP
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n == 0 {
		n = wire - 40
	}
	f.src, f.dst = segment.Addr16(b[8:]), segment.Addr16(b[24:])
	f.ttl, f.ce, f.id = b[7], b[1]>>4&3 == 3, 0
	next := b[6]
	b = b[40:min(len(b), 40+max(n, 0))]
	for range maxNested {
		var skip int
		switch next {
		case protoHopByHop, protoRouting, protoDestOpts:
			if len(b) < 8 {
				return notTCP, badIP
			}
			skip = 8 + int(b[1])*8
		case protoAH: // RFC 4302 section 2.2: in units of four, less two
			if len(b) < 8 {
				return notTCP, badIP
			}
			skip = 8 + int(b[1])*4
		case protoFragment:
			if len(b) < 8 {
				return notTCP, badIP
			}
			if binary.BigEndian.Uint16(b[2:])&0xfff9 != 0 { // else atomic (RFC 6946)
				return notTCP, ipFragment
			}
			skip = 8
		default:
			return d.transport(next, b, n, f, depth)
		}
		if len(b) < skip {
			return notTCP, badIP
		}
		next, b, n = b[0], b[skip:], n-skip
	}
	return notTCP, badIP
}

func (d *decoder) transport(proto uint8, b []byte, n int, f *found, depth int) (verdict, problem) {
	switch proto {
	case protoTCP:
		f.tcp, f.length = b, n
		return isTCP, noProblem
	case protoIPv4, protoIPv6:
		return d.ip(b, n, f, depth+1)
	case protoGRE:
		return needsLibrary, noProblem
	case protoUDP:
		return d.udp(b)
	}
	return notTCP, noProblem
}

// udp looks only for tunnels, by their registered ports, and counts QUIC.
func (d *decoder) udp(b []byte) (verdict, problem) {
	if len(b) < 8 {
		return notTCP, noProblem
	}
	switch binary.BigEndian.Uint16(b[2:]) {
	case 4789, 6081, 2152, 3544, 4754: // VXLAN, Geneve, GTP-U, Teredo, GRE
		return needsLibrary, noProblem
	}
	if binary.BigEndian.Uint16(b) == 3544 {
		return needsLibrary, noProblem
	}
	if len(b) >= 13 && b[8]&0xc0 == 0xc0 { // long header (RFC 9000 section 17.2)
		if v := binary.BigEndian.Uint32(b[9:]); v == 1 || v == 0x6b3343cf {
			d.totals.QUICPackets++
		}
	}
	return notTCP, noProblem
}

// fill reads the TCP header (RFC 9293 section 3.1) as far as it was captured. The
// flags must be there, the rest may be cut.
func fill(s *segment.Segment, f *found) problem {
	b := f.tcp
	if len(b) < 14 {
		return tcpCut
	}
	head := int(b[12]>>4) * 4
	if head < 20 || head > f.length {
		return badTCP
	}
	src := segment.Endpoint{Addr: f.src, Port: binary.BigEndian.Uint16(b)}
	dst := segment.Endpoint{Addr: f.dst, Port: binary.BigEndian.Uint16(b[2:])}
	s.Key, s.Dir = segment.MakeKey(src, dst)
	s.Flags, s.TTL, s.CE, s.IPID = segment.Flags(b[13]), f.ttl, f.ce, f.id
	s.Seq, s.Ack = segment.Seq(binary.BigEndian.Uint32(b[4:])), segment.Seq(binary.BigEndian.Uint32(b[8:]))
	s.Window = 0
	if len(b) >= 16 {
		s.Window = binary.BigEndian.Uint16(b[14:])
	}
	s.Len = f.length - head
	s.Payload = b[min(head, len(b)):]
	s.Options = segment.Options{}
	if head > 20 && len(b) > 20 {
		options(&s.Options, b[20:min(head, len(b))], head > len(b))
	}
	return noProblem
}

// options reads TCP options. A bad one ends it, and what came before counts; so
// does what the snap length left.
func options(o *segment.Options, b []byte, cut bool) {
	// The usual case: two pads and a timestamp (RFC 7323 appendix A).
	if len(b) == 12 && binary.BigEndian.Uint32(b) == 0x0101080a {
		o.TSVal, o.TSEcr, o.HasTimestamps = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]), true
		return
	}
	for len(b) > 0 && b[0] != 0 {
		if b[0] == 1 {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			o.Bad = !cut || len(b) >= 2 && b[1] < 2
			return
		}
		option(o, b[0], b[2:b[1]])
		b = b[b[1]:]
	}
}

func option(o *segment.Options, kind byte, v []byte) {
	switch {
	case kind == 2 && len(v) == 2:
		o.MSS, o.HasMSS = binary.BigEndian.Uint16(v), true
	case kind == 3 && len(v) == 1:
		o.WindowScale, o.HasWindowScale = min(v[0], 14), true
	case kind == 4 && len(v) == 0:
		o.SACKPermitted = true
	case kind == 5 && len(v)%8 == 0 && len(v) <= 32:
		for i := 0; i+8 <= len(v); i += 8 {
			o.SACK[o.SACKBlocks] = segment.Block{Start: segment.Seq(binary.BigEndian.Uint32(v[i:])), End: segment.Seq(binary.BigEndian.Uint32(v[i+4:]))}
			if o.SACKBlocks++; int(o.SACKBlocks) == len(o.SACK) {
				return
			}
		}
	case kind == 8 && len(v) == 8:
		o.TSVal, o.TSEcr, o.HasTimestamps = binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:]), true
	default:
		if kind == 2 || kind == 3 || kind == 5 || kind == 8 {
			o.Bad = true
		}
	}
}
