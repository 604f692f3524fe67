package capture

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// A wifiFrame is a fragment to be written: of the frame with that sequence number, from a station.
type wifiFrame struct {
	station        byte
	number         uint16
	fragment       byte
	more, again    bool // more fragments follow; it is sent again
	body           []byte
	class          int // traffic identifier, -1: none
	fcs, protected bool
}

func (w *wifiFrame) bytes() []byte {
	b := []byte{0x08, 0x02, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, w.station, 2, 0, 0, 0, 1, w.station}
	for flag, set := range map[byte]bool{0x04: w.more, 0x08: w.again, 0x40: w.protected} {
		if set {
			b[1] |= flag
		}
	}
	b = binary.LittleEndian.AppendUint16(b, w.number<<4|uint16(w.fragment))
	if w.class >= 0 {
		b[0] |= 0x80
		b = append(b, byte(w.class), 0)
	}
	b = append(b, w.body...)
	if w.fcs {
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	}
	return b
}

// Fragments of 802.11 frames are put together as their receiver does it (IEEE 802.11, "MSDU and MMPDU
// defragmentation"): in order, each once, whatever comes between. What never becomes whole is counted.
func TestWiFiFragments(t *testing.T) {
	first := slices.Concat(snapOf(assigned.EtherIPv4), tcp4(tcpFrom(7), "the first of them"))
	second := slices.Concat(snapOf(assigned.EtherIPv4), tcp4(tcpFrom(7), "the second"))
	cut := func(b []byte, n int) (all []wifiFrame) {
		for i := 0; len(b) > 0; i++ {
			m := min(n, len(b))
			all = append(all, wifiFrame{station: 9, number: 100, fragment: byte(i), more: m < len(b), body: b[:m], class: -1})
			b = b[m:]
		}
		return all
	}
	with := func(all []wifiFrame, set func(*wifiFrame)) []wifiFrame {
		all = slices.Clone(all)
		for i := range all {
			set(&all[i])
		}
		return all
	}
	again := func(f wifiFrame) wifiFrame { f.again = true; return f }
	a, b := cut(first, 20), with(cut(second, 20), func(f *wifiFrame) { f.station = 10 })
	next := with(cut(second, 20), func(f *wifiFrame) { f.number++ })
	same := cut(second, 20)
	mixed := slices.Concat(a[:1], b[:1], a[1:2], b[1:2], a[2:], b[2:])
	fcs := func(f *wifiFrame) { f.fcs = true }
	class := func(n int) func(*wifiFrame) { return func(f *wifiFrame) { f.class = n } }
	sealed := func(f *wifiFrame) {
		f.protected, f.body = true, slices.Concat([]byte{1, 0, 0, 0x20, 0, 0, 0, 0}, f.body, make([]byte, 8))
	}
	var whole []wifiFrame // of all that lack nothing, with numbers of their own
	for _, x := range []struct {
		name   string
		frames []wifiFrame
		want   string // payloads
		lost   int64  // fragments
		differ string // why tshark reads something else
	}{
		{"in order", a, "the first of them", 0, ""},
		{"with check sequences", with(a, fcs), "the first of them", 0, "it looks for none in this link type"},
		{"in a class of traffic", with(a, class(5)), "the first of them", 0, ""},
		{"sent again", []wifiFrame{a[0], again(a[0]), a[1], again(a[1]), again(a[1]), a[2], a[3], again(a[3])}, "the first of them", 0, ""},
		{"captured twice", slices.Concat(a[:1], a[:1], a[1:2], a[1:2], a[2:3], a[2:3], a[3:], a[3:]), "the first of them", 0, ""},
		{"of two stations", mixed, "the first of them, the second", 0, ""},
		{"of two classes", slices.Concat(with(a[:2], class(1)), with(same, class(2)), with(a[2:], class(1))),
			"the second, the first of them", 0, "it takes both for one frame"},
		{"of two frames", slices.Concat(a[:2], next, a[2:]), "the second, the first of them", 0, ""},
		{"one lacks", slices.Concat(a[:1], a[2:]), "", 3, ""},
		{"the first lacks", a[1:], "", 3, ""},
		{"the last lacks", a[:3], "", 3, ""},
		{"out of order", slices.Concat(a[1:2], a[:1], a[2:]), "", 4, ""},
		{"a number used again", slices.Concat(a[:2], same), "the second", 2, ""},
		{"a number used again after all", slices.Concat(a, same), "the first of them, the second", 0, ""},
		{"marked as protected only", with(a, func(f *wifiFrame) { f.protected = true }), "the first of them", 0, "it takes the mark at its word"},
	} {
		batch, totals := decodeAll(x.frames, time.Millisecond)
		if payloads(batch) != x.want || totals.Unread != x.lost {
			t.Errorf("%s: %q, want %q; %+v", x.name, payloads(batch), x.want, totals)
		}
		for _, p := range totals.Problems {
			if x.lost > 0 && (p.Text != "fragments of 802.11 frames, not read" || p.Count != x.lost || p.FirstPacket != 1) {
				t.Errorf("%s: %+v", x.name, p)
			}
		}
		if x.lost == 0 && x.differ == "" {
			whole = append(whole, with(x.frames, func(f *wifiFrame) { f.number += uint16(len(whole)) })...)
		}
	}
	againstTshark(t, whole)
	if batch, totals := decodeAll(a, time.Second); payloads(batch) != "" || totals.Unread != 4 {
		t.Errorf("too late: %q, %+v", payloads(batch), totals)
	}
	batch, totals := decodeAll(with(a, sealed), time.Millisecond)
	if payloads(batch) != "" || totals.Problems[0].Text != "802.11 data, encrypted, not read" {
		t.Errorf("sealed: %q, %+v", payloads(batch), totals)
	}
}

