package capture

import (
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

func serialize(l ...gopacket.SerializableLayer) []byte {
	var n gopacket.NetworkLayer
	for _, x := range l {
		switch x := x.(type) {
		case gopacket.NetworkLayer:
			n = x
		case *layers.TCP:
			x.SetNetworkLayerForChecksum(n)
		case *layers.UDP:
			x.SetNetworkLayerForChecksum(n)
		}
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, l...); err != nil {
		panic(err)
	}
	return slices.Clone(b.Bytes())
}

func ip4(p layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 61, Id: 0x1234, TOS: 3, Protocol: p, SrcIP: net.IP{10, 0, 0, 1}, DstIP: net.IP{10, 0, 0, 2}}
}

func ip6(p layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 62, TrafficClass: 3, NextHeader: p, SrcIP: net.ParseIP("2001:db8::2"), DstIP: net.ParseIP("2001:db8::1")}
}

func tcpFrom(port int) *layers.TCP {
	return &layers.TCP{SrcPort: layers.TCPPort(port), DstPort: 80, Seq: 0xfffffff0, Ack: 77, ACK: true, PSH: true, Window: 4321}
}

// tcp4 and tcp6 are IP packets with TCP; extensions come before it, each with
// its own number, its next header filled in here.
func tcp4(t *layers.TCP, payload string) []byte {
	return serialize(ip4(layers.IPProtocolTCP), t, gopacket.Payload(payload))
}

func tcp6(t *layers.TCP, payload string, extensions ...[]byte) []byte {
	b := serialize(ip6(layers.IPProtocolTCP), t, gopacket.Payload(payload))
	var all []byte
	next := &b[6]
	for _, e := range extensions {
		e = slices.Clone(e)
		*next, e[0] = e[0], 6
		at := len(all)
		all = append(all, e...)
		next = &all[at]
	}
	// append may have moved what next pointed to: set the chain again.
	at := 0
	for i, e := range extensions {
		if all[at] = 6; i+1 < len(extensions) {
			all[at] = extensions[i+1][0]
		}
		at += len(e)
	}
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40+len(all)))
	return slices.Concat(b[:40], all, b[40:])
}

func decode(link uint32, wire int, b []byte) (segment.Batch, segment.Totals) {
	d := decoder{loopback: true}
	var batch segment.Batch
	d.packet(&batch, &packet{data: b, link: link, orig: wire, time: 5, timed: true})
	return batch, d.sums()
}

// one decodes b, which must hold a segment.
func one(t *testing.T, link uint32, wire int, b []byte) segment.Segment {
	t.Helper()
	batch, totals := decode(link, wire, b)
	if len(batch.Segments) != 1 || totals.Segments != 1 || len(totals.Problems) != 0 {
		t.Fatalf("link type %d: %d segments, %+v", link, len(batch.Segments), totals)
	}
	return batch.Segments[0]
}

// none decodes b, which must hold none, and have the problem.
func none(t *testing.T, link uint32, wire int, b []byte, problem string) {
	t.Helper()
	batch, totals := decode(link, wire, b)
	got := ""
	for _, p := range totals.Problems {
		got += p.Kind
		if p.Count != 1 || p.FirstPacket != 1 || p.Text == "" {
			t.Errorf("%+v", p)
		}
	}
	if len(batch.Segments) != 0 || totals.Segments != 0 || got != problem {
		t.Errorf("link type %d: %d segments, problem %q, want %q", link, len(batch.Segments), got, problem)
	}
}

