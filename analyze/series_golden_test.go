package analyze

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwarm/capture"
	"tcpwarm/pcaps/script"
)

const seriesGolden = "testdata/series.golden"

// What is said of windows while a capture goes on, line for line, stays what it is where
// no rule of the estimate has changed. Of each script and each sample the file has the
// number of lines and a checksum; -update writes it anew, and adds new ones. What a change
// did to one of them is seen by tcpwarm analyze --series, before and after.
func TestSeriesAreAsBefore(t *testing.T) {
	var got []string
	note := func(name string, src Source) {
		var b strings.Builder
		if _, err := Run(context.Background(), src, Options{Workers: 2, Series: &b}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := strings.Count(b.String(), "\n"); n > 1 { // more than its head
			got = append(got, fmt.Sprintf("%s %d %x", name, n, sha256.Sum256([]byte(b.String()))))
		}
	}
	for _, dir := range []string{"half", "story"} {
		archives(t, dir, func(t *testing.T, path string, a *script.Archive) {
			note(dir+"/"+filepath.Base(path), &segments{list: a.Script.Segments(), size: 100})
		})
	}
	samples, err := filepath.Glob("../pcaps/*.pcap")
	if err != nil || len(samples) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, path := range samples {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		src, err := capture.OpenReader(path, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		note(filepath.Base(path), src)
	}
	if *update {
		if err := os.WriteFile(seriesGolden, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(seriesGolden)
	if err != nil {
		t.Fatal(err)
	}
	for want := range strings.Lines(string(b)) {
		want = strings.TrimSpace(want)
		name, _, _ := strings.Cut(want, " ")
		i := slices.IndexFunc(got, func(l string) bool { return strings.HasPrefix(l, name+" ") })
		if i < 0 {
			t.Errorf("no lines any more: %s", want)
		} else if got[i] != want {
			t.Errorf("%s, not %s", got[i], want)
		}
	}
}
