package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// h2NotNegotiated is found in a pool whose client offers HTTP/2, whose server
// takes HTTP/1.1, and of which connections are used side by side that HTTP/2
// would not need.
var h2NotNegotiated = rule{
	Explanation: Explanation{
		Meaning: "The client offered h2 by ALPN (RFC 7301), the server chose another protocol, and connections " +
			"were used side by side where one would have done.",
		Evidence:  "ALPN in both hellos, and connections opened because all others were in use.",
		RefutedBy: "the requests would not have fit on one connection",
		Remedy:    "Consistent with HTTP/2 switched off at the server, or at a proxy before it:",
		Knobs: []Knob{
			{"nginx", "http2 on"},
			{"haproxy", "bind ... alpn h2,http/1.1"},
		},
	},
	pool: declinedH2,
}

func declinedH2(p *pool.Pool) (Evidence, bool) {
	n, conn, packet := p.Declined()
	concurrent := p.Causes.Of(pool.Concurrent)
	if n < 2 || concurrent == 0 {
		return Evidence{}, false
	}
	return Evidence{
		Connections: []int64{conn},
		Packets:     []int64{packet},
		Confidence:  pool.Certain,
		Text: fmt.Sprintf("%s offered h2 and got another protocol; %d were opened because all others were in use",
			plural.Count(n, "connection"), concurrent),
	}, true
}
