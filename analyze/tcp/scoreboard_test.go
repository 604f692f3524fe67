package tcp

import (
	"testing"

	"tcpwarm/capture/segment"
)

// What was deemed lost, or was sent again, is so no more once a recovery is over.
func TestRecoveredIsNotLost(t *testing.T) {
	for _, is := range []marks{isLost, isAgain} {
		var s Sender
		s.Reset(1000, 60_000)
		for i := range 5 {
			s.Sent(segment.Seq(1+300*i), 300, 1e9) // each is short of a full one
		}
		s.fill(s.una, s.una.Add(600), is)
		if s.pad.lost+s.pad.again == 0 {
			t.Error("nothing is marked")
		}
		if s.recovered(); s.pad.lost != 0 || s.pad.again != 0 {
			t.Errorf("%d lost, %d sent again", s.pad.lost, s.pad.again)
		}
	}
}
