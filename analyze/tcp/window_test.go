package tcp

import (
	"testing"

	"tcpwarm/capture/segment"
)

// A window's edge is known until more has been acknowledged than it lets through: then an offer
// is missing from the capture.
func TestEdgeIsKnownUntilMoreIsAcknowledged(t *testing.T) {
	for seq, known := range map[segment.Seq]bool{399: true, 400: true, 401: false} {
		w := Window{Known: true, Edge: 400}
		if w.AssumeAcked(seq); w.Known != known || w.Edge != max(400, seq) || w.EdgeAdvance != int64(max(400, seq)-400) {
			t.Errorf("acknowledged up to %d: %+v, want known %v", seq, w, known)
		}
	}
}
