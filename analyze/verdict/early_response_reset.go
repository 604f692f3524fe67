package verdict

import (
	"fmt"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
)

// earlyResponseReset is found on a connection of HTTP/1 whose server answered before the
// request's body had come and then reset it: the body met a closed socket, and the RST may
// throw away the response that is still on its way (RFC 9112 section 9.6).
var earlyResponseReset = rule{
	Explanation: Explanation{
		Meaning: "The server answered before it had the whole request, then closed: what of the body came after was " +
			"answered by RST, and a client that has not read the response by then loses it. It sees a broken pipe or " +
			"ECONNRESET instead of the status.",
		Evidence:  "The final status before the request's last byte on HTTP/1, then a RST of the server.",
		RefutedBy: "the request was broken off by the client for a reason of its own",
		Remedy: "Consistent with a server that refuses a body (413, 401, 403) without reading it. Let it read on for a " +
			"while before it closes, or the client ask first with Expect: 100-continue:",
		Knobs: []Knob{
			{"nginx", "lingering_close on, lingering_timeout; client_max_body_size"},
			{"go net/http server", "read or discard r.Body before returning; MaxBytesReader closes"},
			{"node http server", "req.resume() before res.end()"},
			{"curl", "-H 'Expect: 100-continue'"},
		},
	},
	connection: &connectionRule{resetAfterEarly, earlyAndReset},
}

func resetAfterEarly(c *Conn) bool {
	f := &c.Fate
	return f.Early.Status != 0 && f.Origin[1].RST.Packet > f.Early.At.Packet && c.ClosedBy != event.Client && c.Missing == 0
}

func earlyAndReset(c *Conn) Evidence {
	f := &c.Fate
	return Evidence{
		Packets:    []int64{f.Early.At.Packet, f.Origin[1].RST.Packet},
		Confidence: pool.Certain,
		Text: fmt.Sprintf("#%d: the server answered %d in packet %d, before the request's body had come to its end, and reset in packet %d",
			c.ID, f.Early.Status, f.Early.At.Packet, f.Origin[1].RST.Packet),
	}
}
