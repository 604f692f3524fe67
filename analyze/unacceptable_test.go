package analyze

import (
	"context"
	"slices"
	"testing"

	"tcpwarm/analyze/report"
	"tcpwarm/pcaps/script"
)

// What is not acceptable is counted where everybody sees it, with the first of its packets.
func TestUnacceptableSegmentsAreAProblem(t *testing.T) {
	s, err := script.Parse(`
 0      > S  0:0(0)
+0.020  < S. 0:0(0) ack 1
+0.001  < S. 70:70(0) ack 1
+0.001  > .  1:1(0) ack 1
+0.001  > .  2147483640:2147483650(10) ack 1
+0.001  > .  2:3(1) ack 1
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 3} {
		r, err := Run(context.Background(), &segments{list: s.Segments(), size: 2}, Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(r.Capture.Problems, func(p report.Problem) bool { return p.Kind == "unacceptable-segments" })
		if i < 0 || r.Capture.Problems[i].Count != 2 || r.Capture.Problems[i].FirstPacket != 3 {
			t.Errorf("%d workers: problems are %+v", workers, r.Capture.Problems)
		}
	}
}
