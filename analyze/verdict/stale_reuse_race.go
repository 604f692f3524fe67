package verdict

import (
	"fmt"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
)

// staleReuseRace is found on a connection on which request bytes crossed or
// followed the server's FIN and were answered by a reset.
var staleReuseRace = rule{
	Explanation: Explanation{
		Meaning: "The request crossed or followed the server's FIN and was answered by RST. Clients show it as " +
			"ECONNRESET, socket hang up or EOF.",
		Evidence:  "Request bytes at or after the server's FIN on the same connection, then an RST.",
		RefutedBy: "the request had been answered completely before the RST",
		Remedy: "Consistent with a client that keeps connections as long as the server does. Close earlier, and " +
			"retry requests that are safe to repeat:",
		AtServer: "This side can end the race: a keep-alive timeout longer than the clients' idle timeout lets them close first.",
		Knobs: []Knob{
			{"node agentkeepalive", "freeSocketTimeout below the server's timeout"},
			{"node http", "if req.reusedSocket and the error is ECONNRESET: send again"},
			{"node undici, fetch", "keepAliveTimeout; RetryAgent"},
			{"go net/http", "IdleConnTimeout; Request.GetBody lets it retry bodies"},
			{"rust reqwest", "pool_idle_timeout"},
			{"python requests", "HTTPAdapter(max_retries=Retry(...))"},
		},
	},
	connection: &connectionRule{requestTooLate, lateRequest},
}

func requestTooLate(c *Conn) bool {
	return c.StaleRequest.Packet != 0 && c.ClosedBy == event.Server && c.ServerRST
}

func lateRequest(c *Conn) Evidence {
	return Evidence{
		Packets:    []int64{c.Closed.Packet, c.StaleRequest.Packet},
		Confidence: pool.Certain,
		Text: fmt.Sprintf("#%d: the server closed in packet %d, the request in packet %d came too late and was reset",
			c.ID, c.Closed.Packet, c.StaleRequest.Packet),
	}
}
