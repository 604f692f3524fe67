package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// An oldPcap is a kind of pcap, with what of it is not usual.
type oldPcap struct {
	name         string
	magic        uint32
	major, minor uint16
	link         uint32
	extra        int  // bytes more of a record's header
	fileExtra    int  // and of the file's
	wireFirst    bool // of a record's two lengths
	tick         int64
	tshark       bool // reads it so
}

var oldPcaps = []oldPcap{
	{"2.4", magicMicro, 2, 4, 1, 0, 0, false, 1000, true},
	{"2.2", magicMicro, 2, 2, 1, 0, 0, true, 1000, true},
	{"2.1", magicMicro, 2, 1, 1, 0, 0, true, 1000, true},
	{"2.3", magicMicro, 2, 3, 1, 0, 0, false, 1000, true},
	{"2.3 as 2.2", magicMicro, 2, 3, 1, 0, 0, true, 1000, true},
	{"DG/UX", magicMicro, 543, 0, 1, 0, 0, true, 1000, true},
	{"AIX", magicMicro, 2, 2, 6, 0, 0, true, 1, true},
	{"modified", magicModified, 2, 4, 1, 8, 0, false, 1000, true},
	{"modified earlier", magicModified, 2, 4, 1, 12, 0, false, 1000, true},
	{"modified without another magic", magicMicro, 2, 4, 1, 8, 0, false, 1000, true},
	{"Nokia", magicMicro, 2, 4, 1, 4, 0, false, 1000, true},
	{"nanoseconds", magicNano, 2, 4, 1, 0, 0, false, 1, true},
	{"IXIA, hardware", magicIxiaHard, 2, 4, 1, 0, 4, false, 1, false}, // always microseconds to this tshark
	{"IXIA, hardware with microseconds", magicIxiaHard, 2, 4, 1, 0, 4, false, 1000, true},
	{"IXIA, software", magicIxiaSoft, 2, 4, 1, 0, 4, false, 1000, true},
}

// fraction is that of each second, in the file's units.
func (o *oldPcap) fraction() uint32 {
	if o.tick == 1 {
		return 7654321
	}
	return 7
}

// file returns a capture of that kind, with packets of ports 1000 and up, cut to 60 bytes.
func (o *oldPcap) file(order binary.AppendByteOrder, packets int) []byte {
	b := order.AppendUint32(nil, o.magic)
	b = order.AppendUint16(order.AppendUint16(b, o.major), o.minor)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(order.AppendUint32(b, 65535), o.link)
	b = append(b, make([]byte, o.fileExtra)...)
	for i := range packets {
		f := frame(i, strings.Repeat("x", 20+i))
		captured, wire := uint32(min(60, len(f))), uint32(len(f))
		b = order.AppendUint32(order.AppendUint32(b, uint32(1e9+i)), o.fraction())
		if o.wireFirst {
			captured, wire = wire, captured
		}
		b = order.AppendUint32(order.AppendUint32(b, captured), wire)
		b = append(b, make([]byte, o.extra)...)
		b = append(b, f[:min(60, len(f))]...)
	}
	return b
}

func TestOldPcaps(t *testing.T) {
	_, err := exec.LookPath("tshark")
	oracle := err == nil && !testing.Short()
	for _, o := range oldPcaps {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			b := o.file(order, 9)
			all, totals, err := read(t, b)
			if err != nil || len(all) != 9 {
				t.Errorf("%s: %d segments, %+v, %v", o.name, len(all), totals, err)
				continue
			}
			want := ""
			for i, s := range all {
				if s.From().Port != uint16(1000+i) || s.Len != 20+i || len(s.payload) != 6 || s.Time.Std().Unix() != int64(1e9+i) ||
					int64(s.Time)%1e9 != int64(o.fraction())*o.tick {
					t.Errorf("%s: %+v", o.name, s)
				}
				want += fmt.Sprintf("%d\t%d.%09d\t%d\t60\n", 1000+i, 1_000_000_000+i, int64(o.fraction())*o.tick, 74+i)
			}
			if oracle && order == binary.LittleEndian {
				name := filepath.Join(t.TempDir(), "old.pcap")
				if err := os.WriteFile(name, b, 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command("tshark", "-r", name, "-T", "fields", "-e", "tcp.srcport", "-e", "frame.time_epoch",
					"-e", "frame.len", "-e", "frame.cap_len").Output()
				if same := err == nil && string(out) == want; same != o.tshark {
					t.Errorf("%s: tshark says %q, %v, want %q", o.name, out, err, want)
				}
			}
		}
	}
}

// A usual file stays what it is, however little of it is there at first, or where it is odd.
func TestUsualPcapStays(t *testing.T) {
	o := oldPcaps[0]
	b := o.file(binary.LittleEndian, 1)
	for _, more := range []int{0, 4, 8, 12} { // cut within the second record's header
		all, _, err := read(t, append(b[:len(b):len(b)], make([]byte, more)...))
		if len(all) != 1 || (err == nil) != (more == 0) {
			t.Errorf("cut after %d bytes: %d segments, %v", more, len(all), err)
		}
	}
	for _, at := range []int{pcapHeader + 4, pcapHeader + 16 + 60 + 4} { // a fraction of more than a second
		b := o.file(binary.LittleEndian, 5)
		binary.LittleEndian.PutUint32(b[at:], 2e6)
		if all, _, err := read(t, b); len(all) != 5 || err != nil {
			t.Errorf("%d segments, %v", len(all), err)
		}
	}
	slow, err := OpenReader("slow", iotest.OneByteReader(io.MultiReader(strings.NewReader(string(o.file(binary.BigEndian, 5))))))
	if err != nil {
		t.Fatal(err)
	}
	if all, err := drain(t, slow); len(all) != 5 || err != nil {
		t.Errorf("%d segments, %v", len(all), err)
	}
	o.major = 3
	if _, _, err := read(t, o.file(binary.LittleEndian, 1)); err == nil || !strings.Contains(err.Error(), "3.4") {
		t.Errorf("%v", err)
	}
}
