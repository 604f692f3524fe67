package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// timeoutMismatchRisk is found in a pool whose server closes after an idle time
// that the client's reuse comes near: sooner or later a request meets the close.
var timeoutMismatchRisk = rule{
	Explanation: Explanation{
		Meaning: "The pauses after which the client reuses a connection come near the server's idle timeout. " +
			"Sooner or later a request will meet a closing connection.",
		Evidence: "The server's idle timeout (seen, or its Keep-Alive: timeout= hint) and the longest idle time " +
			"used.",
		RefutedBy: "the client closes before that time by itself",
		Remedy: "Consistent with a client whose idle timeout is not below the server's. Set it at least a second " +
			"below:",
		AtServer: "This side can widen the margin: a keep-alive timeout longer than the clients' idle timeout lets them close first.",
		Knobs: []Knob{
			{"node agentkeepalive", "freeSocketTimeout"},
			{"node undici, fetch", "keepAliveTimeout, keepAliveTimeoutThreshold"},
			{"go net/http", "Transport.IdleConnTimeout"},
			{"rust reqwest", "pool_idle_timeout"},
			{"python aiohttp", "TCPConnector(keepalive_timeout=s)"},
			{"java HttpClient", "-Djdk.httpclient.keepalive.timeout=seconds"},
		},
	},
	pool: reuseNearTimeout,
}

func reuseNearTimeout(p *pool.Pool) (Evidence, bool) {
	closes, longest := p.ServerCloses(), p.LongestReuse()
	limit, how, seen := closes.Min.For, "the server closed after", len(closes.Longest) > 0
	if !seen {
		limit, how = p.KeepAlive(), "the server announces a timeout of"
	}
	if limit <= 0 || longest.For < limit/2 {
		return Evidence{}, false
	}
	if seen && longest.For > limit && longest.Conn != closes.Min.Conn {
		return Evidence{}, false // another connection outlived it: it was no timeout
	}
	left := fmt.Sprintf("%v to spare", segment.Span(limit-longest.For))
	switch {
	case longest.For > limit:
		left = fmt.Sprintf("%v beyond it", segment.Span(longest.For-limit))
	case seen && longest.Conn == closes.Min.Conn && longest.At.Add(-longest.For) == closes.Min.At.Add(-limit):
		left = "the two met" // the close ended the same pause
	}
	e := Evidence{
		Connections: []int64{longest.Conn},
		Packets:     []int64{longest.Packet},
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("#%d was used again after %v idle (packet %d); %s %v: %s", longest.Conn,
			segment.Span(longest.For), longest.Packet, how, segment.Span(limit), left),
	}
	if seen {
		e.Connections = append(e.Connections, closes.Min.Conn)
		e.Packets = append(e.Packets, closes.Min.Packet)
	}
	return e, true
}
