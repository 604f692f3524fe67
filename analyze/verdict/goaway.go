package verdict

import (
	"fmt"
	"math"
	"strings"

	"tcpwarm/analyze/app/http2"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// goaway is found on a connection of HTTP/2 whose server ended it by GOAWAY, or either
// side by one with an error, or on which the server refused streams. A client that says
// GOAWAY without an error only closes, and so does a server after the client has.
var goaway = rule{
	Explanation: Explanation{
		Meaning: "HTTP/2 says in words why a connection ends (RFC 9113 section 6.8): a code, the last stream that is " +
			"still served, and perhaps a text. NO_ERROR is an ordinary end, such as a limit of requests or of age. " +
			"Other codes name what the peer did wrong: a server's ENHANCE_YOUR_CALM (11) means a client that asks " +
			"or pings too much.",
		Evidence: "The GOAWAY frame, with its code, last stream and debug text; RST_STREAM with REFUSED_STREAM, " +
			"beside the limit of streams that SETTINGS gave.",
		RefutedBy: "the one who says so is mistaken: a proxy between may speak for the server",
		Remedy: "Consistent with a limit of the server (NO_ERROR), or with what the code names. What was above the last " +
			"stream, or refused, was not processed and can be sent again (RFC 9113 sections 6.8 and 8.7). For " +
			"ENHANCE_YOUR_CALM have the client ping less often:",
		Knobs: []Knob{
			{"grpc client", "GRPC_ARG_KEEPALIVE_TIME_MS, in Go keepalive.ClientParameters.Time: not below the server's " +
				"minimum (5 min by default)"},
			{"grpc server", "keepalive.EnforcementPolicy{MinTime, PermitWithoutStream}; MAX_CONNECTION_AGE"},
			{"nginx", "keepalive_requests, keepalive_time"},
			{"envoy", "max_connection_duration, max_requests_per_connection"},
			{"go net/http", "Transport.StrictMaxConcurrentStreams; http2.Transport.ReadIdleTimeout"},
		},
	},
	connection: &connectionRule{saysGoAway, goAwayInWords},
}

func saysGoAway(c *Conn) bool { return c.HTTP2.Refused > 0 || telling(c) != nil }

// telling returns the GOAWAY that says something, nil if none does.
func telling(c *Conn) *event.GoAway {
	server, client := c.HTTP2.GoAway, c.HTTP2.ClientGoAway
	switch {
	case server != nil && (server.Code != uint32(http2.NoError) || c.ClosedBy == event.Server):
		return server
	case client != nil && client.Code != uint32(http2.NoError):
		return client
	}
	return nil
}

func goAwayInWords(c *Conn) Evidence {
	e := Evidence{Confidence: pool.Certain}
	var parts []string
	if g := telling(c); g != nil {
		e.Packets = append(e.Packets, g.At.Packet)
		parts = append(parts, sayGoAway(g))
	}
	if h := &c.HTTP2; h.Refused > 0 {
		e.Packets = append(e.Packets, h.FirstRefused.Packet)
		s := fmt.Sprintf("the server refused %s by REFUSED_STREAM, first in packet %d",
			plural.Count(h.Refused, "stream"), h.FirstRefused.Packet)
		if h.Streams > 0 && h.Streams < math.MaxInt32 {
			s += fmt.Sprintf(" (its SETTINGS permit %d at once)", h.Streams)
		}
		parts = append(parts, s)
	}
	e.Text = fmt.Sprintf("#%d: %s", c.ID, strings.Join(parts, "; "))
	return e
}

// everyStream is the last stream of a GOAWAY that only announces another (RFC 9113
// section 6.8).
const everyStream = 1<<31 - 1

// sayGoAway says g in words.
func sayGoAway(g *event.GoAway) string {
	who := event.Server
	if g.FromClient {
		who = event.Client
	}
	code := http2.Code(g.Code)
	s := fmt.Sprintf("the %s sent GOAWAY in packet %d: %v", sideName(who), g.At.Packet, code)
	switch {
	case code == http2.EnhanceYourCalm && !g.FromClient:
		s += " (11), too much of the client's asking or pinging"
	case code.BlamesPeer():
		s += fmt.Sprintf(" (%d), an error of the %s", g.Code, sideName(otherSide(who)))
	}
	if g.Debug != "" {
		s += fmt.Sprintf(", %q", g.Debug)
	}
	if g.LastStream != everyStream {
		s += fmt.Sprintf("; the last stream served is %d", g.LastStream)
	}
	return s
}

func otherSide(s event.Side) event.Side {
	if s == event.Client {
		return event.Server
	}
	return event.Client
}
