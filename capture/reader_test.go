package capture

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	mathbig "math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcpwarm/capture/segment"
)

// seen is what a test keeps of a segment; payloads are copied.
type seen struct {
	segment.Segment
	payload string
}

// drain reads r to its end. It returns nil for a clean one.
func drain(t testing.TB, r *Reader) (all []seen, err error) {
	t.Helper()
	var b segment.Batch
	for range 1 << 20 {
		err = r.Fill(&b)
		for _, s := range b.Segments {
			all = append(all, seen{s, string(s.Payload)})
		}
		if err != nil {
			if again := r.Fill(&b); again != err || len(b.Segments) != 0 {
				t.Fatalf("after %v, Fill says %v and %d segments", err, again, len(b.Segments))
			}
			if err == io.EOF {
				err = nil
			}
			return all, err
		}
	}
	t.Fatal("the capture does not end")
	return nil, nil
}

func read(t testing.TB, b []byte) ([]seen, segment.Totals, error) {
	t.Helper()
	r, err := OpenReader("test", bytes.NewReader(b))
	if err != nil {
		return nil, segment.Totals{}, err
	}
	all, err := drain(t, r)
	return all, r.Totals(), err
}

// frame returns an Ethernet frame with a TCP segment; its port is 1000+i.
func frame(i int, payload string) []byte {
	return serialize(
		&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4},
		ip4(layers.IPProtocolTCP), tcpFrom(1000+i), gopacket.Payload(payload))
}

// A pcapWriter writes classic captures by hand.
type pcapWriter struct {
	bytes.Buffer
	order binary.AppendByteOrder
	magic uint32
}

func newPcapFile(order binary.AppendByteOrder, magic, snap, link uint32) *pcapWriter {
	w := &pcapWriter{order: order, magic: magic}
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, snap)
	w.Write(order.AppendUint32(b, link))
	return w
}

func (w *pcapWriter) packet(sec, frac uint32, orig int, data []byte) {
	b := w.order.AppendUint32(nil, sec)
	b = w.order.AppendUint32(b, frac)
	b = w.order.AppendUint32(b, uint32(len(data)))
	b = w.order.AppendUint32(b, uint32(orig))
	if w.magic == magicModified {
		b = append(b, make([]byte, 8)...)
	}
	w.Write(append(b, data...))
}

func TestPcapFormats(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, c := range []struct {
			magic uint32
			tick  int64
		}{{magicMicro, 1000}, {magicNano, 1}, {magicModified, 1000}} {
			for _, link := range []uint32{1, 0x14000001, 0xfc000001} { // FCS bits: draft-ietf-opsawg-pcap section 4
				w := newPcapFile(order, c.magic, 0, link)
				w.packet(7, 8, 60, frame(1, "ab"))
				w.packet(0xffffffff, 999999, 60, frame(2, ""))
				all, totals, err := read(t, w.Bytes())
				if err != nil || len(all) != 2 || totals.Packets != 2 || totals.Segments != 2 {
					t.Fatalf("%v %#x: %d segments, %+v, %v", order, c.magic, len(all), totals, err)
				}
				if want := segment.Time(7e9 + 8*c.tick); all[0].Time != want || totals.Start != want {
					t.Errorf("%v %#x: time %d, want %d", order, c.magic, all[0].Time, want)
				}
				if want := segment.Time(0xffffffff*int64(1e9) + 999999*c.tick); all[1].Time != want || totals.End != want {
					t.Errorf("%v %#x: time %d, want %d", order, c.magic, all[1].Time, want)
				}
				if all[0].payload != "ab" || all[0].From().Port != 1001 || all[1].From().Port != 1002 || all[1].Packet != 2 {
					t.Errorf("%v %#x: %+v", order, c.magic, all)
				}
			}
		}
	}
}

