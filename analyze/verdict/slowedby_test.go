package verdict

import (
	"testing"
	"time"

	"tcpwarm/analyze/tcp"
)

// Each rule is tried where it holds and right beside.
func TestSlowedByRules(t *testing.T) {
	stall := tcp.Pauses{N: 1, Total: time.Second, Longest: time.Second, At: mark(9, 0)}
	for name, x := range map[string]struct {
		rule *rule
		by   SlowedBy
		want bool
	}{
		"receiver-limited":           {&receiverLimited, SlowedBy{ACKs: 30, Full: 20, FullAt: 7}, true},
		"receiver-limited: not half": {&receiverLimited, SlowedBy{ACKs: 30, Full: 15, FullAt: 7}, false},
		"receiver-limited: too few":  {&receiverLimited, SlowedBy{ACKs: 19, Full: 19, FullAt: 7}, false},

		"lossy":               {&lossy, SlowedBy{Segments: 300, Resent: 3, Losses: 2, Timeouts: 1, ResentAt: 5}, true},
		"lossy: two episodes": {&lossy, SlowedBy{Segments: 300, Resent: 3, Losses: 2, ResentAt: 5}, false},
		"lossy: few of many":  {&lossy, SlowedBy{Segments: 1000, Resent: 3, Losses: 3, ResentAt: 5}, false},

		"sender-idle":                         {&senderIdle, SlowedBy{IdleStalls: stall}, true},
		"sender-idle: none":                   {&senderIdle, SlowedBy{}, false},
		"sender-idle: or lost, at its peer":   {&senderIdle, SlowedBy{AtReceiver: true, IdleStalls: stall, Resent: 1}, false},
		"sender-idle: at its peer, no losses": {&senderIdle, SlowedBy{AtReceiver: true, IdleStalls: stall}, true},

		"nagle":       {&nagleDelayedACK, SlowedBy{NagleWaits: stall}, true},
		"nagle: none": {&nagleDelayedACK, SlowedBy{}, false},
	} {
		c := Conn{SlowedBy: x.by}
		if got := x.rule.connection.applies(&c); got != x.want {
			t.Errorf("%s: found %v, want %v", name, got, x.want)
		}
		k := NewCollector(10)
		k.Connection(&c)
		if f := k.Found(); x.want && (len(f) != 1 || len(f[0].Packets) == 0 || f[0].Text == "") {
			t.Errorf("%s: %v, want one with its evidence", name, f)
		}
	}
}

func TestColdWindow(t *testing.T) {
	for name, x := range map[string]struct {
		start ColdStart
		want  int
	}{
		"more than the window":  {ColdStart{Conn: 2, InsteadOf: 1, Rounds: 3, Content: 50_000, Window: 14_600}, 1},
		"it fits":               {ColdStart{Conn: 2, InsteadOf: 1, Rounds: 3, Content: 14_600, Window: 14_600}, 0},
		"seen within one round": {ColdStart{Conn: 2, InsteadOf: 1, Rounds: 1, Content: 50_000, Window: 14_600}, 0},
	} {
		k := NewCollector(10)
		if k.ColdStart(&x.start); len(k.Found()) != x.want {
			t.Errorf("%s: %v", name, k.Found())
		}
	}
}

// Beyond the limit a finding is counted, and what it rests on is not written: there may be
// one on each connection.
func TestBeyondLimit(t *testing.T) {
	c := Conn{SlowedBy: SlowedBy{ACKs: 30, Full: 20, FullAt: 7}}
	k := NewCollector(2)
	if n := testing.AllocsPerRun(100, func() { k.Connection(&c) }); n != 0 {
		t.Errorf("%v allocations for one that is not kept", n)
	}
	if n := k.Counts.Of["receiver-limited"]; n != 101 || len(k.Found()) != 2 {
		t.Errorf("%d counted and %d kept, want 101 and 2", n, len(k.Found()))
	}
}
