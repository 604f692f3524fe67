package verdict

import (
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// Half of Linux's 28 232 ports are held by 236 closes a second, if that lasts: a rate over ten
// seconds counts, not that of a burst. Who closes by RST, or second, holds none.
func TestPortsHeld(t *testing.T) {
	for _, x := range []struct {
		name    string
		each    int // closes a second
		seconds int
		by      event.Side
		reset   bool            // by RST ...
		then    bool            // ... or by FIN first
		want    pool.Confidence // "": it is not found
	}{
		{"fast", 240, 12, event.Client, false, false, pool.Likely},
		{"fast for a moment", 240, 3, event.Client, false, false, pool.Hint},
		{"not so fast", 220, 12, event.Client, false, false, ""},
		{"a burst", 2000, 1, event.Client, false, false, ""},
		{"by the server", 240, 12, event.Server, false, false, ""},
		{"by RST", 240, 12, event.Client, true, false, ""},
		{"by FIN, and then RST", 240, 12, event.Client, false, true, ""},
	} {
		u, port := new(portUse), uint16(0)
		for s := range x.seconds {
			for i := range x.each {
				at := segment.Time(time.Duration(s)*time.Second + time.Duration(i)*time.Second/time.Duration(x.each))
				port++
				u.note(&Conn{Port: 80, First: segment.Mark{Time: at, Packet: 1}, Fate: Fate{ClientPort: port},
					Closing: Closing{ClosedBy: x.by, Reset: x.reset, ClientRST: x.reset || x.then, Closed: segment.Mark{Time: at + 1e6, Packet: 2}}})
			}
		}
		found := u.conclude()
		if (len(found) == 1) != (x.want != "") || x.want != "" && found[0].Confidence != x.want {
			t.Errorf("%s: found %v", x.name, found)
		}
	}
}

// Two destinations may have one place: a rate that fills ports keeps it against others that are
// seen now and then, and takes it from them. What was forgotten with a port used again is said.
func TestPlaceOfADestination(t *testing.T) {
	first := pair{server: segment.Addr{Lo: 1}, port: 80}
	second := first
	for second.server.Lo++; second.hash()%destinationsKept != first.hash()%destinationsKept; second.server.Lo++ {
	}
	port := uint16(0)
	closes := func(u *portUse, to pair, at segment.Time) {
		port++
		u.note(&Conn{Server: to.server, Port: to.port, First: segment.Mark{Time: at, Packet: 1}, Fate: Fate{ClientPort: port},
			Closing: Closing{ClosedBy: event.Client, Closed: segment.Mark{Time: at, Packet: 2}}})
	}
	for _, seldomFirst := range []bool{false, true} {
		u, fast, seldom := new(portUse), first, second
		if seldomFirst {
			fast, seldom = second, first
		}
		for i := range 12 * 300 {
			at := segment.Time(time.Duration(i) * time.Second / 300)
			if i%100 == 0 {
				closes(u, seldom, at)
			}
			closes(u, fast, at)
		}
		if found := u.conclude(); len(found) != 1 || found[0].Confidence != pool.Likely || u.cut() {
			t.Errorf("the seldom one first %v: found %v, cut %v", seldomFirst, found, u.cut())
		}
	}
	u := new(portUse)
	closes(u, first, 1e9)
	port-- // again
	closes(u, first, 2e9)
	for i := range 3 {
		closes(u, second, segment.Time(i)*1e9+3e9)
	}
	if !u.cut() {
		t.Error("a port used again was forgotten with its destination, and nothing says so")
	}
}

// A four-tuple is free again once TIME-WAIT is over, after just a minute.
func TestFourTupleUsedAgain(t *testing.T) {
	for later, want := range map[time.Duration]bool{timeWait - 1: true, timeWait: false} {
		u := new(portUse)
		for _, at := range []segment.Time{segment.Time(time.Hour), segment.Time(time.Hour).Add(later)} {
			for port := range uint16(2) { // one alone may be bound on purpose
				u.note(&Conn{Port: 80, First: segment.Mark{Time: at, Packet: 1}, Fate: Fate{ClientPort: port + 1},
					Closing: Closing{ClosedBy: event.Client, Closed: segment.Mark{Time: at, Packet: 2}}})
			}
		}
		if got := len(u.conclude()) > 0; got != want {
			t.Errorf("used again after %v: found %v", later, got)
		}
	}
}