// What the packet library's writers (gopacket v1.1.19, pcapgo: NewWriter,
// NewWriterNanos, NewNgWriter) made of one packet, kept as bytes since they need
// a module more.
func TestLibraryWriters(t *testing.T) {
	for name, file := range map[string]string{
		"micro": "d4c3b2a1020004000000000000000000ffff00006500000000f1536540e201002b0000002b0000004500002b000000003d06" +
			"69cb0a0000010a00000203e80050000000000000000050100000b6310000686579",
		"nano": "4d3cb2a1020004000000000000000000ffff00006500000000f1536500ca5b072b0000002b0000004500002b000000003d06" +
			"69cb0a0000010a00000203e80050000000000000000050100000b6310000686579",
		"pcapng": "0a0d0d0a440000004d3c2b1a01000000ffffffffffffffff04000800676f7061636b657402000500616d6436340000000300" +
			"05006c696e757800000000000000440000000100000038000000650000000000000002000500696e7466300000000c000500" +
			"6c696e757800000009000100090000000000000038000000060000004c00000000000000fe9c971700ca853d2b0000002b00" +
			"00004500002b000000003d0669cb0a0000010a00000203e80050000000000000000050100000b6310000686579004c000000",
	} {
		b, err := hex.DecodeString(file)
		if err != nil {
			t.Fatal(err)
		}
		all, _, err := read(t, b)
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %d segments, %v", name, len(all), err)
		}
		if s := all[0]; s.payload != "hey" || s.From().String() != "10.0.0.1:1000" || s.Time != 1700000000123456000 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestGzipAndSeveralFiles(t *testing.T) {
	file := func(i int) []byte {
		w := newPcapFile(binary.LittleEndian, magicMicro, 65535, 1)
		w.packet(uint32(i), 0, 56, frame(i, "p"))
		return w.Bytes()
	}
	dir := t.TempDir()
	names := []string{filepath.Join(dir, "a"), "-", filepath.Join(dir, "c")}
	os.WriteFile(names[0], file(1), 0o600)
	os.WriteFile(names[2], zipped(file(3)), 0o600)
	r, err := OpenAll(names, bytes.NewReader(file(2)))
	if err != nil {
		t.Fatal(err)
	}
	all, err := drain(t, r)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d segments, %v", len(all), err)
	}
	for i, s := range all {
		if s.Packet != int64(i+1) || s.From().Port != uint16(1001+i) {
			t.Errorf("segment %d: %+v", i, s)
		}
	}
	if r.Totals().Packets != 3 || len(r.Totals().Files) != 3 || r.file != nil {
		t.Errorf("%+v", r.Totals())
	}

	if _, size := r.Progress(); size != 0 {
		t.Errorf("with standard input there are %d bytes", size)
	}
	// How far it is, is counted as it lies on disk.
	if r, err = OpenAll([]string{names[0], names[2]}, nil); err != nil {
		t.Fatal(err)
	}
	drain(t, r)
	if done, size := r.Progress(); done != size || size != int64(len(file(1))+len(zipped(file(3)))) {
		t.Errorf("%d of %d bytes read at the end", done, size)
	}

	// A file that cannot be read ends it, with what came before.
	if r, err = OpenAll([]string{names[0], dir}, nil); err != nil {
		t.Fatal(err)
	}
	if all, err = drain(t, r); err == nil || len(all) != 1 {
		t.Errorf("a directory: %d segments, %v", len(all), err)
	}
	// Of a cut gzip file all whole packets are read.
	z := zipped(bytes.Join([][]byte{file(1), file(1)[24:]}, nil))
	all, _, err = read(t, z[:len(z)-9])
	if wantFormatError(t, err); len(all) > 2 {
		t.Errorf("cut gzip: %d segments", len(all))
	}
	for _, bad := range []string{"", "\xd4", "\xd4\xc3\xb2", "\xd4\xc3\xb2\xa1\x02", "hello world", "\x1f\x8b", "\x1f\x8bxxxxxxxxxxxx"} {
		_, err := OpenReader("bad", strings.NewReader(bad))
		wantFormatError(t, err)
	}
}

func wantFormatError(t *testing.T, err error) *FormatError {
	t.Helper()
	var f *FormatError
	if !errors.As(err, &f) {
		t.Fatalf("%v is no FormatError", err)
	}
	if f.Error() == "" || f.Err == nil || f.Offset < 0 {
		t.Errorf("%#v", f)
	}
	return f
}

// A ngWriter writes pcapng by hand and notes where blocks end.
type ngWriter struct {
	bytes.Buffer
	order   binary.AppendByteOrder
	ends    []int
	packets []int // packets up to each end
}

func newNG(order binary.AppendByteOrder) *ngWriter {
	w := &ngWriter{order: order}
	w.section()
	return w
}

