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
		reset   bool
		want    int
	}{
		{"fast", 240, 12, event.Client, false, 1},
		{"not so fast", 220, 12, event.Client, false, 0},
		{"a burst", 2000, 1, event.Client, false, 0},
		{"by the server", 240, 12, event.Server, false, 0},
		{"by RST", 240, 12, event.Client, true, 0},
	} {
		u, port := new(portUse), uint16(0)
		for s := range x.seconds {
			for i := range x.each {
				at := segment.Time(time.Duration(s)*time.Second + time.Duration(i)*time.Second/time.Duration(x.each))
				port++
				u.note(&Conn{Port: 80, First: segment.Mark{Time: at, Packet: 1}, Fate: Fate{ClientPort: port},
					Closing: Closing{ClosedBy: x.by, Reset: x.reset, Closed: segment.Mark{Time: at + 1e6, Packet: 2}}})
			}
		}
		found := u.conclude()
		if len(found) != x.want || x.want > 0 && found[0].Confidence != pool.Likely {
			t.Errorf("%s: found %v", x.name, found)
		}
	}
}
