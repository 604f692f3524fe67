package verdict

import (
	"fmt"
	"strings"

	"tcpwarm/analyze/pool"
)

// captureIncomplete is found once, of all connections of which the capture lacks
// something: it says why verdicts may be withheld.
var captureIncomplete = rule{
	Explanation: Explanation{
		Meaning: "Connections were open before the capture began, or packets are missing from it. What rests on " +
			"them is not judged.",
		Evidence:  "No SYN, acknowledged bytes that were not captured, or packets dropped by the kernel.",
		RefutedBy: "a complete capture",
		Remedy: "Start before the client, take both directions of the hosts in question, and give the kernel a " +
			"larger buffer:",
		Knobs: []Knob{
			{"tcpwarm capture", "-B with a larger buffer, no small -s, a filter such as 'port 443', not 'dst port " +
				"443'"},
			{"tcpdump", "-B 65536 -s 0 -w FILE"},
		},
	},
	across: func() tracker { return new(incomplete) },
}

// incomplete sums up what the capture lacks.
type incomplete struct {
	bound               // never acts
	connections []int64 // the first few concerned
	packets     []int64
	missing     int64 // bytes
	midstream   int64 // connections begun before the capture, with transactions
	gaps        int64 // connections with bytes missing
	oneWay      int64 // connections of which only one direction was captured
}

func (i *incomplete) note(c *Conn) (Evidence, bool) {
	midstream := c.Midstream && c.Transactions > 0
	if !midstream && c.Missing == 0 && !c.OneWay {
		return Evidence{}, false
	}
	if c.OneWay {
		i.oneWay++
	}
	if midstream {
		i.midstream++
	}
	if c.Missing > 0 {
		i.gaps++
		i.missing += c.Missing
	}
	if len(i.connections) < mostListed {
		i.connections = append(i.connections, c.ID)
		i.packets = append(i.packets, c.First.Packet)
	}
	return Evidence{}, false
}

func (i *incomplete) conclude() []Evidence {
	if len(i.connections) == 0 {
		return nil
	}
	var lacks []string
	if i.midstream > 0 {
		lacks = append(lacks, fmt.Sprintf("opened before the capture began: %d", i.midstream))
	}
	if i.oneWay > 0 {
		lacks = append(lacks, fmt.Sprintf("captured in one direction only: %d", i.oneWay))
	}
	if i.gaps > 0 {
		lacks = append(lacks, fmt.Sprintf("lacking bytes: %d (%d bytes)", i.gaps, i.missing))
	}
	return []Evidence{{
		Connections: i.connections,
		Packets:     i.packets,
		Confidence:  pool.Certain,
		Text:        "connections " + strings.Join(lacks, "; "),
	}}
}
