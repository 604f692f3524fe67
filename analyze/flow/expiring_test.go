package flow

import (
	"math/rand/v2"
	"testing"

	"tcpwarm/capture/segment"
)

// An Expiring table is a map whose entries run out, and no larger than what it holds.
func TestExpiringIsAMap(t *testing.T) {
	type held struct {
		value int
		until segment.Time
	}
	r := rand.New(rand.NewPCG(1, 2))
	var f Expiring[int]
	want := map[uint64]held{}
	most := 0
	for now := segment.Time(0); now < 50_000; now++ {
		key := uint64(r.IntN(1 << 14))
		if r.IntN(2) == 0 {
			key <<= 40 // many alike in their low bits
		}
		got := f.Get(key, now)
		w, ok := want[key]
		if ok = ok && w.until >= now; ok != (got != nil) || ok && *got != w.value {
			t.Fatalf("at %d: %d is %v, want %v %v", now, key, got, w, ok)
		}
		switch {
		case ok && r.IntN(4) == 0:
			f.Drop(key)
			delete(want, key)
		case r.IntN(2) == 0:
			until := now + segment.Time(r.IntN(2000))
			f.Put(key, int(now), until, now)
			want[key] = held{int(now), max(until, 1)}
		}
		most = max(most, len(f.slots))
	}
	if most > 1<<13 {
		t.Errorf("%d slots for 2000 entries at most", most)
	}
}

// A key holds until its deadline, that instant included. A table makes room when three quarters of it are
// full, and keeps twice as many slots as are in use, and two.
func TestExpiringBounds(t *testing.T) {
	var f Expiring[int]
	f.Put(1, 5, 10, 0)
	if f.Get(1, 10) == nil || f.Get(1, 11) != nil {
		t.Error("it does not hold until its deadline")
	}
	for _, x := range []struct{ live, slots int }{{1, 16}, {12, 16}, {13, 32}, {24, 32}, {25, 64}} {
		var f Expiring[int]
		for key := range uint64(x.live) {
			f.Put(key, int(key), 100, 0)
		}
		if len(f.slots) != x.slots {
			t.Errorf("%d keys in %d slots, want %d", x.live, len(f.slots), x.slots)
		}
	}
	f = Expiring[int]{Most: 12} // as many as may be, and one more
	for key := range uint64(12) {
		f.Put(key, int(key), segment.Time(100+key), 0)
	}
	if f.Put(12, 12, 200, 0); f.Len() != 13 || f.Get(0, 0) == nil {
		t.Errorf("of 12 that may be held %d are left", f.Len())
	}
}

// Beyond the most that it may hold a table forgets what runs out first.
func TestExpiringForgetsTheEarliest(t *testing.T) {
	const most, keys = 100, 1000
	f := Expiring[int]{Most: most}
	for key := range uint64(keys) {
		f.Put(key, int(key), segment.Time(1000+key), 0)
	}
	if n := f.Len(); n > 4*most {
		t.Errorf("%d keys of %d are held, the most is %d", n, keys, most)
	}
	if f.Get(0, 0) != nil || f.Get(keys-1, 0) == nil {
		t.Error("the earliest is held, or the latest is not")
	}
}
