package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// poolAtItsLimit is found in a pool all of whose connections are in use all along, each with a
// request right after the response before: more requests wait in the client.
var poolAtItsLimit = rule{
	Explanation: Explanation{
		Meaning: "Concurrency stayed flat at a number of connections, and each was asked again at once when its response " +
			"had come. So it looks where requests wait in the client for a free connection. No packet shows that, and " +
			"their time is missing from all that is measured here.",
		Evidence: "At least six requests, two a connection, nine tenths of which followed within 5 ms upon the response " +
			"before, with all connections in use; none was opened beyond.",
		RefutedBy: "as many workers as there are connections each ask again when they have their answer, as load " +
			"generators do",
		Remedy: "Consistent with a limit of connections per host that is reached. Raise it if the server bears more, or " +
			"use HTTP/2:",
		Knobs: []Knob{
			{"node http", "new http.Agent({keepAlive: true, maxSockets: N})"},
			{"go net/http", "Transport.MaxConnsPerHost (0: no limit)"},
			{"python urllib3, requests", "HTTPAdapter(pool_maxsize=N, pool_block=True) waits; without it opens more"},
			{"python aiohttp", "TCPConnector(limit=100, limit_per_host=0)"},
			{"python httpx", "Limits(max_connections=100)"},
			{"java apache HttpClient 5", "setMaxConnPerRoute (5), setMaxConnTotal (25)"},
			{"java okhttp", "Dispatcher.maxRequestsPerHost (5)"},
			{".net HttpClient", "SocketsHttpHandler.MaxConnectionsPerServer"},
			{"browser", "6 per host over HTTP/1.1"},
		},
	},
	pool: allInUse,
}

// Of fewer it may be chance.
const (
	leastCrowd  = 2  // connections
	askedEach   = 2  // requests while all connections were in use, for each connection
	askedLeast  = 6  // such requests in all
	mostlyParts = 10 // nine tenths are most: all but one of so many parts
)

func allInUse(p *pool.Pool) (Evidence, bool) {
	x := p.Crowding()
	full := x.Full + x.Below
	if x.Peak < leastCrowd || p.Used != x.Peak || x.Full < max(askedEach*x.Peak, askedLeast) ||
		mostlyParts*x.Prompt < (mostlyParts-1)*x.Full || mostlyParts*x.Below > full {
		return Evidence{}, false
	}
	return Evidence{
		Connections: []int64{x.Conn},
		Packets:     []int64{x.Packet},
		Confidence:  pool.Hint, // load generators look the same
		Text: fmt.Sprintf("%s were in use all along, never more: %d of %s that brought as many into use again came within 5 ms "+
			"of the response before, as where others wait for a free one",
			plural.Count(x.Peak, "connection"), x.Prompt, plural.Count(x.Full, "request")),
	}, true
}
