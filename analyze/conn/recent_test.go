package conn

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// What is kept of several halves is told from other bytes, wherever the ring has wrapped; and what is not kept any
// more differs from nothing.
func TestRecentTellsOtherBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	type half struct {
		latest uint64
		stream []byte
		packet []int64 // by byte, 0: not kept
	}
	var kept recent
	halves := make([]half, 5)
	told := 0
	for packet := int64(1); packet < 40_000; packet++ {
		h := &halves[r.IntN(len(halves))]
		b := make([]byte, 1+r.IntN(200))
		for i := range b {
			b[i] = byte('a' + r.IntN(26))
		}
		if r.IntN(50) == 0 { // content is not kept
			h.stream, h.packet = append(h.stream, b...), append(h.packet, make([]int64, len(b))...)
			continue
		}
		h.latest = kept.keep(h.latest, int64(len(h.stream)), b, packet)
		h.stream = append(h.stream, b...)
		for range b {
			h.packet = append(h.packet, packet)
		}
		from := max(0, len(h.stream)-1-r.IntN(3000))
		again := bytes.Clone(h.stream[from:min(len(h.stream), from+1+r.IntN(400))])
		if p := kept.differs(h.latest, int64(from), again); p != 0 {
			t.Fatalf("packet %d: the same bytes are told from those of packet %d", packet, p)
		}
		k := r.IntN(len(again))
		again[k] = '!'
		p := kept.differs(h.latest, int64(from), again)
		if p > h.packet[from+k] || p != 0 && h.packet[from+k] == 0 {
			t.Fatalf("packet %d: a byte of packet %d is told from those of packet %d", packet, h.packet[from+k], p)
		}
		if p != 0 {
			told++
		} else if len(h.stream)-from < 200 && h.packet[from+k] == packet {
			t.Fatalf("packet %d: another byte than it has just had is not told of", packet)
		}
	}
	if told < 30_000 {
		t.Errorf("told of %d", told)
	}
	if len(kept.bytes) != maxRecentBytes || len(kept.pieces) != maxRecentPieces {
		t.Errorf("%d bytes and %d pieces are kept", len(kept.bytes), len(kept.pieces))
	}
	b := make([]byte, 300)
	h := &halves[0]
	if n := testing.AllocsPerRun(1000, func() {
		h.latest = kept.keep(h.latest, int64(len(h.stream)), b, 1)
		kept.differs(h.latest, int64(len(h.stream))-100, b)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Many small segments in a row are one piece: so a head that comes byte by byte can be compared as a whole.
func TestRecentJoinsWhatFollows(t *testing.T) {
	var kept recent
	var latest uint64
	for i := range 5000 {
		latest = kept.keep(latest, int64(i), []byte{'a'}, int64(i+1))
	}
	if p := kept.differs(latest, 0, []byte{'b'}); latest != 1 || p != 1 {
		t.Errorf("piece %d, other bytes told of packet %d", latest, p)
	}
}
