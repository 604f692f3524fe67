package report_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"tcpwarm/analyze/report"
)

// A span that was written and read again is the same to the nanosecond.
func TestSecondsAreExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		was := report.Seconds(random.Int64N(1e15))
		b, err := json.Marshal(was)
		if err != nil {
			t.Fatal(err)
		}
		var is report.Seconds
		if err := json.Unmarshal(b, &is); err != nil || is != was {
			t.Fatalf("%d ns is %s, and %d ns when it is read: %v", was, b, is, err)
		}
	}
}
