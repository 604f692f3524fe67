package pool

import "testing"

// A server leaves a connection in use by a GOAWAY without an error: at once after a response, or one that leaves out what
// was asked.
func TestLeftInUse(t *testing.T) {
	for _, x := range []struct {
		claim string
		cause Cause
		how   closeManner
		want  bool
	}{
		{"at once", ServerClosed, closeManner{goAway: true, atOnce: true}, true},
		{"a request is left out", ServerClosed, closeManner{goAway: true, left: true}, true},
		{"while it idled", ServerClosed, closeManner{goAway: true}, false},
		{"for an error", ServerClosed, closeManner{goAway: true, atOnce: true, blamed: true}, false},
		{"by a FIN", ServerClosed, closeManner{atOnce: true}, false},
		{"for another reason", Reset, closeManner{goAway: true, atOnce: true}, false},
	} {
		if d := (&Decision{Cause: x.cause, evidence: evidence{lossManner: x.how}}); d.LeftInUse() != x.want {
			t.Errorf("%s: %v", x.claim, !x.want)
		}
	}
}
