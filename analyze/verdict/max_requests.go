package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// maxRequests is found in a pool whose server ends each connection after the same
// number of transactions.
var maxRequests = rule{
	Explanation: Explanation{
		Meaning: "The server permits a number of requests on a connection, then says close, sends GOAWAY (RFC 9113 " +
			"section 6.8) or closes.",
		Evidence: "At least two connections, ended by the server right after a response, all with the same number " +
			"of transactions, and none of the client's that carried more. Not if all ended after one status, after " +
			"which no connection was used again though after others they were: then that is why.",
		RefutedBy: "the client asked for the same number each time and the server would have ended them anyway",
		Remedy:    "Consistent with a limit of the server or of a proxy before it:",
		Knobs: []Knob{
			{"nginx", "keepalive_requests (1000, in old versions 100)"},
			{"apache", "MaxKeepAliveRequests (100)"},
			{"node server", "server.maxRequestsPerSocket"},
		},
	},
	pool: endedAtCount,
}

func endedAtCount(p *pool.Pool) (Evidence, bool) {
	s := p.Lifetimes()
	by := p.Statuses()
	if s.Count < 2 || s.Fewest != s.Most || s.Most < 2 || p.MostOnOne > s.Most || s.SayAge > 0 || by.EndsAfter(s.Status) {
		return Evidence{}, false
	}
	return Evidence{
		Connections: s.Conns,
		Packets:     s.Packets,
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("the server ended %s after %d transactions each",
			plural.Count(s.Count, "connection"), s.Most),
	}, true
}
