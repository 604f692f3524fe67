package analyze

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// How many segments come at once changes nothing, though they are followed shard by
// shard and judged client by client; nor does the number of workers.
func TestBlocksDoNotMatter(t *testing.T) {
	const clients = 700
	s, err := script.Parse(handshake + `+0 > P. + ack + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
+0.01 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0 > . +(0) ack +
+0.3 > F. +(0) ack +
+0 < F. +(0) ack +
+0 > . +(0) ack +
+3 > . +(0) ack +
`)
	if err != nil {
		t.Fatal(err)
	}
	var all []segment.Segment
	for i := range uint64(clients) {
		for _, g := range s.Segments() {
			client := &g.Key.A
			if g.Key.A.Port < g.Key.B.Port {
				client = &g.Key.B
			}
			client.Addr.Lo += i / 2 // two connections each
			client.Port += uint16(i % 2)
			g.Time += segment.Time(i) * 3e6
			all = append(all, g)
		}
	}
	slices.SortStableFunc(all, func(a, b segment.Segment) int { return cmp.Compare(a.Time, b.Time) })
	for i := range all {
		all[i].Packet = int64(i + 1)
	}
	var want []byte
	for _, size := range []int{1, 100, many, 5000, len(all)} {
		for _, workers := range []int{1, 2, 5} {
			r, err := Run(t.Context(), &segments{list: all, size: size}, Options{Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := report.JSON(&got, r); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got.Bytes()
				if !bytes.Contains(want, []byte("stray-segments")) {
					t.Error("no strays among what is compared")
				}
			} else if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("another report with %d segments at once and %d workers", size, workers)
			}
		}
	}
}
