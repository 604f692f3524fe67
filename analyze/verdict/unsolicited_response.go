package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
)

// unsolicitedResponse is found on a connection of HTTP/1 on which a response came that nobody
// had asked for: 408, when a server gives up waiting, or one too many.
var unsolicitedResponse = rule{
	Explanation: Explanation{
		Meaning: "A response came with no request outstanding. A 408 is how some servers say that they will not wait any " +
			"longer on a connection opened ahead or kept; a client that takes it for the answer to its next request is " +
			"out of step from then on.",
		Evidence: "A response's head on HTTP/1 while all requests seen had theirs, on a connection captured from its " +
			"SYN with nothing of the client's missing.",
		RefutedBy: "a request was sent that the capture lacks",
		Remedy: "Consistent with a connection that waited longer for its (next) request than the server permits. Open " +
			"none ahead of need, or close before the server does. A client must drop such a connection (RFC 9110 " +
			"section 15.5.9):",
		Knobs: []Knob{
			{"haproxy", "timeout http-request, timeout http-keep-alive; option http-ignore-probes: no 408 for spare ones"},
			{"apache", "mod_reqtimeout: RequestReadTimeout"},
			{"node http server", "server.headersTimeout (60 s), server.requestTimeout (300 s)"},
			{"aws application balancer", "idle timeout 60 s, answered by 408 or a close"},
			{"go net/http", "the client logs 'Unsolicited response received on idle HTTP channel'"},
		},
	},
	connection: &connectionRule{answeredUnasked, unaskedAnswer},
}

func answeredUnasked(c *Conn) bool {
	if c.Transactions == 0 && c.Fate.ClientSent { // it answers what was no request, such as a ClientHello
		return false
	}
	return c.Fate.Orphans > 0 && c.Fate.Orphan.Status != 0 && !c.Midstream && !c.OneWay && c.Missing == 0
}

func unaskedAnswer(c *Conn) Evidence {
	o := &c.Fate.Orphan
	when := "before any request: nothing was outstanding"
	switch {
	case o.Crossed:
		when = "when all that it had received was answered: it crossed a request that was on its way"
	case c.FirstEnd.Packet != 0 && c.FirstEnd.Packet <= o.At.Packet:
		when = "after all requests had been answered: nothing was outstanding"
	}
	return Evidence{
		Packets:    []int64{o.At.Packet},
		Confidence: pool.Certain,
		Text:       fmt.Sprintf("#%d: the server sent a %d in packet %d, %s", c.ID, o.Status, o.At.Packet, when),
	}
}