// Frames that wait for their fragments are bounded, in number and in size.
func TestWiFiFragmentsAreBounded(t *testing.T) {
	var frames []wifiFrame
	for i := range 1000 {
		frames = append(frames, wifiFrame{station: byte(i), number: uint16(i), more: true, body: make([]byte, 2000), class: -1})
	}
	for i := range 16 {
		frames = append(frames, wifiFrame{station: 1, number: 4000, fragment: byte(i), more: true, body: make([]byte, 2000), class: -1})
	}
	d := decoder{}
	batch := batchOfOne()
	for i, w := range frames {
		b := w.bytes()
		d.packet(&batch, &packet{data: b, link: assigned.LinkWiFi, orig: len(b), time: segment.Time(i), timed: true})
		held := 0
		for _, p := range d.wifiParts.waiting {
			held += len(p.data)
		}
		if len(d.wifiParts.waiting) > mostWiFiParts || held > mostWiFiParts*mostWiFiFrame {
			t.Fatalf("%d frames of %d bytes wait", len(d.wifiParts.waiting), held)
		}
	}
	if totals := d.sums(); totals.Unread != int64(len(frames)) {
		t.Errorf("%+v", totals)
	}
}

func payloads(b segment.Batch) string {
	var all []string
	for _, s := range b.Segments {
		all = append(all, string(s.Payload))
	}
	return strings.Join(all, ", ")
}

// decodeAll decodes frames that follow each other in time.
func decodeAll(frames []wifiFrame, after time.Duration) (segment.Batch, segment.Totals) {
	d := decoder{loopback: true}
	var batch segment.Batch
	for i, w := range frames {
		b := w.bytes()
		at := segment.Time(0).Add(time.Duration(i) * after)
		d.packet(&batch, &packet{data: b, link: assigned.LinkWiFi, orig: len(b), time: at, timed: true})
	}
	return batch, d.sums()
}

// againstTshark holds what is read of frames against what tshark reads of them.
func againstTshark(t *testing.T, frames []wifiFrame) {
	if _, err := exec.LookPath("tshark"); err != nil || testing.Short() {
		return
	}
	w := newPcapFile(binary.LittleEndian, magicMicro, 0, assigned.LinkWiFi)
	for i, f := range frames {
		b := f.bytes()
		w.packet(1, uint32(i)*1000, len(b), b)
	}
	file := filepath.Join(t.TempDir(), "wifi.pcap")
	if err := os.WriteFile(file, w.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if ours, theirs := eachPacket(file, segmentWords), segmentsOfTshark(file); !slices.Equal(ours, theirs) {
		t.Errorf("%q, tshark has %q", ours, theirs)
	}
}

// segmentWords writes what tshark has fields for, the captured payload as a checksum.
func segmentWords(s *segment.Segment) string {
	return fmt.Sprintf("%d %d %d %d %#x %d %08x", s.From().Port, s.To().Port, uint32(s.Seq), uint32(s.Ack), uint8(s.Flags), s.Len,
		crc32.ChecksumIEEE(s.Payload))
}

// segmentsOfTshark is eachPacket by tshark, of the innermost segment of each packet.
func segmentsOfTshark(name string) (all []string) {
	arg := []string{"-r", name, "-n", "-o", "tcp.desegment_tcp_streams:false", "-T", "fields", "-E", "occurrence=l"}
	for _, f := range []string{"srcport", "dstport", "seq_raw", "ack_raw", "flags", "len", "payload"} {
		arg = append(arg, "-e", "tcp."+f)
	}
	out, _ := exec.Command("tshark", arg...).Output() // an error comes with what was read before it
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if f[0] == "" {
			all = append(all, "")
			continue
		}
		var flags uint16
		fmt.Sscanf(f[4], "0x%x", &flags)
		payload, _ := hex.DecodeString(strings.ReplaceAll(f[6], ":", ""))
		all = append(all, fmt.Sprintf("%s %s %s %s %#x %s %08x", f[0], f[1], f[2], f[3], uint8(flags), f[5], crc32.ChecksumIEEE(payload)))
	}
	return all
}
