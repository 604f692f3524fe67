package analyze

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

const digestsFile = "testdata/digests.txt"

// enoughChanged is how many have changed when the others are no longer looked at.
const enoughChanged = 10

// TestNothingElseChanges holds all that is reported of each story, each sample and of simulated traffic, as it
// is and with its segments damaged in some ways, to what it was: by digests, for it is far more than a person wants to
// read in golden files. It tells that a change of the code has changed what is reported, and where, so
// that whoever moves code without a change of what it does knows that. Whether a change is right the
// other tests tell, and a comparison of reports before and after; then
//
//	go test ./analyze -run TestNothingElseChanges -update
//
// notes what is reported now.
func TestNothingElseChanges(t *testing.T) {
	b, err := os.ReadFile(digestsFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(b)) {
		name, digests, _ := strings.Cut(strings.TrimSpace(line), " ")
		want[name] = digests
	}
	got, changed := map[string]string{}, 0
	note := func(t *testing.T, name string, list []segment.Segment, keys *tls.Keys) {
		if changed == enoughChanged {
			t.Skip("enough have changed")
		}
		if got[name] = digests(t, name, list, keys); got[name] != want[name] && !*update {
			t.Errorf("of %s now %q is reported, it was %q", name, got[name], want[name])
			changed++
		}
	}
	for _, kind := range []string{"story", "half"} {
		archives(t, kind, func(t *testing.T, path string, a *script.Archive) {
			note(t, strings.TrimSuffix(filepath.Base(path), ".txtar"), a.Script.Segments(), nil)
		})
	}
	for i, path := range samples(t) {
		if testing.Short() && i%16 != 0 {
			continue
		}
		list, keys := readSample(t, path)
		note(t, filepath.Base(path), list, keys)
	}
	if testing.Short() {
		return
	}
	for k := range uint64(200) {
		note(t, fmt.Sprintf("simulated-%03d", k), simulate(2, k).list, nil)
	}
	if *update {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(got)) {
			fmt.Fprintln(&b, name, got[name])
		}
		if err := os.WriteFile(digestsFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name := range want {
		if got[name] == "" && !*update && changed == 0 {
			t.Errorf("%s is no more", name)
		}
	}
}

// samples returns those that are small, or of a path: what is larger has longer bodies, and little else.
func samples(t *testing.T) (paths []string) {
	top, err := filepath.Glob("../pcaps/*.pcap")
	below, err2 := filepath.Glob("../pcaps/*/*.pcap")
	if err != nil || err2 != nil || len(below) == 0 {
		t.Fatalf("no samples: %v %v", err, err2)
	}
	return slices.DeleteFunc(append(top, below...), func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || info.Size() >= 16<<10 && !strings.HasPrefix(filepath.Base(path), "path-")
	})
}

// readSample returns a sample's segments, and the keys that belong to it, nil if there are none.
func readSample(t *testing.T, path string) (list []segment.Segment, keys *tls.Keys) {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	src, err := capture.OpenReader("sample", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for err == nil {
		var b segment.Batch
		err = src.Fill(&b)
		for _, s := range b.Segments {
			s.Payload = slices.Clone(s.Payload)
			list = append(list, s)
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if log, err := os.ReadFile(strings.TrimSuffix(path, ".pcap") + ".keys"); err == nil {
		keys = tls.NewKeys()
		if err := keys.Add(bytes.NewReader(log)); err != nil {
			t.Fatal(err)
		}
	}
	return list, keys
}

// damages are what may happen to the segments of a capture, each with its own seed for each capture.
var damages = []func(r *rand.Rand, list []segment.Segment) []segment.Segment{
	func(r *rand.Rand, list []segment.Segment) []segment.Segment { // the capture lacks some
		return slices.DeleteFunc(list, func(segment.Segment) bool { return r.IntN(10) == 0 })
	},
	func(r *rand.Rand, list []segment.Segment) []segment.Segment { // some come in another order, some once more
		for i := range list {
			switch r.IntN(8) {
			case 0:
				j := min(i+1+r.IntN(3), len(list)-1)
				list[i], list[j] = list[j], list[i]
				list[i].Time, list[j].Time = list[j].Time, list[i].Time
			case 1:
				again := list[i]
				again.Time += segment.Time(r.IntN(int(time.Second)))
				list = append(list, again)
			}
		}
		slices.SortStableFunc(list, func(a, b segment.Segment) int { return int(a.Time - b.Time) })
		return list
	},
	func(r *rand.Rand, list []segment.Segment) []segment.Segment { // some are forged, some cut off
		var all []segment.Segment
		for _, s := range list {
			switch all = append(all, s); r.IntN(12) {
			case 0:
				forged := s
				forged.Flags, forged.Len, forged.Payload = segment.RST|segment.ACK, 0, nil
				forged.Seq = s.End().Add(r.IntN(3) - 1)
				all = append(all, forged)
			case 1:
				forged := s
				forged.Flags |= []segment.Flags{segment.FIN, segment.SYN}[r.IntN(2)]
				all = append(all, forged)
			case 2:
				last := &all[len(all)-1]
				last.Payload = last.Payload[:len(last.Payload)/2]
			}
		}
		return all
	},
	func(r *rand.Rand, list []segment.Segment) []segment.Segment { // it begins late and ends early, with pauses
		list = list[r.IntN(1+len(list)/4) : len(list)-r.IntN(1+len(list)/4)]
		pause := segment.Time(0)
		for i := range list {
			if r.IntN(6) == 0 {
				pause += segment.Time(r.Int64N(int64(3 * time.Second)))
			}
			list[i].Time += pause
		}
		return list
	},
	func(r *rand.Rand, list []segment.Segment) []segment.Segment { // some bytes and windows are others
		for i := range list {
			s := &list[i]
			if len(s.Payload) > 0 && r.IntN(4) == 0 {
				s.Payload = slices.Clone(s.Payload)
				s.Payload[r.IntN(len(s.Payload))] = "\x00\r\n :0A\xff"[r.IntN(8)]
			}
			if r.IntN(12) == 0 {
				s.Window >>= 1 + r.IntN(8)
			}
		}
		return list
	},
}

// digests returns those of what is reported of a capture, of its series, and of both where it is damaged.
func digests(t *testing.T, name string, list []segment.Segment, keys *tls.Keys) string {
	report, series := sha256.New(), sha256.New()
	reportTo(t, list, keys, report, series)
	damaged := sha256.New()
	seed := fnv.New64a()
	io.WriteString(seed, name)
	for k, damage := range damages {
		d := damage(rand.New(rand.NewPCG(seed.Sum64(), uint64(k))), slices.Clone(list))
		for i := range d {
			d[i].Packet = int64(i + 1)
		}
		reportTo(t, d, keys, damaged, damaged)
	}
	short := func(sum []byte) string { return hex.EncodeToString(sum[:6]) }
	return short(report.Sum(nil)) + " " + short(series.Sum(nil)) + " " + short(damaged.Sum(nil))
}

func reportTo(t *testing.T, list []segment.Segment, keys *tls.Keys, report, series io.Writer) {
	r, err := Run(context.Background(), &segments{list: list, size: 1000}, Options{Workers: 1, Series: series, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := jsonreport.Write(report, r); err != nil {
		t.Fatal(err)
	}
}
