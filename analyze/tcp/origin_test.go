package tcp

import (
	"testing"

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