func (w *ngWriter) section() {
	b := w.order.AppendUint32(nil, byteOrderMagic)
	b = w.order.AppendUint16(b, 1)
	b = w.order.AppendUint16(b, 0)
	w.block(blockSection, append(b, bytes.Repeat([]byte{0xff}, 8)...))
}

func (w *ngWriter) block(typ uint32, body []byte) {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	n := uint32(len(body) + 12)
	b := w.order.AppendUint32(w.order.AppendUint32(nil, typ), n)
	w.Write(w.order.AppendUint32(append(b, body...), n))
	had := 0
	if len(w.packets) > 0 {
		had = w.packets[len(w.packets)-1]
	}
	if typ == blockEnhanced || typ == blockSimple || typ == blockOldPacket {
		had++
	}
	w.ends, w.packets = append(w.ends, w.Len()), append(w.packets, had)
}

func (w *ngWriter) option(code uint16, v []byte) []byte {
	b := w.order.AppendUint16(w.order.AppendUint16(nil, code), uint16(len(v)))
	b = append(b, v...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func (w *ngWriter) iface(link uint16, snap uint32, options ...[]byte) {
	b := w.order.AppendUint16(w.order.AppendUint16(nil, link), 0)
	b = w.order.AppendUint32(b, snap)
	w.block(blockInterface, append(b, bytes.Join(options, nil)...))
}

func (w *ngWriter) enhanced(id uint32, units uint64, orig int, data []byte) {
	b := w.order.AppendUint32(nil, id)
	b = w.order.AppendUint32(b, uint32(units>>32))
	b = w.order.AppendUint32(b, uint32(units))
	b = w.order.AppendUint32(b, uint32(len(data)))
	b = w.order.AppendUint32(b, uint32(orig))
	w.block(blockEnhanced, append(b, data...))
}

func (w *ngWriter) simple(orig int, data []byte) {
	w.block(blockSimple, append(w.order.AppendUint32(nil, uint32(orig)), data...))
}

// Clocks are exact: draft-ietf-opsawg-pcapng section 4.2, if_tsresol and
// if_tsoffset.
func TestClocks(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, c := range []struct {
			res    byte
			offset int64
		}{{6, 0}, {9, 0}, {0, 0}, {3, -5}, {12, 1600000000}, {18, 1600000000}, {19, 0}, {0x80, 0}, {0x80 | 20, 0}, {0x80 | 32, 0}, {0x80 | 32, 1}, {0x80 | 63, 7}} {
			exp := int64(c.res & 0x7f)
			unit := new(mathbig.Int).Exp(mathbig.NewInt(10), mathbig.NewInt(exp), nil)
			if c.res&0x80 != 0 {
				unit = new(mathbig.Int).Lsh(mathbig.NewInt(1), uint(exp))
			}
			for _, frac := range []string{"0", "1", "1700000000.999999999", "1700000000.5", "3.000000001"} {
				want, _ := new(mathbig.Rat).SetString(frac)
				units := new(mathbig.Int).Mul(want.Num(), unit)
				units.Div(units, want.Denom())
				if !units.IsUint64() {
					continue
				}
				ns := new(mathbig.Int).Mul(units, mathbig.NewInt(1e9))
				ns.Div(ns, unit)
				if ns.Int64()+c.offset*1e9 < 0 { // before 1970: see TestTimesBefore1970
					continue
				}
				w := newNG(order)
				w.iface(1, 0, w.option(9, []byte{c.res}), w.option(14, order.AppendUint64(nil, uint64(c.offset))), w.option(0, nil))
				w.enhanced(0, units.Uint64(), 60, frame(1, ""))
				all, _, err := read(t, w.Bytes())
				if err != nil || len(all) != 1 {
					t.Fatalf("tsresol %#x: %d segments, %v", c.res, len(all), err)
				}
				if got := int64(all[0].Time) - c.offset*1e9; got != ns.Int64() {
					t.Errorf("tsresol %#x, %s s: %d ns, want %d", c.res, frac, got, ns)
				}
			}
		}
	}
	for _, res := range []byte{127, 0xff, 20, 0x80 | 64} { // no second fits into its 64 bits
		w := newNG(binary.LittleEndian)
		w.iface(1, 0, w.option(9, []byte{res}))
		w.enhanced(0, 1<<62, 60, frame(1, ""))
		all, totals, err := read(t, w.Bytes())
		if err != nil || len(all) != 1 || totals.Timed || kinds(totals) != "packet-without-time" {
			t.Errorf("tsresol %#x: %d segments, %+v, %v", res, len(all), totals, err)
		}
	}
}

// severalInterfaces is a capture with all that matters in it.
func severalInterfaces(order binary.AppendByteOrder) *ngWriter {
	w := newNG(order)
	w.iface(1, 60)
	w.iface(101, 0, w.option(9, []byte{9}), w.option(0, nil))
	f := frame(1, strings.Repeat("y", 40))
	w.enhanced(0, 1e6, len(f), f[:61])
	w.enhanced(1, 2e9, 0, frame(2, "abc")[14:])
	w.block(0xbad, []byte("unknown blocks are skipped"))
	w.simple(len(f), f[:60])
	w.block(blockOldPacket, append(order.AppendUint32(order.AppendUint32(order.AppendUint32(order.AppendUint32(
		order.AppendUint16(order.AppendUint16(nil, 0), 77), 0), 3e6), uint32(len(f))), uint32(len(f))), f...))
	w.section()
	w.iface(101, 0)
	w.enhanced(0, 4e6, len(f)-14, f[14:])
	return w
}

func TestInterfaces(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		all, totals, err := read(t, severalInterfaces(order).Bytes())
		if err != nil || len(all) != 5 {
			t.Fatalf("%d segments, %v", len(all), err)
		}
		for i, want := range []struct {
			sec, port, len, held int
		}{{1, 1001, 40, 7}, {2, 1002, 3, 3}, {2, 1001, 40, 6}, {3, 1001, 40, 40}, {4, 1001, 40, 40}} {
			s := all[i]
			if int(s.Time) != want.sec*1e9 || int(s.From().Port) != want.port || s.Len != want.len || len(s.payload) != want.held {
				t.Errorf("packet %d: %+v, want %+v", i+1, s, want)
			}
		}
		if totals.Packets != 5 || !totals.Timed || totals.Start != 1e9 || totals.End != 4e9 {
			t.Errorf("%+v", totals)
		}
	}
}

