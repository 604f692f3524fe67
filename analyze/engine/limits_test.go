package engine

import (
	"testing"
	"time"
)

// What is not stated of the limits has a default, and what is stays.
func TestLimitsHaveDefaults(t *testing.T) {
	var none Limits
	none.setDefaults()
	if none.QuietFor <= 0 || none.Connections <= 0 || none.Memory <= 0 {
		t.Errorf("%+v", none)
	}
	stated := Limits{QuietFor: time.Hour, Connections: 7, Memory: 1 << 40}
	stated.setDefaults()
	if stated.QuietFor != time.Hour || stated.Connections != 7 || stated.Memory != 1<<40 {
		t.Errorf("%+v", stated)
	}
}

// A shard's transactions may take three quarters of what its open connections may.
func TestShardsShareMemory(t *testing.T) {
	o := Options{Workers: 1}
	o.Limits.setDefaults()
	w := newWorker(0, o, new(faults))
	for i := range w.shards {
		if sh := &w.shards[i]; sh.memory.most <= 0 || sh.budget.Room != sh.memory.most/4*3 {
			t.Fatalf("shard %d: %d of %d bytes", i, sh.budget.Room, sh.memory.most)
		}
	}
}
