package analyze

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwarm/capture"
	"tcpwarm/pcaps/script"
)

const asBefore = "testdata/as-before.golden"

// Where no rule has changed, all that is said of a capture stays what it is, byte for byte: the
// report with all its words and numbers, and what is said of windows while the capture goes on.
// Of each script and each sample the file has checksums of both; -update writes them anew, and
// adds new ones. What a change did is seen by tcpwarm analyze --format json --series, before
// and after.
func TestAllIsAsBefore(t *testing.T) {
	var got []string
	note := func(name string, src Source) {
		var b strings.Builder
		r, err := Run(context.Background(), src, Options{Workers: 2, Series: &b})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		j, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sum := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b))[:16] }
		got = append(got, fmt.Sprintf("%s report %s series %s", name, sum(j), sum([]byte(b.String()))))
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
		if err := os.WriteFile(asBefore, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(asBefore)
	if err != nil {
		t.Fatal(err)
	}
	for want := range strings.Lines(string(b)) {
		want = strings.TrimSpace(want)
		name, _, _ := strings.Cut(want, " ")
		i := slices.IndexFunc(got, func(l string) bool { return strings.HasPrefix(l, name+" ") })
		if i < 0 {
			t.Errorf("not there any more: %s", want)
		} else if got[i] != want {
			t.Errorf("%s, not %s", got[i], want)
		}
	}
}
