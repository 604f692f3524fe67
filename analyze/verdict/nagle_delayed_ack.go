package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// nagleDelayedACK is found on a connection on which the rest of a message waited
// for the ACK of a small segment, which the receiver delayed (RFC 9293 sections
// 3.7.4 and 3.8.6.3).
var nagleDelayedACK = rule{
	Explanation: Explanation{
		Meaning: "The sender wrote a message in several small parts. It may have only one small segment " +
			"unacknowledged (Nagle, RFC 9293 section 3.7.4), and the receiver delays the ACK of it (section " +
			"3.8.6.3): 40 ms or more, each time.",
		Evidence:  "A segment less than full, its ACK 35 to 500 ms late, and the next part right after it.",
		RefutedBy: "the next part was only then written",
		Remedy:    "Consistent with several writes for one message. Write it at once, or turn Nagle off:",
		Knobs: []Knob{
			{"node http", "socket.setNoDelay(true) (the default of http since 18)"},
			{"go net", "TCPConn.SetNoDelay(true) (the default)"},
			{"java", "Socket.setTcpNoDelay(true)"},
			{"c, linux", "TCP_NODELAY, or TCP_CORK around the writes"},
		},
	},
	connection: &connectionRule{waitedForACK, waitsForACKs},
}

func waitedForACK(c *Conn) bool { return c.SlowedBy.NagleWaits.N != 0 }

func waitsForACKs(c *Conn) Evidence {
	w := &c.SlowedBy.NagleWaits
	e := Evidence{
		Packets:    []int64{w.At.Packet},
		Confidence: pool.Hint,
		Text: fmt.Sprintf("#%d: %s, %v in all, in which the rest of a message waited "+
			"for the delayed ACK of a small segment; the longest, %v, ended in packet %d",
			c.ID, plural.Count(w.N, "wait"), segment.Span(w.Total), segment.Span(w.Longest), w.At.Packet),
	}
	if w.N > 1 {
		e.Confidence = pool.Likely
	}
	return e
}
