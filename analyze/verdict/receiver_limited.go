package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
)

// receiverLimited is found on a connection at most of whose ACKs what was in
// flight filled the window that the receiver offered (RFC 9293 section 3.8.6).
var receiverLimited = rule{
	Explanation: Explanation{
		Meaning: "The sender could send more, but the receiver offers no room for it: its buffer is small, or the " +
			"program does not read.",
		Evidence: "At more than half of the ACKs, twenty at least, what is in flight comes within a segment of the " +
			"window that the receiver offers.",
		RefutedBy: "the congestion window was as small as the offered one",
		Remedy:    "Consistent with a small receive buffer or a slow reader:",
		Knobs: []Knob{
			{"linux receiver", "sysctl net.ipv4.tcp_rmem; no SO_RCVBUF in the program, which turns tuning off"},
			{"program", "read the response as it comes"},
		},
	},
	connection: &connectionRule{windowFull, fullWindow},
}

// leastACKs is how many ACKs a share says anything of.
const leastACKs = 20

func windowFull(c *Conn) bool {
	return c.SlowedBy.ACKs >= leastACKs && 2*c.SlowedBy.Full > c.SlowedBy.ACKs
}

func fullWindow(c *Conn) Evidence {
	p := &c.SlowedBy
	return Evidence{
		Packets:    []int64{p.FullAt},
		Confidence: pool.Likely,
		Text: fmt.Sprintf("#%d: at %d of %d ACKs what was in flight filled the window "+
			"that the receiver offered (from packet %d on)",
			c.ID, p.Full, p.ACKs, p.FullAt),
	}
}