// oracle compares s with what the packet library reads in ip.
func oracle(t *testing.T, s segment.Segment, ip []byte) {
	t.Helper()
	p := gopacket.NewPacket(ip, layers.LinkTypeRaw, gopacket.Default)
	tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok {
		t.Fatal("the library sees no TCP: ", p.ErrorLayer())
	}
	var src, dst net.IP
	var ttl uint8
	var ce bool
	var id uint16
	switch n := p.NetworkLayer().(type) {
	case *layers.IPv4:
		src, dst, ttl, ce, id = n.SrcIP, n.DstIP, n.TTL, n.TOS&3 == 3, n.Id
	case *layers.IPv6:
		src, dst, ttl, ce = n.SrcIP, n.DstIP, n.HopLimit, n.TrafficClass&3 == 3
	}
	if s.From().Addr.String() != src.String() || s.To().Addr.String() != dst.String() ||
		s.From().Port != uint16(tcp.SrcPort) || s.To().Port != uint16(tcp.DstPort) {
		t.Errorf("%v to %v, the library says %v:%d to %v:%d", s.From(), s.To(), src, tcp.SrcPort, dst, tcp.DstPort)
	}
	if s.TTL != ttl || s.CE != ce || s.IPID != id || uint32(s.Seq) != tcp.Seq || uint32(s.Ack) != tcp.Ack || s.Window != tcp.Window {
		t.Errorf("%+v, the library says %+v", s, tcp)
	}
	for i, set := range []bool{tcp.FIN, tcp.SYN, tcp.RST, tcp.PSH, tcp.ACK, tcp.URG, tcp.ECE, tcp.CWR} {
		if s.Flags.Has(1<<i) != set {
			t.Errorf("flags %#x, the library says %v for bit %d", s.Flags, set, i)
		}
	}
	if s.Len != len(tcp.Payload) || !bytes.Equal(s.Payload, tcp.Payload) {
		t.Errorf("payload %q of %d, the library says %q", s.Payload, s.Len, tcp.Payload)
	}
}

