package tcp

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

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

// Full segments are shorter than both ends state where a tunnel is in between: those that end no
// write tell, joined by offload or not. A writer's own pieces are pushed and tell nothing (RFC
// 9293 section 3.9.1.2), and a longer segment takes a mistake back.
func TestSegmentSizeShowsItself(t *testing.T) {
	const pushed = -1 // times the length
	for _, x := range []struct {
		name    string
		stated  bool
		lengths []int
		want    int
	}{
		{"as stated", true, []int{1448, 1448, 1448, 1448, 1448}, 1448},
		{"a tunnel", true, []int{1388, 1388, 1388, 1388}, 1388},
		{"too few of them", true, []int{1388, 1388, 1388}, 1448},
		{"not alike", true, []int{1388, 1388, 1388, 1300, 1388, 1388, 1388}, 1448},
		{"pieces that are pushed", true, []int{pushed * 1388, pushed * 1388, pushed * 1388, pushed * 1388, pushed * 1388}, 1448},
		{"an end of a write between", true, []int{1388, 1388, pushed * 700, 1388, 1388}, 1388},
		{"joined by offload", true, []int{2 * 1388, 5 * 1388, 1388, 16 * 1388}, 1388},
		{"joined as stated", true, []int{2 * 1448, 5 * 1448, 45 * 1448, 4 * 1448}, 1448},
		{"taken back", true, []int{1388, 1388, 1388, 1388, 1448}, 1448},
		{"less than any path takes", true, []int{535, 535, 535, 535, 535}, 1448},
		{"the least that any path takes", true, []int{536, 536, 536, 536}, 536},
		{"begun midway, large frames", false, []int{8948, 8948, 8948, 8948}, 8948},
		{"stated, so not larger", true, []int{8948, 8948, 8948, 8948}, 1448},
		{"begun midway, joined", false, []int{2 * 1428, 6 * 1428, 3 * 1428, 2 * 1428}, 1428},
	} {
		own, peer := &Half{Timestamps: true}, &Half{Timestamps: true, HasMSS: x.stated, MSS: 1460}
		var v SenderView
		v.Begin(own, peer, &Handshake{}, false, false)
		seq := segment.Seq(1<<32 - 3000)
		for i, n := range x.lengths {
			s := segment.Segment{Seq: seq, Len: n, Flags: segment.ACK, Time: segment.Time(1e9 + 1000*i)}
			if n < 0 {
				s.Len, s.Flags = -n, segment.ACK|segment.PSH
			}
			v.Data(&s, own, &Half{}, OfMessage, Way{Handshake: &Handshake{}})
			seq = s.End()
		}
		if v.MSS != x.want {
			t.Errorf("%s: segments of %d, want %d", x.name, v.MSS, x.want)
		}
	}
}

// Twelve bytes of a segment are its timestamps' (RFC 7323 appendix A), where both SYNs have them
// or one was not seen.
func TestSegmentSizeLessTimestamps(t *testing.T) {
	for _, x := range []struct {
		own, peer, seen bool // the peer's SYN was
		want            int
	}{{true, true, true, 1448}, {true, false, true, 1460}, {true, false, false, 1448}, {false, true, false, 1460}} {
		own := &Half{Timestamps: x.own}
		peer := &Half{Timestamps: x.peer, SawSYN: x.seen, HasMSS: x.seen, MSS: 1460}
		if n := segmentSize(own, peer); n != x.want {
			t.Errorf("%+v: segments of %d", x, n)
		}
	}
}

// Segments are as long as both ends take; a size of 0 says nothing.
func TestSegmentSizeByTheHandshake(t *testing.T) {
	for _, x := range []struct {
		own, peer Half
		want      int
	}{
		{Half{}, Half{}, defaultMSS},
		{Half{}, Half{HasMSS: true, MSS: 1400}, 1400},
		{Half{HasMSS: true, MSS: 1300}, Half{HasMSS: true, MSS: 1400}, 1300},
		{Half{HasMSS: true, MSS: 1400}, Half{HasMSS: true, MSS: 1300}, 1300},
		{Half{HasMSS: true}, Half{HasMSS: true, MSS: 1400}, 1400},
		{Half{HasMSS: true, MSS: 1300}, Half{HasMSS: true}, defaultMSS},
		{Half{Timestamps: true}, Half{Timestamps: true, HasMSS: true, MSS: 1400}, 1388},
	} {
		if got := segmentSize(&x.own, &x.peer); got != x.want {
			t.Errorf("%d and %d are taken: %d, want %d", x.own.MSS, x.peer.MSS, got, x.want)
		}
	}
}

// What a half remembers to tell packets that are captured twice is counted once there are such.
func TestMirroredIsCounted(t *testing.T) {
	var h Half
	h.Reuse(Space{})
	s := segment.Segment{Flags: segment.ACK, Seq: 1, Len: 10, IPID: 7, Packet: 1}
	h.Sent(&s, false, 0)
	once := h.Memory()
	if kind := h.Sent(&s, false, 0); kind != Duplicate || h.Memory() < once+64*8 {
		t.Errorf("kind %d, %d bytes, %d before", kind, h.Memory(), once)
	}
}

// A packet captured twice comes within 50 ms, or within a millisecond where there is no identification
// that a resend would not repeat.
func TestCopiesLieNear(t *testing.T) {
	for _, x := range []struct {
		id   uint16
		gap  time.Duration
		kind Kind
	}{
		{7, sameWithin, Duplicate}, {7, sameWithin + 1, Ordinary}, {0, time.Millisecond - 1, Duplicate}, {0, time.Millisecond, Ordinary},
	} {
		var h Half
		h.Reuse(Space{})
		s := segment.Segment{Flags: segment.ACK, Seq: 1, Len: 10, IPID: x.id, Packet: 1, Time: 1e9}
		h.Sent(&s, false, 0)
		s.Time = s.Time.Add(x.gap)
		if kind := h.Sent(&s, false, 0); kind != x.kind {
			t.Errorf("identification %d, %v later: kind %d, want %d", x.id, x.gap, kind, x.kind)
		}
	}
}