// A file that is cut gives all packets before the cut, and an error unless the
// cut is at a record's end.
func TestTruncation(t *testing.T) {
	micro := newPcapFile(binary.BigEndian, magicMicro, 0, 1)
	ends, packets := []int{micro.Len()}, []int{0}
	for i := range 3 {
		micro.packet(1, 1, 56, frame(i, "z"))
		ends, packets = append(ends, micro.Len()), append(packets, i+1)
	}
	ng := severalInterfaces(binary.LittleEndian)
	for _, c := range []struct {
		name          string
		b             []byte
		ends, packets []int
	}{{"pcap", micro.Bytes(), ends, packets}, {"pcapng", ng.Bytes(), ng.ends, ng.packets}} {
		for n := range c.b {
			all, _, err := read(t, c.b[:n])
			want, clean := 0, false
			for i, end := range c.ends {
				if end <= n {
					want, clean = c.packets[i], end == n
				}
			}
			if len(all) != want || (err == nil) != clean {
				t.Fatalf("%s cut to %d bytes: %d segments, want %d; %v, clean %v", c.name, n, len(all), want, err, clean)
			}
			if !clean {
				if f := wantFormatError(t, err); f.Packet != int64(want) || f.Offset > int64(n) {
					t.Fatalf("%s cut to %d bytes: %v, want packet %d", c.name, n, f, want)
				}
			}
		}
	}
}

