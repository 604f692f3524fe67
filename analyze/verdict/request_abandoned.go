package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// requestAbandoned is found where a client gave up requests of which no byte of the final response had
// come, though an interim one may have (RFC 9110 section 15.2); if always after the same time, by a deadline.
var requestAbandoned = rule{
	Explanation: Explanation{
		Meaning: "The client gave up a request before the head of the response had come: a deadline, a cancel, or the end " +
			"of the program. HTTP/1 cannot go on with that connection; HTTP/2 ends the stream alone. It is no body left " +
			"unread: there was none.",
		Evidence: "A FIN or RST of the client, or on HTTP/2 its RST_STREAM, while a request waited that the server had " +
			"taken and that no response had begun to. Likely a deadline where several were given up after the same time, " +
			"within a fifth, for a deadline may begin before the request is sent; one alone is a hint.",
		RefutedBy: "the times differ, or coincide with the end of the program",
		Remedy: "Consistent with a client's deadline that is shorter than the server needs. Lengthen it, or find out what " +
			"the server waits for:",
		Knobs: []Knob{
			{"go net/http", "Client.Timeout, context.WithTimeout, Transport.ResponseHeaderTimeout"},
			{"axios", "timeout (ms); AbortController"},
			{"node undici, fetch", "headersTimeout (300 s); AbortSignal.timeout(ms)"},
			{"python requests", "timeout=(connect, read)"},
			{"python aiohttp", "ClientTimeout(total=300 by default)"},
			{"rust reqwest", "timeout()"},
			{"java HttpClient", "HttpRequest.timeout()"},
			{"nginx", "proxy_read_timeout (60 s)"},
		},
	},
	across: func() tracker { return new(abandonments) },
}

// abandonments are counted for each pair of client and server.
type abandonments struct {
	pairs[abandonment]
}

type abandonment struct {
	n           int64
	least, most time.Duration
	inferred    bool
	shown       shownConns
}

func (a *abandonments) note(c *Conn) (Evidence, bool) {
	g := &c.Fate.GivenUp
	if g.N == 0 || c.OneWay || c.Missing > 0 { // what lacks may be the answer
		return Evidence{}, false
	}
	x := a.get(c)
	if x == nil {
		return Evidence{}, false
	}
	if x.n == 0 {
		x.least = g.Least
	}
	x.n += g.N
	x.least, x.most = min(x.least, g.Least), max(x.most, g.Most)
	x.inferred = x.inferred || c.Fate.Inferred
	x.shown.add(shownConn{c.ID, [2]int64{g.First.Packet, g.At.Packet}})
	return Evidence{}, false
}

func (a *abandonments) conclude() (found []Evidence) {
	for _, x := range a.all() {
		e := Evidence{Confidence: pool.Hint}
		x.shown.show(&e)
		after := fmt.Sprintf("after %v", segment.Span(x.least))
		switch alike := x.most-x.least <= max(x.most/5, sameDeadline); {
		case x.n > 1 && alike:
			e.Confidence = pool.Likely
			after = fmt.Sprintf("after about %v each time: a deadline", segment.Span(x.least))
		case x.n > 1:
			after = "after " + segment.SpanRange(x.least, x.most)
		}
		if x.inferred {
			e.Confidence = pool.Hint
		}
		e.Text = fmt.Sprintf("the client gave up %s of which no head of the final response had come, %s",
			plural.Count(x.n, "request"), after)
		found = append(found, e)
	}
	return found
}

// sameDeadline is how far timers of the same length may be apart on a busy machine.
const sameDeadline = 20 * time.Millisecond
