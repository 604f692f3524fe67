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
