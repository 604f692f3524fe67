package capture

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// packetsIn returns how many packets each file of a folder has, by its name.
func packetsIn(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		r, err := Open(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			err = r.Fill(new(segment.Batch))
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", e.Name(), err)
		}
		found[e.Name()] = r.Totals().Packets
		r.Close()
	}
	return found
}

// Files rotate as tcpdump's do: by the packets' clock, which names them, by size, or by both; none is left
// half-written, and no packet is in none or in two.
func TestRotation(t *testing.T) {
	start := time.Date(2026, 11, 30, 23, 59, 57, 0, time.Local)
	const wide = 100 - 32 // bytes of a packet, with what the file has beside it a hundred
	for what, x := range map[string]struct {
		o    WriteOptions
		want []string // name:packets of ten packets, one a second
	}{
		"by time":               {WriteOptions{Name: "x-%H%M%S", Every: 4 * time.Second}, []string{"x-000001:4", "x-000005:2", "x-235957:4"}},
		"by day":                {WriteOptions{Name: "x-%Y-%m-%d", Every: 3 * time.Second}, []string{"x-2026-11-30:3", "x-2026-12-01:1"}}, // the last of its day
		"by date and time":      {WriteOptions{Name: "%F_%T.pcapng", Every: 5 * time.Second}, []string{"2026-11-30_23:59:57.pcapng:5", "2026-12-01_00:00:02.pcapng:5"}},
		"without a time":        {WriteOptions{Name: "x", Every: 5 * time.Second}, []string{"x:5"}}, // each takes the place of the one before
		"by size":               {WriteOptions{Name: "x", Bytes: 300}, []string{"x1:3", "x2:3", "x3:1", "x:3"}},
		"by size, a ring":       {WriteOptions{Name: "x", Bytes: 300, Files: 2}, []string{"x0:3", "x1:1"}},
		"by size, a ring of 12": {WriteOptions{Name: "x", Bytes: 400, Files: 12}, []string{"x00:4", "x01:4", "x02:2"}},
		"by time and by size":   {WriteOptions{Name: "%S", Every: 5 * time.Second, Bytes: 400}, []string{"02:4", "021:1", "57:4", "571:1"}},
		"by time, and no more":  {WriteOptions{Name: "%S", Every: 4 * time.Second, Files: 2}, []string{"01:4", "57:4"}},
		"by time and by size, rings": {WriteOptions{Name: "%S-", Every: 5 * time.Second, Bytes: 200, Files: 2},
			[]string{"02-0:1", "02-1:2", "57-0:1", "57-1:2"}},
	} {
		dir := t.TempDir()
		x.o.Name = filepath.Join(dir, x.o.Name)
		w := NewWriter(x.o)
		for i := range 10 {
			at := segment.Time(start.Add(time.Duration(i) * time.Second).UnixNano())
			if err := w.Write(&Frame{Data: make([]byte, wide), Wire: wide, Link: assigned.LinkEthernet, Time: at}); errors.Is(err, ErrEnough) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if i == 8 {
				if names, _ := filepath.Glob(filepath.Join(dir, "*.partial")); len(names) != 1 {
					t.Errorf("%s: open are %v", what, names)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for name, n := range packetsIn(t, dir) {
			got = append(got, name+":"+string('0'+rune(n)))
		}
		slices.Sort(got)
		if slices.Sort(x.want); !slices.Equal(got, x.want) {
			t.Errorf("%s: files are %s, want %s", what, strings.Join(got, " "), strings.Join(x.want, " "))
		}
	}
}

// The parts of a time are those of strftime(3); what stands for none is refused, and not taken for itself: else each
// file would take the place of the one before.
func TestNamesByTime(t *testing.T) {
	at := time.Date(2026, 3, 7, 15, 4, 5, 0, time.Local)
	for pattern, want := range map[string]string{
		"%Y%m%d-%H%M%S": "20260307-150405", "%F_%T": "2026-03-07_15:04:05", "%y.%j.%e": "26.066. 7", "%b %B %a %A": "Mar March Sat Saturday",
		"%I%p %R": "03PM 15:04", "100%%": "100%", "ü": "ü",
	} {
		if got, err := strftime(pattern, at); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", pattern, got, err, want)
		}
	}
	for _, pattern := range []string{"x%", "%D", "%Q", "%ü", "%"} {
		if CheckPattern(pattern) == nil {
			t.Errorf("%s: taken for a pattern", pattern)
		}
	}
}

// Where no packet comes for as long as a file lasts, that one is an empty capture.
func TestRotationWithoutPackets(t *testing.T) {
	dir := t.TempDir()
	w := NewWriter(WriteOptions{Name: filepath.Join(dir, "%s"), Every: time.Minute})
	if err := w.Open(); err != nil {
		t.Fatal(err)
	}
	at := segment.Time(time.Now().Add(time.Hour).UnixNano())
	if err := w.Write(&Frame{Data: make([]byte, 60), Wire: 60, Link: assigned.LinkEthernet, Time: at}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var counts []int64
	for _, n := range packetsIn(t, dir) {
		counts = append(counts, n)
	}
	if slices.Sort(counts); !slices.Equal(counts, []int64{0, 1}) {
		t.Errorf("files have %v packets", counts)
	}
}
