package capture

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// Parts of one capture are read in order of their first packets, however they are named; and
// captures that were made at the same time are told from parts of one.
func TestFilesInOrder(t *testing.T) {
	dir := t.TempDir()
	for name, secs := range map[string][]uint32{
		"a": {100, 110}, "b": {110, 120}, "c": {120, 130}, "d": {130}, "none": {}, "short": {}, "amid": {105, 115}, "near": {109, 115},
		"years": {100 + 3*366*86400},
	} {
		w := newPcapFile(binary.BigEndian, magicMicro, 0, assigned.LinkEthernet)
		for i, sec := range secs {
			f := frame(int(name[0])+i, "")
			w.packet(sec, 0, len(f), f)
		}
		if name == "short" {
			f := frame(7, "")
			w.packet(100, 5, len(f), f)
			w.packet(100, 9, len(f), f)
		}
		b := w.Bytes()
		if name == "b" {
			b = zipped(b)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct{ given, read, problems string }{
		{"a b c d", "a b c d", ""},
		{"b c d a", "a b c d", "files-sorted"},
		{"d c b a", "a b c d", "files-sorted"},
		{"none b none a", "none a b none", "files-sorted"},
		{"a none b", "a none b", ""},
		{"short short", "short short", "files-overlap"},
		{"d d", "d d", ""}, // one packet each
		{"a amid", "a amid", "files-overlap"},
		{"amid a", "a amid", "files-overlap files-sorted"},
		{"a near", "a near", ""}, // within what several processors reorder; the packet itself is counted
		{"a", "a", ""},
		{"a years", "a years", ""},
		{"years b", "b years", "files-sorted"},
		{"missing a", "missing a", "?"},
	} {
		var names []string
		for _, name := range strings.Fields(x.given) {
			names = append(names, filepath.Join(dir, name))
		}
		r, err := OpenAll(names, nil)
		if x.problems == "?" {
			if err == nil {
				t.Errorf("%s was opened", x.given)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all, err := drain(t, r)
		if err != nil {
			t.Error(err)
		}
		last := segment.Time(0)
		for _, s := range all {
			if s.Time < last {
				t.Errorf("%s: time goes back", x.given)
			}
			last = s.Time
		}
		var read, problems []string
		for _, name := range r.Totals().Files {
			read = append(read, filepath.Base(name))
		}
		for _, p := range r.Totals().Problems {
			if strings.HasPrefix(p.Kind, "files-") {
				problems = append(problems, p.Kind)
			}
		}
		if strings.Join(read, " ") != x.read || strings.Join(problems, " ") != x.problems {
			t.Errorf("%s: read %v with %v, want %q with %q", x.given, read, problems, x.read, x.problems)
		}
	}
}

// A clock that is set years ahead, or a packet with a time like that, is said.
func TestClockAhead(t *testing.T) {
	const year = 366 * 24 * time.Hour
	for _, x := range []struct {
		name string
		at   []time.Duration
		want string
	}{
		{"a year later", []time.Duration{0, year}, ""},
		{"more than a year later", []time.Duration{0, year + 1, year + 2}, "clock-stepped-ahead"},
		{"once", []time.Duration{0, 30 * year, 1, 2}, "clock-stepped-ahead clock-stepped-back"},
		{"back once", []time.Duration{30 * year, 0, 30*year + 1}, "clock-stepped-back"},
	} {
		d := decoder{}
		var b segment.Batch
		f := tcp4(tcpFrom(9), "")
		for _, at := range x.at {
			d.packet(&b, &packet{data: f, link: assigned.LinkRaw, orig: len(f), time: segment.Time(at), timed: true})
		}
		if got := kinds(d.sums()); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

// Sections may be of any byte order, each with interfaces of its own.
func TestSectionsOfBothByteOrders(t *testing.T) {
	var all []byte
	orders := []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian, binary.LittleEndian, binary.BigEndian}
	for i, order := range orders {
		w := newNG(order)
		w.iface(uint16([]int{assigned.LinkRaw, assigned.LinkEthernet}[i%2]), 0)
		f := frame(i, "abc")[14*(1-i%2):]
		w.enhanced(0, uint64(i), len(f), f)
		all = append(all, w.Bytes()...)
	}
	got, totals, err := read(t, all)
	if err != nil || len(got) != len(orders) || len(totals.Problems) != 0 {
		t.Fatalf("%d segments, %+v, %v", len(got), totals, err)
	}
	for i, s := range got {
		if s.From().Port != uint16(1000+i) || s.payload != "abc" || s.Time != segment.Time(i*1000) {
			t.Errorf("%+v", s)
		}
	}
}