func TestBrokenBlocks(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(w *ngWriter)
	}{
		{"length 0", func(w *ngWriter) { w.Write([]byte{6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) }},
		{"length 8", func(w *ngWriter) { w.Write([]byte{6, 0, 0, 0, 8, 0, 0, 0}) }},
		{"unaligned", func(w *ngWriter) { w.Write([]byte{6, 0, 0, 0, 33, 0, 0, 0}); w.Write(make([]byte, 64)) }},
		{"huge", func(w *ngWriter) { w.Write([]byte{6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff}); w.Write(make([]byte, 64)) }},
		{"lengths differ", func(w *ngWriter) { w.Write([]byte{9, 0, 0, 0, 12, 0, 0, 0, 16, 0, 0, 0}) }},
		{"undeclared interface", func(w *ngWriter) { w.enhanced(1, 0, 60, frame(1, "")) }},
		{"huge interface", func(w *ngWriter) { w.enhanced(0xffffffff, 0, 60, frame(1, "")) }},
		{"none in this section", func(w *ngWriter) { w.section(); w.simple(60, frame(1, "")) }},
		{"short packet block", func(w *ngWriter) { w.block(blockEnhanced, make([]byte, 16)) }},
		{"short simple block", func(w *ngWriter) { w.block(blockSimple, nil) }},
		{"short interface", func(w *ngWriter) { w.block(blockInterface, make([]byte, 4)) }},
		{"option past the block", func(w *ngWriter) { w.block(blockInterface, []byte{1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 9, 0}) }},
		{"short section", func(w *ngWriter) { w.block(blockSection, []byte{0x4d, 0x3c, 0x2b, 0x1a}) }},
		{"no magic", func(w *ngWriter) { w.block(blockSection, make([]byte, 16)) }},
		{"version 2", func(w *ngWriter) {
			w.block(blockSection, append([]byte{0x4d, 0x3c, 0x2b, 0x1a, 2, 0}, make([]byte, 10)...))
		}},
		{"data past the block", func(w *ngWriter) {
			b := make([]byte, 24)
			b[12] = 200
			w.block(blockEnhanced, b)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newNG(binary.LittleEndian)
			w.iface(1, 0)
			w.enhanced(0, 0, 60, frame(1, ""))
			c.write(w)
			w.enhanced(0, 0, 60, frame(1, ""))
			all, _, err := read(t, w.Bytes())
			if f := wantFormatError(t, err); len(all) != 1 || f.Packet != 1 {
				t.Errorf("%d segments, %v", len(all), err)
			}
		})
	}
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, 1)
	w.packet(1, 1, 60, frame(1, ""))
	w.Write([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	all, _, err := read(t, w.Bytes())
	if f := wantFormatError(t, err); len(all) != 1 || f.Packet != 1 {
		t.Errorf("pcap, huge length: %d segments, %v", len(all), err)
	}
}

// One packet longer than a block gets a block of its own, and payloads stay what
// they were when it does not fit behind others.
func TestLongPackets(t *testing.T) {
	long := frame(1, "0123456789"+strings.Repeat("v", 1000))
	long = append(long, bytes.Repeat([]byte("L"), blockSize)...) // padding
	micro, ng := newPcapFile(binary.LittleEndian, magicMicro, 0, 1), newNG(binary.LittleEndian)
	ng.iface(1, 0)
	for range 3 {
		for range 400 {
			f := frame(2, strings.Repeat("s", 900))
			micro.packet(1, 0, len(f), f)
			ng.enhanced(0, 1e6, len(f), f)
		}
		micro.packet(1, 0, len(long), long)
		ng.enhanced(0, 1e6, len(long), long)
	}
	for _, b := range [][]byte{micro.Bytes(), ng.Bytes()} {
		all, totals, err := read(t, b)
		if err != nil || len(all) != 1203 || totals.Packets != 1203 {
			t.Fatalf("%d segments, %+v, %v", len(all), totals, err)
		}
		for i, s := range all {
			want := strings.Repeat("s", 900)
			if i%401 == 400 {
				want = "0123456789" + strings.Repeat("v", 1000)
			}
			if s.payload != want || s.Packet != int64(i+1) {
				t.Fatalf("segment %d of packet %d: a payload of %d bytes", i, s.Packet, len(s.payload))
			}
		}
	}
}

// Millions of packets without TCP must not nest calls.
func TestNoTCPAtAll(t *testing.T) {
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, 1)
	arp := make([]byte, 60)
	arp[12], arp[13] = 8, 6
	for range 50000 {
		w.packet(1, 0, 60, arp)
	}
	all, totals, err := read(t, w.Bytes())
	if err != nil || len(all) != 0 || totals.Packets != 50000 || totals.Bytes != 3000000 {
		t.Errorf("%d segments, %+v, %v", len(all), totals, err)
	}
}

type endless struct {
	b  []byte
	at int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.b[e.at:])
	if e.at += n; e.at == len(e.b) {
		e.at = 24
	}
	return n, nil
}

