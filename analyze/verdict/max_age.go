package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// maxAge is found in a pool whose server ends each connection at the same age, in
// use or just after. After the same number of transactions it is maxRequests.
var maxAge = rule{
	Explanation: Explanation{
		Meaning: "The server lets a connection live for a time, however busy it is, then says close or sends GOAWAY.",
		Evidence: "At least two connections, ended by the server right after a response, of the same age but not " +
			"the same number of transactions.",
		RefutedBy: "the ends coincide with an event of their own, such as a restart",
		Remedy:    "Consistent with a limit of the server or of a proxy before it:",
		Knobs: []Knob{
			{"nginx", "keepalive_time (1h)"},
			{"envoy", "max_connection_duration"},
			{"grpc server", "MAX_CONNECTION_AGE"},
		},
	},
	pool: endedAtAge,
}

func endedAtAge(p *pool.Pool) (Evidence, bool) {
	s := p.Lifetimes()
	if s.Count < 2 || s.Fewest == s.Most || s.Youngest < time.Second || s.Oldest-s.Youngest > s.Oldest/20 {
		return Evidence{}, false
	}
	return Evidence{
		Connections: s.Conns,
		Packets:     s.Packets,
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("the server ended %s at an age of %v to %v, after %d to %d transactions",
			plural.Count(s.Count, "connection"), segment.Span(s.Youngest), segment.Span(s.Oldest), s.Fewest, s.Most),
	}, true
}
