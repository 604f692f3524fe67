package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// synResent is found on a connection whose client asked more than once before
// the server answered. It lost the retransmission timeout: one second at first
// (RFC 6298 section 2.1).
var synResent = rule{
	Explanation: Explanation{
		Meaning: "The SYN drew no answer and was sent again after the retransmission timeout, a second at first " +
			"(RFC 6298 section 2.1). Every new connection risks this; a reused one does not.",
		Evidence:  "Two SYNs of one connection with the same sequence number, no answer between them.",
		RefutedBy: "the answer to the first SYN was sent and is missing from the capture",
		Remedy: "Consistent with loss on the path or a full accept queue at the server. Open fewer connections by " +
			"reuse; look at the server's listen backlog.",
	},
	connection: &connectionRule{askedAgain, resentSYN},
}

// firstTimeout is the retransmission timeout before a round trip was measured (RFC 6298 section 2.1), to within a tick.
const firstTimeout = 990 * time.Millisecond

func askedAgain(c *Conn) bool { return !c.Midstream && c.LastSYN.Packet > c.First.Packet }

func resentSYN(c *Conn) Evidence {
	e := Evidence{
		Packets:    []int64{c.First.Packet, c.LastSYN.Packet},
		Confidence: pool.Certain,
		Text: fmt.Sprintf("#%d: the SYN of packet %d was sent again in packet %d, %v later",
			c.ID, c.First.Packet, c.LastSYN.Packet, segment.Span(c.LastSYN.Time.Sub(c.First.Time))),
	}
	if c.LastSYN.Time.Sub(c.First.Time) < firstTimeout {
		e.Confidence = pool.Likely
		e.Text += ", which is sooner than a timeout: it may be another's"
	}
	return e
}
