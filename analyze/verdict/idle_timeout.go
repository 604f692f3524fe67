package verdict

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// idleTimeout is found in a pool of which one side closes connections after an
// idle time that is the same over several of them.
var idleTimeout = rule{
	Explanation: Explanation{
		Meaning: "The first closer closed several connections after the same idle time. The value often names the " +
			"program: 5, 60, 75, 90 or 350 s.",
		Evidence: "Idle times before the first FIN or RST: the longest of them, and most, equal within the timer's " +
			"grain, and no connection used again after longer. What a client closes as it opens another (within 5 ms " +
			"before the SYN, or until the new one's first response) shows no timer, only a limit.",
		RefutedBy: "the closings coincide with an event of their own, such as a restart",
		Remedy: "Consistent with an idle timeout. If pauses between requests are longer, lengthen it; the client's " +
			"must stay below the server's:",
		AtServer: "If it is this side's timeout: raise it above the pauses between requests, and above the clients' idle timeout.",
		Knobs: []Knob{
			{"node agentkeepalive", "freeSocketTimeout"},
			{"node undici, fetch", "keepAliveTimeout (default 4 s)"},
			{"go net/http", "Transport.IdleConnTimeout (90 s in DefaultTransport); Server.IdleTimeout"},
			{"rust reqwest", "pool_idle_timeout (default 90 s)"},
			{"nginx", "keepalive_timeout (default 75 s)"},
			{"node http server", "server.keepAliveTimeout (default 5 s)"},
			{"aws balancers", "application: idle_timeout.timeout_seconds (default 60); network: 350 s"},
		},
	},
	pool: closedAlike,
}

func closedAlike(p *pool.Pool) (Evidence, bool) {
	server, client := p.ServerCloses(), p.ClientCloses()
	longestReuse := p.LongestReuse().For
	side, alike := "server", server.Timeout(longestReuse)
	if n, _, _, _ := p.OverallLimit(); alike == nil && n == 0 { // else it closes for another reason
		side, alike = "client", client.Timeout(longestReuse)
	}
	if alike == nil {
		return Evidence{}, false
	}
	shortest, longest := alike[len(alike)-1].For, alike[0].For
	e := Evidence{
		Confidence: pool.Likely,
		Text: fmt.Sprintf("the %s closed %s after %s idle", side,
			plural.Count(int64(len(alike)), "connection"), segment.SpanRange(shortest, longest)),
	}
	shown := slices.Clone(alike[:min(len(alike), mostListed)])
	slices.SortFunc(shown, func(a, b pool.Idle) int { return cmp.Compare(a.Packet, b.Packet) })
	for _, i := range shown {
		e.Connections = append(e.Connections, i.Conn)
		e.Packets = append(e.Packets, i.Packet)
	}
	return e, true
}
