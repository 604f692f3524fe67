package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// headerLies is found on a connection that was closed within a round trip of its
// response, though both sides had promised persistence; and of one that was
// used again after close had been said.
var headerLies = rule{
	Explanation: Explanation{
		Meaning: "Connection: keep-alive is a promise; only packets show whether it is kept. Here persistence was " +
			"promised, and the side that promised closed within a round trip of the response (a client: of the " +
			"only one); or close was said, and the connection was used again.",
		Evidence:  "The headers, and the FIN or RST from the same side right after the response.",
		RefutedBy: "the closing side had ended as a whole",
		Remedy: "A server that closes should say close. Of a client, consistent with a header set by hand while " +
			"the library's own pool is off. Remove the header and turn the pool on:",
		Knobs: []Knob{
			{"node http, axios", "new http.Agent({keepAlive: true}) shared, instead of headers: {Connection: " +
				"'keep-alive'}"},
			{"node request", "forever: true instead of the header"},
			{"python requests", "a shared requests.Session() instead of the header"},
		},
	},
	connection: &connectionRule{promiseBroken, brokenPromise},
}

func promiseBroken(c *Conn) bool {
	switch {
	case c.ReusedAfterClose.Packet != 0:
		return true
	case c.ClosedBy == event.Nobody || !c.LastPromised || !c.LastComplete || c.LastEnd.Packet == 0:
		return false
	case c.ClosedBy == event.Client && c.Transactions > 1:
		return false // it did use the connection again; now it is done
	}
	idle := c.Closed.Time.Sub(c.LastEnd.Time)
	return 0 <= idle && idle <= max(c.RTT, time.Millisecond)
}

func brokenPromise(c *Conn) Evidence {
	if c.ReusedAfterClose.Packet != 0 {
		return Evidence{
			Packets:    []int64{c.SaidClose.Packet, c.ReusedAfterClose.Packet},
			Confidence: pool.Certain,
			Text: fmt.Sprintf("#%d: the response that ended in packet %d said close, yet packet %d asked again on it",
				c.ID, c.SaidClose.Packet, c.ReusedAfterClose.Packet),
		}
	}
	sure := pool.Certain
	if c.ClosedBy == event.Client {
		sure = pool.Likely // a program that ends closes all it has
	}
	return Evidence{
		Packets:    []int64{c.LastEnd.Packet, c.Closed.Packet},
		Confidence: sure,
		Text: fmt.Sprintf("#%d: both sides promised persistence, but the %s closed in packet %d, "+
			"%v after the response ended in packet %d",
			c.ID, sideName(c.ClosedBy), c.Closed.Packet,
			segment.Span(c.Closed.Time.Sub(c.LastEnd.Time)), c.LastEnd.Packet),
	}
}
