package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// parallelPools is found in a pool whose connections serve one authority in turns, each idle
// while another works: so many pools of the program lie side by side.
var parallelPools = rule{
	Explanation: Explanation{
		Meaning: "Two or more connections to one authority were used in turns, each idle while another worked, all " +
			"along. One would have served, but the program keeps so many pools side by side: clients with other " +
			"options, or workers with a pool each.",
		Evidence: "Each connection carried several requests; those after the first were opened while one was idle, and " +
			"most requests went back to a connection used before while the one used last was idle.",
		RefutedBy: "the connections belong to several programs, or the pool hands out its connections in turn",
		Remedy: "Consistent with several client objects, each with a pool, that call the same server. Share one, with the " +
			"same options:",
		Knobs: []Knob{
			{"node http, axios", "one agent for all instances: {httpAgent, httpsAgent} the same objects, the same TLS options"},
			{"go net/http", "one http.Transport for all http.Clients; each Transport has a pool of its own"},
			{"rust reqwest", "clone one Client; each builder().build() has a pool of its own"},
			{"python requests", "one Session for all modules"},
			{"python urllib3", "one PoolManager; other keyword arguments make another pool"},
			{"browser", "fetch() with one credentials mode: each has connections of its own, and so has each site at the top"},
			{"several processes", "a local proxy that keeps the connections for all"},
		},
	},
	pool: usedInTurns,
}

// Each connection must have been gone back to so often that it is no chance.
const returnsEach = 2

func usedInTurns(p *pool.Pool) (Evidence, bool) {
	t := p.Turns()
	missed := p.Causes.Of(pool.Missed)
	if missed == 0 || missed != p.Avoidable || t.Single > 0 || t.Returns < returnsEach*(missed+1) || 2*t.Returns < p.Reused {
		return Evidence{}, false
	}
	return Evidence{
		Connections: []int64{t.Conn},
		Packets:     []int64{t.Packet},
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("%s to one authority were used in turns, each idle while another worked: %d of %s went back to one "+
			"while the one used last was idle, first in packet %d",
			plural.Count(p.Used, "connection"), t.Returns, plural.Count(p.Transactions, "request"), t.Packet),
	}, true
}
