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
	unacceptable(t, 2, 3, `
 0      > S  0:0(0)
+0.020  < S. 0:0(0) ack 1
+0.001  < S. 70:70(0) ack 1
+0.001  > .  1:1(0) ack 1
+0.001  > .  2147483640:2147483650(10) ack 1
+0.001  > .  2:3(1) ack 1
`)
}

// Of two SYNs that contest one connection and begin none, each is unacceptable; one that is only
// captured twice is one.
func TestContestingSYNsAreUnacceptable(t *testing.T) {
	const open = `
 0      > S  0:0(0)
+0.020  < S. 0:0(0) ack 1
+0      > .  1:1(0) ack 1
+0.100  > P. 1:11(10) ack 1
`
	const goesOn = `
+0.001  > P. 11:21(10) ack 1
+0.020  < .  1:1(0) ack 21
`
	for _, test := range []struct {
		syns  string
		count int64
	}{
		{`+1      > S  5000:5000(0)  id 77`, 1},
		{`+1      > S  5000:5000(0)  id 77
+0.001  > S  5000:5000(0)  id 77`, 1},
		{`+1      > S  5000:5000(0)  id 77
+0.001  > S  9000:9000(0)  id 78`, 2},
		{`+1      > S  5000:5000(0)  id 77
+0.001  < S  9000:9000(0)  id 78`, 2},
	} {
		unacceptable(t, test.count, 5, open+test.syns+goesOn)
	}
}

// unacceptable checks how many segments of a script are unacceptable, and which is the first.
func unacceptable(t *testing.T, count, first int64, text string) {
	t.Helper()
	s, err := script.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 3} {
		r, err := Run(context.Background(), &segments{list: s.Segments(), size: 2}, Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(r.Capture.Problems, func(p report.Problem) bool { return p.Kind == "unacceptable-segments" })
		if i < 0 || r.Capture.Problems[i].Count != count || r.Capture.Problems[i].FirstPacket != first {
			t.Errorf("%d workers: problems are %+v, want %d unacceptable from %d\n%s", workers, r.Capture.Problems, count, first, text)
		}
	}
}
