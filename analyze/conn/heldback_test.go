package conn

import (
	"testing"

	"tcpwarm/capture/segment"
)

// What comes behind a reset that may not hold is kept in order, within bounds; gaps of one direction that follow
// each other are one, and where there is no room for another, all that follows in its direction is missing with it.
func TestHeldBackIsBounded(t *testing.T) {
	var r pendingReset
	at := segment.Mark{Packet: 1}
	r.keepGap(0, 10, at)
	r.keepGap(0, 5, at)
	r.keep(0, []byte("abc"), at)
	r.keepGap(0, 1, at)
	if len(r.held) != 3 || r.held[0].n != 15 || string(r.held[1].b) != "abc" || r.held[2].n != 1 {
		t.Fatalf("%+v", r.held)
	}
	for len(r.held) < maxHeldGaps {
		r.keepGap(segment.Dir(len(r.held)%2), 1, at)
	}
	last := r.held[len(r.held)-1].dir
	r.keepGap(1-last, 7, at) // no room any more
	r.keepGap(last, 2, at)   // a part of the last
	r.keepGap(1-last, 3, at)
	r.keep(1-last, []byte("hidden"), at)
	r.keep(last, []byte("read"), at)
	r.keepGap(last, 4, at)
	if len(r.held) != maxHeldGaps+1 || r.held[maxHeldGaps-1].n != 3 || string(r.held[maxHeldGaps].b) != "read" {
		t.Errorf("%d kept, %+v", len(r.held), r.held[maxHeldGaps-1:])
	}
	if len(r.rest) != 2 || r.restOf(1-last).n != 16 || r.restOf(last).n != 4 {
		t.Errorf("the rest is %+v", r.rest)
	}
	r = pendingReset{}
	r.keep(0, make([]byte, maxHeldBack), at)
	if r.keep(0, []byte("x"), at); len(r.held) != 2 || r.held[1].n != 1 || r.bytes != maxHeldBack {
		t.Errorf("%d kept, %d bytes", len(r.held), r.bytes)
	}
}
