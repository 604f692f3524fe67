package analyze

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"tcpwarm/capture"
)

// FuzzRun feeds damaged captures through everything: whatever they hold, a
// report comes out whose sums agree, the same for one worker and for three.
func FuzzRun(f *testing.F) {
	names, err := filepath.Glob("../pcaps/*.pcap")
	if err != nil || len(names) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var first string
		for _, workers := range []int{1, 3} {
			src, err := capture.OpenReader("fuzz", bytes.NewReader(b))
			if err != nil {
				return
			}
			r, _ := Run(context.Background(), src, Options{Workers: workers, Limits: Limits{Connections: 64, KeptTransactions: 20, PendingPerPool: 8}})
			checkSums(t, r)
			if got := summary(r); first == "" {
				first = got
			} else if got != first {
				t.Errorf("one worker gives\n%s\nthree give\n%s", first, got)
			}
		}
	})
}