func TestNoAllocation(t *testing.T) {
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, 1)
	for i := range 100 {
		w.packet(1, 0, 156, frame(i, strings.Repeat("x", 100)))
	}
	r, err := OpenReader("test", &endless{b: w.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	var b segment.Batch
	fill := func() {
		if err := r.Fill(&b); err != nil || len(b.Segments) == 0 {
			t.Fatal(err, len(b.Segments))
		}
	}
	for range 3 {
		fill()
	}
	if a := testing.AllocsPerRun(20, fill); a != 0 {
		t.Errorf("%v allocations for a batch, want 0", a)
	}
}

// corpus holds captures of other projects; it is not part of this one.
const corpus = "../../shared/corpus/captures"

func TestCorpus(t *testing.T) {
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the shared captures are not here")
	}
	filepath.WalkDir(corpus, func(name string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		r, err := OpenAll([]string{name}, nil)
		if err != nil {
			return nil // not every file there is a capture
		}
		defer r.Close()
		all, err := drain(t, r)
		if err != nil {
			wantFormatError(t, err)
		}
		if totals := r.Totals(); totals.Segments != int64(len(all)) || totals.Packets < totals.Segments {
			t.Errorf("%s: %+v, %d segments", name, totals, len(all))
		}
		for _, s := range all {
			if len(s.payload) > s.Len {
				t.Errorf("%s: packet %d holds %d bytes of %d", name, s.Packet, len(s.payload), s.Len)
			}
		}
		return nil
	})
}

// FuzzReader: whatever the bytes, reading ends, and takes no more memory than
// the file justifies.
func FuzzReader(f *testing.F) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, magic := range []uint32{magicMicro, magicNano, magicModified} {
			w := newPcapFile(order, magic, 0, 1)
			w.packet(1, 0, 60, frame(1, "ab"))
			f.Add(w.Bytes())
		}
		f.Add(severalInterfaces(order).Bytes())
	}
	f.Add(zipped(severalInterfaces(binary.LittleEndian).Bytes()))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := OpenReader("fuzz", bytes.NewReader(b))
		if err != nil {
			wantFormatError(t, err)
			return
		}
		var batch segment.Batch
		for n := 0; err == nil; n++ {
			if n > len(b)*1100+10 { // gzip expands by at most 1032
				t.Fatal("it does not end")
			}
			err = r.Fill(&batch)
			if cap(batch.Bytes) > maxBlock || len(batch.Segments) > maxInBatch {
				t.Fatalf("a batch of %d bytes, %d segments", cap(batch.Bytes), len(batch.Segments))
			}
			for i := range batch.Segments {
				if s := &batch.Segments[i]; len(s.Payload) > s.Len || s.Packet < 1 || s.Options.SACKBlocks > 4 {
					t.Fatalf("%+v", s)
				}
			}
		}
		if err != io.EOF {
			wantFormatError(t, err)
		}
		if totals := r.Totals(); totals.Segments > totals.Packets {
			t.Fatalf("%+v", totals)
		}
	})
}

// A time before 1970 is no time: packets were not captured then.
func TestTimesBefore1970(t *testing.T) {
	order := binary.LittleEndian
	for offset, untimed := range map[int64]bool{-5: true, -3: false} {
		w := newNG(order)
		w.iface(1, 0, w.option(9, []byte{0}), w.option(14, order.AppendUint64(nil, uint64(offset))), w.option(0, nil))
		w.enhanced(0, 3, 60, frame(1, ""))
		all, _, err := read(t, w.Bytes())
		if err != nil || len(all) != 1 || all[0].Untimed != untimed {
			t.Errorf("3 s with an offset of %d s: %v, %v, want untimed %v", offset, all, err, untimed)
		}
	}
}

// Nor is one so late that what is due after it has no place in a Time, or that a clock that was
// set back makes so late.
func TestTimesBeyondTheLatest(t *testing.T) {
	order := binary.LittleEndian
	latest := uint64(segment.Latest/1e9) - 2
	w := newNG(order)
	w.iface(1, 0, w.option(9, []byte{0}), w.option(0, nil))
	for _, at := range []uint64{latest, latest + 2, 1000, 1010, math.MaxUint64} {
		w.enhanced(0, at, 60, frame(1, ""))
	}
	all, _, err := read(t, w.Bytes())
	if err != nil || len(all) != 5 {
		t.Fatalf("%d segments, %v", len(all), err)
	}
	for i, untimed := range []bool{false, true, true, true, true} {
		if s := &all[i]; s.Untimed != untimed || s.Time != segment.Time(latest)*1e9 {
			t.Errorf("packet %d: %v, untimed %v, want %v", i+1, s.Time.Std(), s.Untimed, untimed)
		}
	}
}
