package verdict

import (
	"testing"
	"time"
)

func TestPaces(t *testing.T) {
	stall := Pauses{N: 1, Total: time.Second, Longest: time.Second, At: mark(9, 0)}
	for name, x := range map[string]struct {
		find func(*Conn) (Evidence, bool)
		c    Conn
		want bool
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
		if e, got := x.find(&x.c); got != x.want || got && len(e.Packets) == 0 {
			t.Errorf("%s: found %v, want %v; %v", name, got, x.want, e)
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
