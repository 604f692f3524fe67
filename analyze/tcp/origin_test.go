package tcp

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// The hop limits of what was sent are known by the least and the most, in whatever order they came; a RST's is apart.
func TestHopLimits(t *testing.T) {
	var o Origin
	for _, ttl := range []uint8{63, 65, 62, 64} {
		o.sent(&segment.Segment{TTL: ttl, Flags: segment.ACK})
	}
	o.sent(&segment.Segment{TTL: 255, Flags: segment.RST, Packet: 5})
	if o.LeastTTL != 62 || o.MostTTL != 65 || o.RSTTTL != 255 {
		t.Errorf("%d to %d, a RST's %d", o.LeastTTL, o.MostTTL, o.RSTTTL)
	}
}

// A RST's identification is another counter's if it lies far from where one stood that had gone up in steps, and not long
// before; and if nothing else had one.
func TestIdentifications(t *testing.T) {
	for _, x := range []struct {
		name   string
		others []uint16
		wait   time.Duration
		rst    uint16
		other  bool
	}{
		{"far ahead", []uint16{1, 2, 3, 4}, 0, 4 + farID + 1, true},
		{"not so far", []uint16{1, 2, 3, 4}, 0, 4 + farID, false},
		{"far behind", []uint16{3001, 3002, 3003, 3004}, 0, 3004 - farID - 1, true},
		{"not so far behind", []uint16{3001, 3002, 3003, 3004}, 0, 3004 - farID, false},
		{"none", []uint16{3001, 3002, 3003, 3004}, 0, 0, false},
		{"a second later", []uint16{1, 2, 3, 4}, idStands, 9000, true},
		{"later than that", []uint16{1, 2, 3, 4}, idStands + 1, 9000, false},
		{"of large steps", []uint16{1, 1 + idStep, 1 + 2*idStep, 1 + 3*idStep}, 0, 9000, true},
		{"of a larger one", []uint16{1, 2 + idStep, 3 + idStep, 4 + idStep}, 0, 9000, false},
		{"of one that stood", []uint16{1, 1, 2, 3}, 0, 9000, false},
		{"of too few", []uint16{1, 2, 3}, 0, 9000, false},
		{"where nothing had one", []uint16{0, 0, 0, 0}, time.Hour, 1, true},
	} {
		for _, base := range []uint16{0, 1<<16 - 3} { // they wrap
			if base != 0 && (x.rst == 0 || x.others[0] == 0) {
				continue
			}
			var o Origin
			for _, id := range x.others {
				o.sent(&segment.Segment{Flags: segment.ACK, IPID: base + id, Packet: 1})
			}
			o.sent(&segment.Segment{Flags: segment.RST, IPID: base + x.rst, Packet: 2, Time: segment.Time(x.wait)})
			if o.OtherID() != x.other {
				t.Errorf("%s, from %d: %v", x.name, base, !x.other)
			}
		}
	}
}
