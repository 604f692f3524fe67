package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// h2StreamLimit is found in a pool of which an HTTP/2 connection carried as many
// streams as the server permits.
var h2StreamLimit = rule{
	Explanation: Explanation{
		Meaning: "The server permits so many streams at once (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113 section " +
			"5.1.2); requests beyond wait, or open another connection.",
		Evidence: "A stream with which its connection carries as many as the server's settings permit; where that is " +
			"one, only if another connection was opened meanwhile.",
		RefutedBy: "no request had to wait for another to end",
		Remedy:    "Consistent with a low limit or many parallel requests:",
		Knobs: []Knob{
			{"nginx", "http2_max_concurrent_streams (128)"},
			{"go net/http server", "http2.Server.MaxConcurrentStreams (250)"},
			{"node http2 server", "settings.maxConcurrentStreams"},
			{"java HttpClient", "no setting: it gives up what comes beyond; a Semaphore of the server's limit lets it wait"},
		},
	},
	pool: streamsAtLimit,
}

func streamsAtLimit(p *pool.Pool) (Evidence, bool) {
	n, conn, packet := p.AtLimit()
	if n == 0 {
		return Evidence{}, false
	}
	theirs := "its connection"
	if n > 1 {
		theirs = "their connections"
	}
	return Evidence{
		Connections: []int64{conn},
		Packets:     []int64{packet},
		Confidence:  pool.Certain,
		Text: fmt.Sprintf("%s made %s carry as many as the server permits, first on #%d in packet %d; "+
			"connections opened because all were in use: %d",
			plural.Count(n, "stream"), theirs, conn, packet, p.Causes.Of(pool.Concurrent)),
	}, true
}
