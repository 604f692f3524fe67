package engine

import (
	"testing"
	"unsafe"

	"tcpwarm/analyze/conn"
	"tcpwarm/analyze/tcp"
)

// What a connection keeps of how its windows grow and of its segments, until it is handed on, must be a small part
// of what the connections of a shard may take: else one that goes on for long is given up for it, and its pool is not judged.
func TestSamplesTakeLittleOfAShard(t *testing.T) {
	var l Limits
	l.setDefaults()
	samples := 2*conn.MaxSamples*int(unsafe.Sizeof(tcp.Sample{})) + tcp.MaxSteps*int(unsafe.Sizeof(tcp.Step{}))
	if most := int(l.share(liveShare) / shards); samples > most/4 {
		t.Errorf("the samples and steps of a connection take %d bytes of the %d that a shard has", samples, most)
	}
}
