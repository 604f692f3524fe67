package tcp

import "testing"

// The window is counted in segments, whose size goes with the most that was offered:
// what Linux shows on loopback (ss -ti: mss:32768, later 65483).
func TestWindowFollowsTheSegmentSize(t *testing.T) {
	var s Sender
	s.Reset(65483, 65483)
	s.Sent(1, 100, 1e6)
	if e := s.Estimate(); s.MSS != 32741 || e.Best != 10*32741 {
		t.Errorf("where 65483 bytes are offered: segments of %d, window %d, want 10 of 32741", s.MSS, e.Best)
	}
	s.Acked(101, nil, 101+262144, false, true, 2e6)
	if e := s.Estimate(); s.MSS != 65483 || e.Best != 10*65483 {
		t.Errorf("where 262144 are: segments of %d, window %d, want 10 of 65483", s.MSS, e.Best)
	}
	s.Acked(101, nil, 101+100, false, true, 3e6)
	if s.MSS != 65483 {
		t.Errorf("where once 262144 were: segments of %d", s.MSS)
	}
	s.Again()
	s.Sent(101, 100, 4e6)
	if e := s.Estimate(); e.Best != 10*65483 {
		t.Errorf("begun again: window %d, want 10 of 65483", e.Best)
	}
	s.Reset(1448, 500)
	if s.MSS != 1448 {
		t.Errorf("where 500 bytes are offered: segments of %d, want 1448", s.MSS)
	}
}
