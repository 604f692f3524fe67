package verdict

import (
	"strings"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// Where a bound has left out what may have been found, the count is the least there may be, and
// that there is no such finding does not hold.
func TestCountsOfBoundedFindings(t *testing.T) {
	at := atMS
	broken := func(i int) Conn {
		return Conn{Client: segment.Addr{Lo: 1}, Transactions: 1, Closing: Closing{Closed: at(int64(i) + 1), ClosedBy: event.Client},
			Messages: Messages{LastEnd: at(int64(i) + 1), LastComplete: true, ClientPromised: true}}
	}
	abandoned := Conn{}
	abandoned.Fate.GivenUp.N = 1
	origin := func(i int) Conn {
		return Conn{Client: segment.Addr{Lo: 1}, Server: segment.Addr{Lo: 2}, Transactions: 1,
			Messages: Messages{LastEnd: at(int64(i)), LastComplete: true, LastPromised: true},
			Closing:  Closing{Closed: at(5000 + int64(i)), ClosedBy: event.Server}}
	}
	dropped := func(i int) Conn {
		c := Conn{ID: int64(i) + 1}
		c.Fate.SYNACK = at(0)
		c.Fate.Unacked = tcp.Unacked{First: at(int64(i) + 10), Last: at(int64(i) + 2010), Resends: tcp.DeadResends}
		return c
	}
	responded := func(ms int64) *Conn {
		return &Conn{First: at(1), Messages: Messages{FirstEnd: at(ms)}, TLS: Handshake{Seen: true}}
	}
	front := func(ms int64) Conn {
		c := Conn{Server: segment.Addr{Lo: 9}, Transactions: 2, Closing: Closing{Closed: at(ms), ClosedBy: event.Server},
			Messages: Messages{LastEnd: at(100), Ignored: at(200), LastPromised: true}}
		return c
	}
	for _, x := range []struct {
		name, id string
		most     int // of these the bound leaves nothing out
		conn     func(i int) Conn
		then     *Conn
		cut      bool // by one more
	}{
		{"pairs", "request-abandoned", peersKept, func(i int) Conn { c := abandoned; c.Client.Lo = uint64(i); return c }, nil, true},
		{"TLS peers", "tls-not-resumed", peersKept, func(i int) Conn {
			return Conn{Client: segment.Addr{Lo: uint64(i)}, TLS: Handshake{Seen: true}}
		}, nil, true},
		{"handshakes of one", "tls-not-resumed", handshakesKept, func(i int) Conn {
			return Conn{First: at(int64(i) + 10), TLS: Handshake{Seen: true}}
		}, responded(5), true},
		{"handshakes of one, the forgotten one before the response", "tls-not-resumed", handshakesKept, func(i int) Conn {
			return Conn{First: at(int64(i) + 10), TLS: Handshake{Seen: true}}
		}, responded(10), false},
		{"peers that promise", "header-lies", maxPeers, func(i int) Conn { c := broken(i); c.Client.Lo = uint64(i); return c }, nil, true},
		{"promises of one", "header-lies", maxBroken, broken, nil, true},
		{"dead ones of a pair", "silent-drop", deadKept, dropped, nil, true},
		{"pairs that work, and none is dead", "silent-drop", recentKept, func(i int) Conn { return Conn{Client: segment.Addr{Lo: uint64(i)}, Transactions: 1} }, nil, false},
		{"pairs that open, and none is left open", "close-wait-leak", recentKept, func(i int) Conn {
			c := Conn{Client: segment.Addr{Lo: uint64(i)}}
			c.Fate.SYNACK = at(1)
			return c
		}, nil, false},
		{"legs, and none may match", "blind-proxy", legsKept, origin, nil, false},
		{"legs, and the forgotten one closed too early", "blind-proxy", legsKept, origin, ptr(front(5011)), false},
		{"legs, and the forgotten one may match", "blind-proxy", legsKept, origin, ptr(front(5010)), true},
		{"waiting legs, and none may match", "blind-proxy", legsKept, func(i int) Conn { return front(5000 + int64(i)) }, nil, false},
		{"waiting legs, and the forgotten one closed before the origin", "blind-proxy", legsKept,
			func(i int) Conn { return front(5000 + int64(i)) }, ptr(origin(1)), false},
		{"waiting legs, and the forgotten one may match", "blind-proxy", legsKept,
			func(i int) Conn { return front(5000 + int64(i)) }, ptr(origin(0)), true},
	} {
		for _, more := range []int{0, 1} {
			k := NewCollector(1)
			for i := range x.most + more {
				c := x.conn(i)
				k.Connection(&c)
			}
			if x.then != nil {
				k.Connection(x.then)
			}
			k.Conclude(nil)
			if got, want := k.Counts.Cut[x.id], more > 0 && x.cut; got != want {
				t.Errorf("%s, %d more than the bound: cut is %v, want %v", x.name, more, got, want)
			}
		}
	}
}

func ptr[T any](x T) *T { return &x }

// A count that is the least proves no absence, and fails where it is enough.
func TestDemandsOfBoundedFindings(t *testing.T) {
	pools := reused(func(*pool.Pool) {})
	for _, x := range []struct {
		found int64
		cut   bool
		want  Outcome
	}{{0, false, Passed}, {0, true, Undecided}, {1, true, Failed}, {1, false, Failed}} {
		n := Counts{Of: map[string]int64{"blind-proxy": x.found}, Cut: map[string]bool{}}
		if x.cut {
			n.Cut["blind-proxy"] = true
		}
		for _, d := range []Demands{{Forbid: []string{"blind-proxy"}}, {Expect: []Expectation{{"findings", "==", 0}}}} {
			if _, got, _ := d.Judge(pools, n, Seen{}); got != x.want {
				t.Errorf("%d found, cut %v: %v is %s, want %s", x.found, x.cut, d, got, x.want)
			}
		}
	}
}

// Of a client that is cut off each dead connection is told of, up to the bound.
func TestDeadConnectionsOfOnePair(t *testing.T) {
	at := atMS
	for _, n := range []int64{1, deadKept, deadKept + 1} {
		k := NewCollector(int(n))
		for i := range n {
			c := Conn{ID: i + 1}
			c.Fate.SYNACK = at(0)
			c.Fate.Unacked = tcp.Unacked{First: at(i + 10), Last: at(i + 2010), Resends: tcp.DeadResends}
			k.Connection(&c)
		}
		works := Conn{ID: n + 1, Transactions: 1}
		works.Fate.SYNACK, works.Fate.Latest = at(1000), at(1100).Time
		k.Connection(&works)
		k.Conclude(nil)
		if got, want := k.Counts.Of["silent-drop"], min(n, deadKept); got != want {
			t.Errorf("%d dead: %d found, want %d", n, got, want)
		}
	}
}

// What says how many there were says that it is the least.
func TestTextOfBoundedFindings(t *testing.T) {
	k := NewCollector(10)
	at := func(n int64) segment.Mark { return segment.Mark{Packet: n, Time: segment.Time(n)} }
	for i := range int64(handshakesKept + 1) {
		k.Connection(&Conn{ID: i, First: at(10 + i), TLS: Handshake{Seen: true}})
	}
	k.Connection(&Conn{ID: 1000, First: at(1), Messages: Messages{FirstEnd: at(5)}, TLS: Handshake{Seen: true}})
	k.Conclude(nil)
	if all := k.Found(); len(all) != 1 || !strings.HasPrefix(all[0].Text, "at least 64 connections to ") {
		t.Errorf("found %+v", all)
	}
}
