package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
)

// incomplete sums up what the capture lacks, for one finding over the whole: it
// says why a verdict may be withheld.
type incomplete struct {
	connections []int64 // the first few concerned
	packets     []int64
	missing     int64 // bytes
	midway      int64 // connections begun before the capture, with transactions
	gaps        int64 // connections with bytes missing
}

func (i *incomplete) note(c *Conn) {
	midway := c.Midway && c.Transactions > 0
	if !midway && c.Missing == 0 {
		return
	}
	if midway {
		i.midway++
	}
	if c.Missing > 0 {
		i.gaps++
		i.missing += c.Missing
	}
	if len(i.connections) < 8 {
		i.connections = append(i.connections, c.ID)
		i.packets = append(i.packets, c.First.Packet)
	}
}

func (i *incomplete) find() (Found, bool) {
	if i.midway == 0 && i.gaps == 0 {
		return Found{}, false
	}
	return Found{ID: "capture-incomplete", Connections: i.connections, Evidence: Evidence{
		Packets: i.packets, Confidence: pool.Certain,
		Text: fmt.Sprintf("connections opened before the capture began: %d; connections that lack bytes: %d (%d bytes)", i.midway, i.gaps, i.missing),
	}}, true
}
