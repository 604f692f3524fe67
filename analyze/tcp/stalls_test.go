package tcp_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// Of pauses equally long the first is shown.
func TestFirstOfTheLongestPauses(t *testing.T) {
	var p tcp.Pauses
	for i, d := range []time.Duration{3, 5, 4, 5} {
		p.Add(d, segment.Mark{Packet: int64(i + 1)})
	}
	if p.N != 4 || p.Total != 17 || p.Longest != 5 || p.At.Packet != 2 {
		t.Errorf("%+v", p)
	}
}
