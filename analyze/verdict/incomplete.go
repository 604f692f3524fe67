package verdict

import (
	"fmt"
	"strings"

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
	oneWay      int64 // connections of which only one direction was captured
}

func (i *incomplete) note(c *Conn) {
	midway := c.Midway && c.Transactions > 0
	if !midway && c.Missing == 0 && !c.OneWay {
		return
	}
	if c.OneWay {
		i.oneWay++
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
	if len(i.connections) == 0 {
		return Found{}, false
	}
	var lacks []string
	for _, x := range []struct {
		n    int64
		what string
	}{
		{i.midway, "opened before the capture began: %d"},
		{i.oneWay, "captured in one direction only: %d"},
		{i.gaps, fmt.Sprintf("lacking bytes: %%d (%d bytes)", i.missing)},
	} {
		if x.n > 0 {
			lacks = append(lacks, fmt.Sprintf(x.what, x.n))
		}
	}
	return Found{ID: "capture-incomplete", Connections: i.connections, Evidence: Evidence{
		Packets: i.packets, Confidence: pool.Certain, Text: "connections " + strings.Join(lacks, "; "),
	}}, true
}
