package verdict

import (
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

func mark(packet int64, d time.Duration) segment.Mark {
	return segment.Mark{Packet: packet, Time: segment.Time(d)}
}

func TestSYNResent(t *testing.T) {
	for name, x := range map[string]struct {
		c    Conn
		want bool
	}{
		"sent again":          {Conn{First: mark(1, 0), LastSYN: mark(3, time.Second)}, true},
		"once":                {Conn{First: mark(1, 0), LastSYN: mark(1, 0)}, false},
		"begun midway":        {Conn{First: mark(1, 0), LastSYN: mark(3, time.Second), Unseen: Unseen{Midstream: true}}, false},
		"no SYN was captured": {Conn{First: mark(1, 0)}, false},
	} {
		if got := synResent.connection.applies(&x.c); got != x.want {
			t.Errorf("%s: found %v, want %v", name, got, x.want)
		}
	}
}

func TestWindowLost(t *testing.T) {
	lost := IdleRestart{Before: mark(20, 0), Start: mark(21, 2*time.Second), N: 2, Rounds: 3, Low: 10, High: 40}
	one := lost
	one.Rounds = 1
	for name, x := range map[string]struct {
		r    IdleRestart
		want bool
	}{
		"took rounds again":     {lost, true},
		"fitted into one round": {one, false},
		"no restart":            {IdleRestart{}, false},
	} {
		if got := windowLostAfterIdle.connection.applies(&Conn{Restart: x.r}); got != x.want {
			t.Errorf("%s: found %v, want %v", name, got, x.want)
		}
	}
}

// When a response came that nobody had asked for is said: before any request, or after the last.
func TestUnsolicitedSaysWhen(t *testing.T) {
	for answered, want := range map[int64]string{0: "before any request", 5: "after all requests had been answered"} {
		c := Conn{ID: 1, Fate: Fate{Orphans: 1, Orphan: event.Response{Status: 408, At: segment.Mark{Packet: 7}}}}
		c.FirstEnd.Packet = answered
		k := NewCollector(1)
		k.Connection(&c)
		if all := k.Found(); len(all) != 1 || !strings.Contains(all[0].Text, "in packet 7, "+want+":") {
			t.Errorf("the first response in packet %d: %+v", answered, all)
		}
	}
}

// A connection left open tells more if its client has opened another since, whichever of the two is
// told of first.
func TestLeftOpenBesideAnother(t *testing.T) {
	left := Conn{ID: 1, First: mark(1, 0), Messages: Messages{LastComplete: true}, Closing: Closing{ClosedBy: event.Server, Closed: mark(5, time.Second)},
		Fate: Fate{SYNACK: mark(2, time.Millisecond), ServerFINSeen: true, SeenUntil: segment.Time(4 * time.Second)}}
	for opened, want := range map[time.Duration]int64{time.Second / 2: 0, 2 * time.Second: 1} {
		other := Conn{ID: 2, First: mark(6, opened), Fate: Fate{SYNACK: mark(7, opened)}}
		for _, order := range [][2]*Conn{{&left, &other}, {&other, &left}} {
			k := NewCollector(1)
			k.Connection(order[0])
			k.Connection(order[1])
			k.Conclude(nil)
			if got := k.Counts.Of["close-wait-leak"]; got != want {
				t.Errorf("the other opened after %v, #%d told of first: found %d, want %d", opened, order[0].ID, got, want)
			}
		}
	}
	elsewhere := Conn{ID: 2, First: mark(6, 2*time.Second), Fate: Fate{SYNACK: mark(7, 2*time.Second)}}
	at := func(c *Conn) uint64 { p := c.pair(); return p.hash() % recentKept }
	for elsewhere.Server.Lo = 1; at(&elsewhere) != at(&left); elsewhere.Server.Lo++ {
	}
	k := NewCollector(1)
	k.Connection(&elsewhere)
	k.Connection(&left)
	k.Conclude(nil)
	if k.Counts.Of["close-wait-leak"] != 0 || !k.Counts.Cut["close-wait-leak"] {
		t.Errorf("another server's that had its place: found %d, cut %v", k.Counts.Of["close-wait-leak"], k.Counts.Cut["close-wait-leak"])
	}
}

// Nothing else to go by, several connections left open for long are a hint; one alone is not, nor are
// several for a moment.
func TestLeftOpenTogether(t *testing.T) {
	for _, x := range []struct {
		n    int
		left time.Duration
		want bool
	}{{1, 6 * time.Second, false}, {2, 5 * time.Second, true}, {2, 5*time.Second - 1, false}, {1, time.Minute, true}, {1, time.Minute - 1, false}} {
		k := NewCollector(1)
		for i := range x.n {
			k.Connection(&Conn{ID: int64(i + 1), First: mark(1, 0), Messages: Messages{LastComplete: true}, Closing: Closing{ClosedBy: event.Server, Closed: mark(5, time.Second)},
				Fate: Fate{SYNACK: mark(2, time.Millisecond), ServerFINSeen: true, SeenUntil: segment.Time(time.Second + x.left)}})
		}
		k.Conclude(nil)
		if got := k.Counts.Of["close-wait-leak"] > 0; got != x.want {
			t.Errorf("%d left for %v: found %v", x.n, x.left, got)
		}
	}
}
