package analyze

import (
	"bytes"
	"context"
	"io"
	"testing"

	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/pcaps/script"
)

// Whatever the segments of a few connections are, wherever in the sequence space they lie,
// the whole analysis gives a report whose sums agree, the same however it is run.
func FuzzSegments(f *testing.F) {
	f.Add([]byte{0, 2, 0, 5, 4, 18, 0, 20, 0, 16, 0, 10, 0, 24, 64, 20, 4, 24, 65, 20, 0, 17, 0, 9, 4, 17, 0, 9, 0, 16, 0, 9})
	f.Add([]byte("\x00\x02\x00\x05\x18\x10\x40\x84\x7f\xff\xff\xf0\x08\x10\x56\x84\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list := script.Arbitrary(b)
		var first []byte
		for _, workers := range []int{1, 3} {
			o := Options{Workers: workers, Series: io.Discard, Limits: Limits{Connections: 64, KeptTransactions: 64 * 4, PendingPerPool: 8}}
			r, err := Run(context.Background(), &segments{list: list, size: 1 + 6*workers}, o)
			if err != nil {
				t.Fatal(err)
			}
			checkSums(t, r)
			var out bytes.Buffer
			if err := jsonreport.Write(&out, r); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = out.Bytes()
			} else if !bytes.Equal(out.Bytes(), first) {
				t.Errorf("one worker gives\n%s\nthree give\n%s", first, out.Bytes())
			}
		}
	})
}