func be16(v ...uint16) (b []byte) {
	for _, v := range v {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func TestLinkTypes(t *testing.T) {
	for v, ip := range map[int][]byte{4: tcp4(tcpFrom(1234), "data"), 6: tcp6(tcpFrom(1234), "data")} {
		typ, afs := be16(assigned.EtherIPv4), []uint32{2}
		if v == 6 {
			typ, afs = be16(assigned.EtherIPv6), []uint32{10, 24, 28, 30}
		}
		heads := []struct {
			link uint32
			head []byte
		}{
			{assigned.LinkRaw, nil}, {assigned.LinkRawBSD, nil}, {assigned.LinkRawOBSD, nil},
			{assigned.LinkEthernet, slices.Concat(make([]byte, 12), typ)},
			{assigned.LinkEthernet, slices.Concat(make([]byte, 12), be16(assigned.EtherVLAN, 7), typ)},
			{assigned.LinkEthernet, slices.Concat(make([]byte, 12), be16(assigned.EtherQinQ, 7, assigned.EtherVLAN, 8), typ)},
			{assigned.LinkEthernet, slices.Concat(make([]byte, 12), be16(assigned.EtherOldQ, 7, assigned.EtherVLAN, 8), typ)},
			{assigned.LinkEthernet, slices.Concat(make([]byte, 12), be16(60, 0xaaaa, 0x0300, 0), typ)},                   // SNAP
			{assigned.LinkEthernet, slices.Concat(make([]byte, 12), be16(0x8847, 0x0001, 0x0140), typ[:0])},              // MPLS: the slow path
			{assigned.LinkEthernet, slices.Concat(make([]byte, 12), be16(0x8864, 0x1100, 1, uint16(len(ip)+2)), ppp(v))}, // PPPoE: likewise
			{assigned.LinkSLL, slices.Concat(make([]byte, 14), typ)},
			{assigned.LinkSLL2, slices.Concat(typ, make([]byte, 18))},
		}
		if v == 4 {
			heads = append(heads, struct {
				link uint32
				head []byte
			}{assigned.LinkIPv4, nil})
		} else {
			heads = append(heads, struct {
				link uint32
				head []byte
			}{assigned.LinkIPv6, nil})
		}
		for _, af := range afs {
			for _, link := range []uint32{assigned.LinkNull, assigned.LinkLoop} {
				heads = append(heads, struct {
					link uint32
					head []byte
				}{link, binary.LittleEndian.AppendUint32(nil, af)}, struct {
					link uint32
					head []byte
				}{link, binary.BigEndian.AppendUint32(nil, af)})
			}
		}
		for _, h := range heads {
			b := slices.Concat(h.head, ip)
			oracle(t, one(t, h.link, len(b), b), ip)
			// Padding and FCS behind the packet are no payload.
			b = append(b, "padding"...)
			oracle(t, one(t, h.link, len(b), b), ip)
			for n := range len(h.head) + 1 { // a cut link layer, or none behind it
				decode(h.link, len(b), b[:n])
			}
		}
	}
	none(t, 147, 60, make([]byte, 60), "unknown-link-type")
	none(t, 65535, 60, make([]byte, 60), "unknown-link-type")
	none(t, assigned.LinkEthernet, 60, slices.Concat(make([]byte, 12), be16(0x0806), make([]byte, 46)), "")
	none(t, assigned.LinkNull, 60, append([]byte{7, 0, 0, 0}, make([]byte, 56)...), "")
	none(t, assigned.LinkEthernet, 200, slices.Concat(make([]byte, 12), bytes.Repeat(be16(assigned.EtherVLAN, 1), maxLayers), be16(assigned.EtherIPv4)), "nested-too-deep")
}

func ppp(v int) []byte {
	if v == 6 {
		return be16(0x57)
	}
	return be16(0x21)
}

// RFC 8200 section 4.
func TestExtensionHeaders(t *testing.T) {
	hop, dest := []byte{0, 0, 1, 4, 0, 0, 0, 0}, []byte{60, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	routing, ah := []byte{43, 0, 4, 0, 0, 0, 0, 0}, []byte{51, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}
	atomic := []byte{44, 0, 0, 0, 0, 0, 0, 9} // RFC 6946
	plain := tcp6(tcpFrom(9), "ext")
	for _, chain := range [][][]byte{{hop}, {dest}, {routing}, {ah}, {atomic}, {hop, dest, routing, atomic, ah, dest}} {
		b := tcp6(tcpFrom(9), "ext", chain...)
		oracle(t, one(t, assigned.LinkRaw, len(b), b), plain)
		for n := 40; n < len(b)-23-len("ext")+14-6; n++ { // cut before the TCP flags
			if batch, _ := decode(assigned.LinkRaw, len(b), b[:n]); len(batch.Segments) != 0 {
				t.Fatalf("a segment of %d bytes", n)
			}
		}
	}
	for _, f := range [][]byte{{44, 0, 0, 1, 0, 0, 0, 9}, {44, 0, 0, 8, 0, 0, 0, 9}} {
		b := tcp6(tcpFrom(9), "exts", f)
		none(t, assigned.LinkRaw, len(b), b, "ip-fragment")
	}
	b := tcp6(tcpFrom(9), "ext", slices.Repeat([][]byte{dest}, maxLayers)...)
	none(t, assigned.LinkRaw, len(b), b, "nested-too-deep")

	// A payload length of 0 (RFC 2675, or offload): the frame's counts.
	b = slices.Clone(plain)
	b[4], b[5] = 0, 0
	oracle(t, one(t, assigned.LinkRaw, len(b), b), plain)
}

func TestIPv4(t *testing.T) {
	ip := tcp4(tcpFrom(9), "data")
	edit := func(f func(b []byte)) []byte { b := slices.Clone(ip); f(b); return b }
	b := edit(func(b []byte) { b[2], b[3] = 0, 0 }) // total length 0: offload
	oracle(t, one(t, assigned.LinkRaw, len(b), b), ip)
	if s := one(t, assigned.LinkRaw, 9000, b); s.Len != 9000-40 || string(s.Payload) != "data" {
		t.Errorf("%+v", s)
	}
	b = edit(func(b []byte) { b[6] = 0x40 }) // don't fragment
	oracle(t, one(t, assigned.LinkRaw, len(b), b), b)
	b = edit(func(b []byte) { b[6] = 0x20 })
	none(t, assigned.LinkRaw, len(b), b, "ip-fragment")
	b = edit(func(b []byte) { b[7] = 1 })
	none(t, assigned.LinkRaw, len(b), b, "ip-fragment")
	b = edit(func(b []byte) { b[0] = 0x44 })
	none(t, assigned.LinkRaw, len(b), b, "bad-ip-header")
	b = edit(func(b []byte) { b[0] = 0x55 })
	none(t, assigned.LinkRaw, len(b), b, "bad-ip-header")
	b = edit(func(b []byte) { b[2], b[3] = 0, 19 })
	none(t, assigned.LinkRaw, len(b), b, "bad-ip-header")
	b = edit(func(b []byte) { b[32] = 0x40 })
	none(t, assigned.LinkRaw, len(b), b, "bad-tcp-header")
	b = edit(func(b []byte) { b[32] = 0xf0 })
	none(t, assigned.LinkRaw, len(b), b, "bad-tcp-header")
	b = edit(func(b []byte) { b[9] = 1 })
	none(t, assigned.LinkRaw, len(b), b, "")
	// A header with options.
	x := ip4(layers.IPProtocolTCP)
	x.Options = []layers.IPv4Option{{OptionType: 7, OptionLength: 7, OptionData: make([]byte, 5)}}
	b = serialize(x, tcpFrom(3), gopacket.Payload("o"))
	oracle(t, one(t, assigned.LinkRaw, len(b), b), b)
	// More captured than on the wire is believed, and counted.
	batch, totals := decode(assigned.LinkRaw, 3, ip)
	if len(batch.Segments) != 1 || len(totals.Problems) != 1 || totals.Problems[0].Kind != "captured-longer-than-wire" {
		t.Errorf("%+v", totals)
	}
}

// A snapped frame gives what it has; the length on the wire stays.
func TestSnapped(t *testing.T) {
	tcp := tcpFrom(9)
	tcp.Options = []layers.TCPOption{{OptionType: 1}, {OptionType: 1}, {OptionType: 8, OptionLength: 10, OptionData: []byte{0, 0, 0, 1, 0, 0, 0, 2}}}
	for _, ip := range [][]byte{tcp4(tcp, "payload"), tcp6(tcp, "payload")} {
		head := len(ip) - 32 - len("payload")
		for n := range len(ip) {
			switch {
			case n < head:
				none(t, assigned.LinkRaw, len(ip), ip[:n], "bad-ip-header")
			case n < head+14:
				none(t, assigned.LinkRaw, len(ip), ip[:n], "tcp-header-cut")
			default:
				s := one(t, assigned.LinkRaw, len(ip), ip[:n])
				if s.Len != 7 || string(s.Payload) != "payload"[:max(0, n-head-32)] || s.Seq != 0xfffffff0 || s.Options.Bad {
					t.Errorf("%d bytes: %+v", n, s)
				}
				if got, want := s.Options.HasTimestamps, n >= head+32; got != want {
					t.Errorf("%d bytes: timestamps %v", n, got)
				}
				if got, want := s.Window == 4321, n >= head+16; got != want {
					t.Errorf("%d bytes: window %d", n, s.Window)
				}
			}
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name, b string
		want    segment.Options
	}{
		{"RFC 9293 section 3.2: MSS", "\x02\x04\x05\xb4", segment.Options{MSS: 1460, HasMSS: true}},
		{"RFC 7323 section 2.3: at most 14", "\x03\x03\xff\x01", segment.Options{WindowScale: 14, HasWindowScale: true}},
		{"RFC 2018 section 2", "\x04\x02\x01\x01", segment.Options{SACKPermitted: true}},
		{"RFC 2018 section 3", "\x05\x12\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x01\x01",
			segment.Options{SACKBlocks: 2, SACK: [4]segment.Block{{Start: 1, End: 2}, {Start: 3, End: 4}}}},
		{"RFC 7323 appendix A", "\x01\x01\x08\x0a\x00\x00\x00\x05\x00\x00\x00\x06", segment.Options{TSVal: 5, TSEcr: 6, HasTimestamps: true}},
		{"in another order", "\x08\x0a\x00\x00\x00\x05\x00\x00\x00\x06\x01\x01", segment.Options{TSVal: 5, TSEcr: 6, HasTimestamps: true}},
		{"nothing counts behind the end", "\x00\x02\x04\x05", segment.Options{}},
		{"unknown ones are skipped", "\xfe\x04\x01\x02\x04\x02\x00\x00", segment.Options{SACKPermitted: true}},
		{"a signature", "\x13\x12" + strings.Repeat("s", 16) + "\x01\x01", segment.Options{Signed: true}},
		{"a signature by TCP-AO", "\x1d\x10\x01\x02" + strings.Repeat("s", 12), segment.Options{Signed: true}},
		{"length 0", "\x04\x02\x09\x00", segment.Options{SACKPermitted: true, Bad: true}},
		{"length 1", "\x09\x01\x04\x02", segment.Options{Bad: true}},
		{"past the header", "\x04\x02\x02\x04", segment.Options{SACKPermitted: true, Bad: true}},
		{"no length", "\x01\x01\x01\x02", segment.Options{Bad: true}},
		{"an MSS of one byte", "\x02\x03\x01\x01", segment.Options{Bad: true}},
		{"half a SACK block", "\x05\x06\x00\x00\x00\x01\x01\x01", segment.Options{Bad: true}},
	} {
		b := serialize(ip4(layers.IPProtocolTCP), tcpFrom(9))
		b = append(b, c.b...)
		b = append(b, "rest"...)
		b[32] = byte(5+len(c.b)/4) << 4
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		s := one(t, assigned.LinkRaw, len(b), b)
		if s.Options != c.want || string(s.Payload) != "rest" {
			t.Errorf("%s: %+v, want %+v", c.name, s.Options, c.want)
		}
	}
}

// Whatever encloses it, the innermost packet counts.
func TestTunnels(t *testing.T) {
	inner := tcp4(tcpFrom(5), "in")
	eth := slices.Concat(make([]byte, 12), be16(assigned.EtherIPv4), inner)
	udp := func(port layers.UDPPort, b ...[]byte) []byte {
		return serialize(ip4(layers.IPProtocolUDP), &layers.UDP{SrcPort: 5, DstPort: port}, gopacket.Payload(slices.Concat(b...)))
	}
	for name, b := range map[string][]byte{
		"IPv4 in IPv4":    serialize(ip4(layers.IPProtocolIPv4), gopacket.Payload(inner)),
		"IPv4 in IPv6":    serialize(ip6(layers.IPProtocolIPv4), gopacket.Payload(inner)),
		"GRE":             serialize(ip4(layers.IPProtocolGRE), gopacket.Payload(slices.Concat(be16(0, assigned.EtherIPv4), inner))),
		"VXLAN":           udp(4789, []byte{8, 0, 0, 0, 0, 0, 1, 0}, eth),
		"Geneve":          udp(6081, []byte{0, 0, 0x65, 0x58, 0, 0, 1, 0}, eth),
		"GTP-U":           udp(2152, []byte{0x30, 0xff, 0, byte(len(inner)), 0, 0, 0, 1}, inner),
		"GTP-U, numbered": udp(2152, []byte{0x32, 0xff, 0, byte(len(inner) + 4), 0, 0, 0, 1, 0, 7, 0, 0x85}, inner),
		"GTP-U, extended": udp(2152, []byte{0x34, 0xff, 0, byte(len(inner) + 16), 0, 0, 0, 1, 0, 0, 0, 0x85},
			[]byte{1, 0x10, 9, 0xc0}, []byte{2, 0, 0, 0, 0, 0, 0, 0}, inner),
		"GTP-U, extended by nothing": udp(2152, []byte{0x34, 0xff, 0, byte(len(inner) + 4), 0, 0, 0, 1, 0, 0, 0, 0}, inner),
	} {
		t.Run(name, func(t *testing.T) {
			oracle(t, one(t, assigned.LinkRaw, len(b), b), inner)
			for n := range b {
				decode(assigned.LinkRaw, len(b), b[:n])
			}
		})
	}
	b := inner
	for range maxLayers {
		b = serialize(ip4(layers.IPProtocolIPv4), gopacket.Payload(b))
	}
	none(t, assigned.LinkRaw, len(b), b, "nested-too-deep")
	icmp := serialize(ip4(layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: 0x0300}, gopacket.Payload(inner))
	none(t, assigned.LinkRaw, len(icmp), icmp, "")
	for name, head := range map[string][]byte{
		"echo request":     {0x30, 1, 0, byte(len(inner)), 0, 0, 0, 1},
		"error indication": {0x30, 26, 0, byte(len(inner)), 0, 0, 0, 1},
		"GTP prime":        {0x20, 0xff, 0, byte(len(inner)), 0, 0, 0, 1},
	} {
		b := udp(2152, head, inner)
		t.Run("GTP-U, "+name, func(t *testing.T) { none(t, assigned.LinkRaw, len(b), b, "") })
	}
	quic := udp(443, []byte{0xc0, 0, 0, 0, 1}, make([]byte, 20))
	if _, totals := decode(assigned.LinkRaw, len(quic), quic); totals.QUICPackets != 1 {
		t.Errorf("%+v", totals)
	}
}

// The four numbers of an IPv4 connection and those of a mapped IPv6 one are not the same.
func TestMappedIsAnotherFamily(t *testing.T) {
	mapped := ip6(layers.IPProtocolTCP)
	mapped.SrcIP, mapped.DstIP = slices.Concat(make([]byte, 10), be16(0xffff), []byte{10, 0, 0, 1}), slices.Concat(make([]byte, 10), be16(0xffff), []byte{10, 0, 0, 2})
	b6, b4 := serialize(mapped, tcpFrom(9)), serialize(ip4(layers.IPProtocolTCP), tcpFrom(9))
	s6, s4 := one(t, assigned.LinkRaw, len(b6), b6), one(t, assigned.LinkRaw, len(b4), b4)
	if s6.Key == s4.Key || s6.From().String() != "[::ffff:10.0.0.1]:9" || s4.From().String() != "10.0.0.1:9" {
		t.Errorf("%v and %v", s6.From(), s4.From())
	}
}

func kinds(t segment.Totals) string {
	var all []string
	for _, p := range t.Problems {
		all = append(all, p.Kind)
	}
	return strings.Join(all, " ")
}

func TestClockAndLoopback(t *testing.T) {
	x := ip4(layers.IPProtocolTCP)
	x.SrcIP, x.DstIP = net.IP{127, 0, 0, 1}, net.IP{127, 0, 0, 9}
	local := serialize(x, tcpFrom(9))
	for _, c := range []struct {
		back  segment.Time
		kinds string
	}{
		{1e6, "packet-without-time"}, // other processors', written a moment later
		{1e6 + 1, "clock-stepped-back packet-without-time"},
	} {
		d := decoder{loopback: true}
		var b segment.Batch
		for _, at := range []segment.Time{10, 20e6, 20e6 - c.back, 30e6} {
			d.packet(&b, &packet{data: local, link: assigned.LinkRaw, orig: len(local), time: at, timed: true})
		}
		d.packet(&b, &packet{data: local, link: assigned.LinkRaw, orig: len(local)})
		totals := d.sums()
		for i, want := range []segment.Time{10, 20e6, 20e6, 30e6, 30e6} {
			if b.Segments[i].Time != want {
				t.Errorf("segment %d: time %d, want %d", i, b.Segments[i].Time, want)
			}
		}
		if !totals.Loopback || totals.Start != 10 || totals.End != 30e6 || kinds(totals) != c.kinds {
			t.Errorf("%+v", totals)
		}
	}
	d := decoder{loopback: true}
	var b segment.Batch
	d.packet(&b, &packet{data: local, link: assigned.LinkRaw, orig: len(local)})
	d.packet(&b, &packet{data: tcp4(tcpFrom(9), ""), link: assigned.LinkRaw, orig: 40})
	if d.sums().Loopback {
		t.Error("still taken for loopback")
	}
	if n := d.sums().Unread; n != 0 {
		t.Errorf("%d packets not looked into", n)
	}
	d.packet(&b, &packet{data: local, link: 999, orig: len(local)})
	if n := d.sums().Unread; n != 1 {
		t.Errorf("%d packets not looked into, want that of an unknown link", n)
	}
}

// Time handed on never goes back; what came a little early is as late as the packet before.
// After a step it goes on as the clock does, until another clock's packets come again.
func TestClockSteps(t *testing.T) {
	const s = segment.Time(time.Second)
	for _, x := range []struct{ name, at, want string }{
		{"reordered", "0 500 400 600", "0 500 500 600"},
		{"set back", "5000 6000 1000 2000 1900 3000", "5000 6000 6000 7000 7000 8000"},
		{"set back twice", "9000 5000 6000 1000 2000", "9000 9000 10000 10000 11000"},
		{"two clocks", "9000 1000 9100 1100 9200 1200", "9000 9000 9100 9100 9200 9200"},
		{"some packets once more", "5000 9000 5000 8900 5000 8950 9100", "5000 9000 9000 9000 9000 9000 9100"},
		{"wrong once", "9000000 0 8998000 8999000 9001000", "9000000 9000000 9000000 9000000 9001000"},
		{"near the end of time", "9223372036000 0 9223372034000 4000000000000 4000000001000", "9223372036000 9223372036000 9223372036000 9223372036000 9223372036000"},
		{"set back, then right again", "9000 1000 1500 20000", "9000 9000 9500 20000"},
	} {
		d := decoder{}
		var b segment.Batch
		frame := tcp4(tcpFrom(9), "")
		for _, at := range strings.Fields(x.at) {
			ms, _ := strconv.Atoi(at)
			d.packet(&b, &packet{data: frame, link: assigned.LinkRaw, orig: len(frame), time: segment.Time(ms) * (s / 1000), timed: true})
		}
		var got []string
		for i := range b.Segments {
			got = append(got, strconv.Itoa(int(b.Segments[i].Time/(s/1000))))
		}
		if strings.Join(got, " ") != x.want {
			t.Errorf("%s: %v, want %s", x.name, got, x.want)
		}
	}
}

// FuzzDecode: no packet of any link type may panic, or give a segment that
// contradicts itself.
func FuzzDecode(f *testing.F) {
	for _, w := range append(wrap(4, tcp4(tcpFrom(7), "inner")), wrap(6, tcp6(tcpFrom(7), "inner"))...) {
		f.Add(w.link, len(w.b), w.b)
	}
	for _, link := range []uint32{0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 9, 10, 105, 117, 119, 127, 220, 300} {
		f.Add(link, 0, frame(1, "abc"))
		f.Add(link, 90, frame(1, "abc")[14:])
		f.Add(link, 90, tcp6(tcpFrom(1), "abc", []byte{60, 0, 1, 4, 0, 0, 0, 0}))
		f.Add(link, 0, serialize(ip4(layers.IPProtocolGRE), gopacket.Payload(strings.Repeat("\x00\x00\x08\x00\x45", 9))))
	}
	f.Fuzz(func(t *testing.T, link uint32, wire int, b []byte) {
		wire &= 0xffffffff // what a file can say
		batch, totals := decode(link, wire, b)
		if totals.Packets != 1 || totals.Segments != int64(len(batch.Segments)) || len(batch.Segments) > maxLayers {
			t.Fatalf("%+v", totals)
		}
		for _, s := range batch.Segments {
			if len(s.Payload) > s.Len || s.Options.SACKBlocks > 4 || s.Options.WindowScale > 14 || s.Key.B.Less(s.Key.A) {
				t.Fatalf("%+v", s)
			}
		}
	})
}

// The largest packets, made to be slow, must not hold up a capture: encapsulation
// repeated to the end of the packet.
func TestHostileNesting(t *testing.T) {
	eth := func(typ uint16) []byte { return slices.Concat(make([]byte, 12), be16(typ)) }
	for name, c := range map[string]struct {
		link uint32
		head []byte
		unit []byte
	}{
		"MPLS":       {assigned.LinkEthernet, eth(assigned.EtherMPLS), []byte{0, 1, 0, 64}},
		"VLAN":       {assigned.LinkEthernet, eth(assigned.EtherVLAN), be16(1, assigned.EtherVLAN)},
		"MAC-in-MAC": {assigned.LinkEthernet, eth(assigned.EtherBackbone), slices.Concat(make([]byte, 16), be16(assigned.EtherBackbone))},
		"IP in IP":   {assigned.LinkRaw, nil, slices.Concat([]byte{0x45, 0, 0, 0}, make([]byte, 4), []byte{9, 4, 0, 0}, make([]byte, 8))},
		"GRE in IP":  {assigned.LinkRaw, nil, slices.Concat([]byte{0x45, 0, 0, 0}, make([]byte, 4), []byte{9, 47, 0, 0}, make([]byte, 8), be16(0, assigned.EtherIPv4))},
		"GRE":        {assigned.LinkRaw, slices.Concat([]byte{0x45, 0, 0, 0}, make([]byte, 4), []byte{9, 47, 0, 0}, make([]byte, 8)), be16(0, assigned.EtherBridged, 0, 0, 0, 0, 0, 0, 0x880b)},
		"PPP":        {9, nil, be16(0x21, 0x57)},
		"multilink":  {9, nil, be16(assigned.PPPMultilink, 0xc000, 7)},
		"GRE routes": {assigned.LinkRaw, slices.Concat([]byte{0x45, 0, 0, 0}, make([]byte, 4), []byte{9, 47, 0, 0}, make([]byte, 8), be16(0x4000, assigned.EtherIPv4, 0, 0)), []byte{1, 1, 0, 0}},
		"ISL":        {assigned.LinkEthernet, nil, slices.Concat([]byte{1, 0, 12, 0, 0, 1}, make([]byte, 8), be16(0xaaaa, 0x0300), make([]byte, 8))},
		"PPI":        {assigned.LinkPPI, nil, []byte{0, 0, 8, 0, 192, 0, 0, 0}},
		"NFLOG":      {assigned.LinkNFLOG, []byte{2, 0, 0, 0}, []byte{4, 0, 1, 0}},
		"GTP-U":      {assigned.LinkEthernet, inUDP(5, portGTPU, []byte{0x34, 0xff, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0x85}), []byte{1, 0x10, 9, 0xc0}},
		"radiotap":   {127, nil, []byte{0, 0, 8, 0, 0, 0, 0, 0x80}},
		"options":    {assigned.LinkRaw, slices.Concat([]byte{0x60, 0, 0, 0, 0, 0, 60, 1}, make([]byte, 32)), []byte{60, 0, 1, 4, 0, 0, 0, 0}},
	} {
		for _, size := range []int{60 << 10, maxSlow, 1 << 20} {
			b := slices.Concat(c.head, bytes.Repeat(c.unit, size/len(c.unit)-1-len(c.head)/len(c.unit)))
			start := time.Now()
			_, totals := decode(c.link, len(b), b)
			if d := time.Since(start); d > time.Second {
				t.Errorf("%s of %d bytes: %v", name, size, d)
			} else {
				t.Logf("%s of %d bytes: %v, %s", name, size, d, kinds(totals))
			}
		}
	}
}
