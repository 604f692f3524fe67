package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// annotated is what Annotate makes of b.
func annotated(t *testing.T, b []byte, c Comments) (out []byte, unplaced int64) {
	t.Helper()
	r, err := OpenReader("test", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var to bytes.Buffer
	if unplaced, err = r.Annotate(&to, c); err != nil {
		t.Fatal(err)
	}
	return to.Bytes(), unplaced
}

// said returns the comments of a capture: of its sections, and of packets by number.
func said(t *testing.T, b []byte) (sections []string, packets map[int64][]string) {
	t.Helper()
	var f pcapng
	packets = map[int64][]string{}
	var number int64
	for len(b) > 0 {
		var p packet
		n, err := f.record(b, &p)
		if err != nil || n > len(b) {
			t.Fatalf("a block of %d bytes, %v", n, err)
		}
		from := 0
		switch f.order.uint32(b) {
		case blockSection:
			from = 24
		case blockEnhanced, blockOldPacket:
			from = 28 + (len(p.data)+3)/4*4
		}
		if !p.none {
			number++
		}
		if from > 0 {
			err := options(b[from:n-4], f.order, func(code uint16, v []byte) error {
				if code == 1 && from == 24 {
					sections = append(sections, string(v))
				} else if code == 1 {
					packets[number] = append(packets[number], string(v))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		b = b[n:]
	}
	return sections, packets
}

// variety returns captures of all kinds that are read, each of three packets.
func variety() map[string][]byte {
	all := map[string][]byte{}
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, magic := range []uint32{magicMicro, magicNano, magicModified} {
			w := newPcapFile(order, magic, 96, assigned.LinkRaw)
			for i := range 3 {
				w.packet(uint32(5+i), 999999, 60+i, frame(i, "abcde"[:i])[14:])
			}
			all[fmt.Sprintf("pcap %v %#x", order, magic)] = w.Bytes()
		}
		w := newNG(order)
		w.iface(assigned.LinkEthernet, 77, w.option(2, []byte("eth0")), w.option(9, []byte{9}), w.option(0, nil))
		w.iface(assigned.LinkRaw, 0, w.option(1, []byte("of an interface")))
		w.enhanced(0, 1<<40+1, 60, frame(0, "a"))
		secrets := order.AppendUint32(order.AppendUint32(nil, secretsTLS), 7)
		w.block(blockSecrets, append(secrets, "secrets"...))
		b := order.AppendUint16(order.AppendUint16(nil, 1), 9) // the obsolete packet block
		b = order.AppendUint32(order.AppendUint32(b, 2), 3)
		old := frame(1, "xy")[14:]
		b = order.AppendUint32(order.AppendUint32(b, uint32(len(old))), uint32(len(old)))
		b = append(b, old...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
		w.block(blockOldPacket, append(b, append(w.option(2, []byte{0, 0, 0, 1}), w.option(0, nil)...)...))
		w.block(0x0bad, []byte("custom"))
		w.enhanced(0, 1<<40+2, 60, frame(2, ""))
		all[fmt.Sprintf("pcapng %v", order)] = w.Bytes()
	}
	return all
}

// What is annotated has the same packets, with the same numbers, times and lengths, and the
// comments beside them; a second time it has the new comments only.
func TestAnnotateKeepsAllElse(t *testing.T) {
	const long = 1 << 17
	comments := Comments{Section: "tcpwarm: in all", Packets: 3, Packet: func(n int64) []string {
		return map[int64][]string{2: {"tcpwarm a", "tcpwarm ü"}, 3: {"tcpwarm " + strings.Repeat("ü", long)}}[n]
	}}
	for name, b := range variety() {
		want, totals, err := read(t, b)
		if err != nil || len(want) != 3 {
			t.Fatalf("%s: %d segments, %v", name, len(want), err)
		}
		out, unplaced := annotated(t, b, comments)
		got, after, err := read(t, out)
		if err != nil || unplaced != 0 || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(totals, after) {
			t.Errorf("%s: %v\n%+v\n%+v", name, err, got, want)
		}
		sections, packets := said(t, out)
		if !reflect.DeepEqual(sections, []string{"tcpwarm: in all"}) || len(packets) != 2 ||
			!reflect.DeepEqual(packets[2], []string{"tcpwarm a", "tcpwarm ü"}) {
			t.Errorf("%s: %q, %v", name, sections, packets)
		}
		if s := strings.Join(packets[3], ""); !strings.HasSuffix(s, "ü…") || len(s) > mostComment+4 || strings.Contains(s, "\ufffd") {
			t.Errorf("%s: a comment of %d bytes", name, len(s))
		}
		if again, _ := annotated(t, out, comments); !bytes.Equal(again, out) {
			t.Errorf("%s: annotated again it differs", name)
		}
		none, _ := annotated(t, out, Comments{Packets: 3, Packet: func(int64) []string { return nil }})
		if sections, packets := said(t, none); len(sections)+len(packets) > 0 {
			t.Errorf("%s: %q, %v are left", name, sections, packets)
		}
	}
}

// Blocks that are no packets, and what others have said, are there byte for byte.
func TestAnnotateCopiesBlocks(t *testing.T) {
	w := newNG(binary.BigEndian)
	w.iface(assigned.LinkEthernet, 77, w.option(1, []byte("tcpwarm is no comment of a packet here")), w.option(0, nil))
	f := frame(1, "abc")
	w.enhanced(0, 5, len(f), f)
	w.block(5, []byte("statistics")) // behind the last packet
	same, _ := annotated(t, w.Bytes(), Comments{Packets: 1, Packet: func(int64) []string { return nil }})
	if !bytes.Equal(same, w.Bytes()) {
		t.Errorf("without comments:\n% x\n% x", same, w.Bytes())
	}

	b := w.order.AppendUint32(nil, 0)
	b = append(b, make([]byte, 16)...)
	b = append(b, w.option(1, []byte("by hand"))...)
	b = append(b, w.option(2, []byte{0, 0, 0, 2})...)
	w.block(blockEnhanced, b)
	out, _ := annotated(t, w.Bytes(), Comments{Packets: 2, Packet: func(n int64) []string { return []string{fmt.Sprint("tcpwarm ", n)} }})
	if _, packets := said(t, out); !reflect.DeepEqual(packets[2], []string{"tcpwarm 2", "by hand"}) {
		t.Errorf("%v", packets)
	}
	if !bytes.Contains(out, w.option(2, []byte{0, 0, 0, 2})) {
		t.Error("the flags are gone")
	}
	if back, _ := annotated(t, out, Comments{Packets: 2, Packet: func(int64) []string { return nil }}); !bytes.Contains(back, []byte("by hand")) {
		t.Error("another's comment is gone")
	}
}

// A simple packet block has no room for a comment: it stays as it is, and is counted.
func TestAnnotateSimplePackets(t *testing.T) {
	w := newNG(binary.LittleEndian)
	w.iface(assigned.LinkEthernet, 0)
	w.simple(len(frame(1, "")), frame(1, ""))
	w.simple(len(frame(2, "")), frame(2, ""))
	out, unplaced := annotated(t, w.Bytes(), Comments{Packets: 2, Packet: func(n int64) []string {
		return map[int64][]string{2: {"tcpwarm x"}}[n]
	}})
	if unplaced != 1 || !bytes.Equal(out, w.Bytes()) {
		t.Errorf("%d unplaced, %d bytes of %d", unplaced, len(out), w.Len())
	}
}

// Of several files one capture is made: parts in pcap share a section, each kind of them having an interface
// of its own, and the summary is said once. No more packets are copied than were asked for.
func TestAnnotateSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for i, link := range []uint32{assigned.LinkEthernet, assigned.LinkEthernet, assigned.LinkRaw, 0, assigned.LinkEthernet} {
		w := newPcapFile(binary.LittleEndian, magicMicro, 96, link)
		f := frame(i, "abc")
		if link == assigned.LinkRaw {
			f = f[14:]
		}
		w.packet(uint32(i), 5, len(f), f)
		b := zipped(w.Bytes())
		if link == 0 { // one of pcapng between them
			ng := newNG(binary.BigEndian)
			ng.iface(assigned.LinkEthernet, 0)
			ng.enhanced(0, uint64(i)*1e6, len(f), f)
			b = zstandard(ng.Bytes())
		}
		names = append(names, filepath.Join(dir, fmt.Sprint(i)))
		if err := os.WriteFile(names[i], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := OpenAll(names, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	all := Comments{Section: "tcpwarm: in all", Packets: 5, Packet: func(n int64) []string { return []string{fmt.Sprint("tcpwarm ", n)} }}
	if _, err := r.Annotate(&out, all); err != nil {
		t.Fatal(err)
	}
	got, totals, err := read(t, out.Bytes())
	if err != nil || len(got) != 5 || len(totals.Problems) > 0 {
		t.Fatalf("%d segments, %+v, %v", len(got), totals, err)
	}
	for i, s := range got {
		if s.From().Port != uint16(1000+i) || s.Packet != int64(i+1) || i != 3 && s.Time != segment.Time(i*1e9+5000) {
			t.Errorf("%+v", s)
		}
	}
	sections, packets := said(t, out.Bytes())
	if !reflect.DeepEqual(sections, []string{"tcpwarm: in all"}) || len(packets) != 5 || packets[5][0] != "tcpwarm 5" {
		t.Errorf("%q, %v", sections, packets)
	}
	if n := bytes.Count(out.Bytes(), []byte{1, 0, 0, 0, 32, 0, 0, 0}); n != 3 { // interfaces of our own
		t.Errorf("%d interfaces", n)
	}

	for most := range int64(6) {
		r, err := OpenAll(names, nil)
		if err != nil {
			t.Fatal(err)
		}
		out.Reset()
		all.Packets = most
		if _, err := r.Annotate(&out, all); err != nil {
			t.Fatal(err)
		}
		r.Close()
		if _, totals, _ := read(t, out.Bytes()); totals.Packets != most {
			t.Errorf("%d packets, want %d", totals.Packets, most)
		}
	}
}

// Of a capture that ends within a packet all whole ones are written; an error of the file that is
// written to comes back.
func TestAnnotateErrors(t *testing.T) {
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, assigned.LinkEthernet)
	for i := range 3 {
		w.packet(uint32(i), 0, 60, frame(i, ""))
	}
	r, err := OpenReader("test", iotest.OneByteReader(bytes.NewReader(w.Bytes()[:w.Len()-1])))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	none := Comments{Packets: 3, Packet: func(int64) []string { return nil }}
	_, err = r.Annotate(&out, none)
	if wantFormatError(t, err).Packet != 2 {
		t.Errorf("%v", err)
	}
	if all, _, err := read(t, out.Bytes()); err != nil || len(all) != 2 {
		t.Errorf("%d segments, %v", len(all), err)
	}
	r, _ = OpenReader("test", bytes.NewReader(w.Bytes()))
	if _, err := r.Annotate(brokenPipe{}, none); err != io.ErrClosedPipe {
		t.Errorf("%v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Of captures of other projects nothing is lost: not a packet, a time or a problem.
func TestAnnotateOthersCaptures(t *testing.T) {
	for _, k := range sharedCaptures(t) {
		name := filepath.Join(shared, k.File)
		if st, err := os.Stat(name); err != nil || st.Size() > 1<<20 {
			continue
		}
		r, err := Open(name)
		if err != nil {
			continue
		}
		want, wantErr := drain(t, r)
		before := r.Totals()
		if r, err = Open(name); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		_, err = r.Annotate(&out, Comments{Section: "tcpwarm: x", Packets: before.Packets,
			Packet: func(n int64) []string { return []string{fmt.Sprint("tcpwarm ", n)} }})
		r.Close()
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%s: %v, want %v", k.File, err, wantErr)
		}
		if out.Len() == 0 {
			continue
		}
		got, after, err := read(t, out.Bytes())
		before.Files = after.Files
		if err != nil || len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) || !reflect.DeepEqual(before, after) {
			t.Errorf("%s: %v, %d segments, want %d\n%+v\n%+v", k.File, err, len(got), len(want), after, before)
		}
	}
}
