package verdict

import (
	"testing"
	"time"
)

func TestPaces(t *testing.T) {
	stall := Pauses{N: 1, Total: time.Second, Longest: time.Second, At: mark(9, 0)}
	for name, x := range map[string]struct {
		holds func(*Conn) bool
		c     Conn
		want  bool
	}{
		"receiver-limited":                    {receiverLimited, Conn{Pace: Pace{ACKs: 30, Full: 20, FullAt: 7}}, true},
		"receiver-limited: not half":          {receiverLimited, Conn{Pace: Pace{ACKs: 30, Full: 15, FullAt: 7}}, false},
		"receiver-limited: too few":           {receiverLimited, Conn{Pace: Pace{ACKs: 19, Full: 19, FullAt: 7}}, false},
		"lossy":                               {lossy, Conn{Pace: Pace{Segments: 300, Resent: 3, Losses: 2, Timeouts: 1, ResentAt: 5}}, true},
		"lossy: two episodes":                 {lossy, Conn{Pace: Pace{Segments: 300, Resent: 3, Losses: 2, ResentAt: 5}}, false},
		"lossy: few of many":                  {lossy, Conn{Pace: Pace{Segments: 1000, Resent: 3, Losses: 3, ResentAt: 5}}, false},
		"sender-idle":                         {senderIdle, Conn{Pace: Pace{Stalls: stall}}, true},
		"sender-idle: none":                   {senderIdle, Conn{}, false},
		"sender-idle: or lost, at its peer":   {senderIdle, Conn{Pace: Pace{Remote: true, Stalls: stall, Resent: 1}}, false},
		"sender-idle: at its peer, no losses": {senderIdle, Conn{Pace: Pace{Remote: true, Stalls: stall}}, true},
		"nagle":                               {nagle, Conn{Pace: Pace{Holds: stall}}, true},
		"nagle: none":                         {nagle, Conn{}, false},
	} {
		if got := x.holds(&x.c); got != x.want {
			t.Errorf("%s: found %v, want %v", name, got, x.want)
		}
		k := NewCollector(10)
		k.Connection(&x.c)
		if f := k.Found(); x.want && (len(f) != 1 || len(f[0].Packets) == 0 || f[0].Text == "") {
			t.Errorf("%s: %v, want one with its evidence", name, f)
		}
	}
}

func TestCold(t *testing.T) {
	for name, x := range map[string]struct {
		c    Cold
		want int
	}{
		"more than the window":  {Cold{Conn: 2, InsteadOf: 1, Rounds: 3, Content: 50_000, Window: 14_600}, 1},
		"it fits":               {Cold{Conn: 2, InsteadOf: 1, Rounds: 3, Content: 14_600, Window: 14_600}, 0},
		"seen within one round": {Cold{Conn: 2, InsteadOf: 1, Rounds: 1, Content: 50_000, Window: 14_600}, 0},
	} {
		k := NewCollector(10)
		if k.Cold(x.c); len(k.Found()) != x.want {
			t.Errorf("%s: %v", name, k.Found())
		}
	}
}

// Beyond the limit a finding is counted, and what it rests on is not written: there may be
// one on each connection.
func TestBeyondLimit(t *testing.T) {
	c := Conn{Pace: Pace{ACKs: 30, Full: 20, FullAt: 7}}
	k := NewCollector(2)
	if n := testing.AllocsPerRun(100, func() { k.Connection(&c) }); n != 0 {
		t.Errorf("%v allocations for one that is not kept", n)
	}
	if n := k.Counts["receiver-limited"]; n != 101 || len(k.Found()) != 2 {
		t.Errorf("%d counted and %d kept, want 101 and 2", n, len(k.Found()))
	}
}
