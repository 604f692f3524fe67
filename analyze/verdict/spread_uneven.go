package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// spreadUneven is found in a pool of a name with several addresses of which one gets nearly all
// requests, though connections to others are open.
var spreadUneven = rule{
	Explanation: Explanation{
		Meaning: "The name has several addresses with connections open, and one of them got nearly all requests. Reuse " +
			"can be too good for a balancer that chooses by connection: old ones keep the load, a new server stays idle.",
		Evidence: "Of at least ten requests sent while connections to two addresses or more were open, nine tenths went to " +
			"one of them.",
		RefutedBy: "the others are spare on purpose",
		Remedy: "Consistent with a pool that hands out the connection used last, or with a balancer that sees connections " +
			"and not requests. Let connections end at an age, or balance by request:",
		Knobs: []Knob{
			{"go net/http", "no limit of age of its own: CloseIdleConnections() now and then; a balancing RoundTripper"},
			{"grpc", "round_robin instead of pick_first; MAX_CONNECTION_AGE at the server"},
			{"java okhttp, apache HttpClient", "setConnectionTimeToLive, ConnectionConfig.timeToLive"},
			{".net HttpClient", "SocketsHttpHandler.PooledConnectionLifetime"},
			{"envoy, nginx", "max_connection_duration; keepalive_time"},
			{"kubernetes", "a Service balances connections; a headless one with a client that balances, or a mesh"},
		},
	},
	pool:    oneGetsAll,
	poolCut: func(p *pool.Pool) bool { return p.SharesCut() },
}

// Of fewer requests nothing can be said.
const leastContested = 10

func oneGetsAll(p *pool.Pool) (Evidence, bool) {
	shares := slices.Clone(p.Shares())
	var contested int64
	for i := range shares {
		contested += shares[i].Contested
	}
	slices.SortStableFunc(shares, func(a, b pool.Share) int { return cmp.Compare(b.Contested, a.Contested) })
	if contested < leastContested || mostlyParts*shares[0].Contested < (mostlyParts-1)*contested {
		return Evidence{}, false
	}
	var list []string
	for i, s := range shares[:min(len(shares), mostListed)] {
		words := fmt.Sprintf("%v got %s on %s", s.Server, plural.Count(s.Requests, "request"), plural.Count(s.Conns, "connection"))
		if i > 0 && s.Oldest != 0 {
			words += " opened " + relative(s.Oldest, shares[0].Oldest)
		}
		list = append(list, words)
	}
	return Evidence{
		Packets:    []int64{p.FirstPacket},
		Confidence: pool.Likely,
		Text: fmt.Sprintf("%d of %s sent with a choice went to one address of %d: %s",
			shares[0].Contested, plural.Count(contested, "request"), len(shares), strings.Join(list, "; ")),
	}, true
}

// relative says how long after, or before, another t was.
func relative(t, other segment.Time) string {
	if t < other {
		return fmt.Sprintf("%v before", segment.Span(other.Sub(t)))
	}
	return fmt.Sprintf("%v after", segment.Span(t.Sub(other)))
}
