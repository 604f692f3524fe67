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
			"the same number of transactions: within a twentieth, by GOAWAY within a fifth. Or GOAWAY says max_age.",
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
	by := p.Statuses()
	said := s.SayAge > 0 && s.SayAge == s.Count
	alike := s.Count >= 2 && s.Fewest != s.Most && s.Youngest >= time.Second && s.Oldest-s.Youngest <= jitter(&s)
	if !said && (!alike || by.EndsAfter(s.Status)) {
		return Evidence{}, false
	}
	e := Evidence{
		Connections: s.Conns,
		Packets:     s.Packets,
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("the server ended %s at an age of %s, after %s",
			plural.Count(s.Count, "connection"), segment.SpanRange(s.Youngest, s.Oldest), plural.Range(s.Fewest, s.Most, "transaction")),
	}
	if said {
		e.Confidence = pool.Certain
		e.Text += ", and said by GOAWAY that it was for their age (max_age)"
	}
	return e, true
}

// jitter is how much ages may differ that are one limit's: a twentieth, and by GOAWAY a fifth
// of the oldest, since gRPC's servers add or take a tenth at random (its proposal A9) so that
// clients do not all come back at once.
func jitter(s *pool.Lifetimes) time.Duration {
	if s.GoAways == s.Count {
		return s.Oldest / 5
	}
	return s.Oldest / 20
}
