package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// connectPerRequest is found in a pool of tunnels through a proxy that carry one
// transaction each, where one tunnel would have done for several.
var connectPerRequest = rule{
	Explanation: Explanation{
		Meaning: "Through a proxy an https connection is a tunnel: the client connects to the proxy, asks it to " +
			"CONNECT, and shakes hands with the server inside. Through a SOCKS proxy every connection is one. " +
			"All of that is lost if the tunnel serves once.",
		Evidence: "Connections to a proxy that each carry a CONNECT, or SOCKS's, to the same target and one " +
			"transaction inside, where an earlier one was idle.",
		RefutedBy: "the tunnels are of several programs",
		Remedy: "Consistent with a proxy agent that does not pool its tunnels, or with one made for each request. " +
			"Use one that does, and share it:",
		Knobs: []Knob{
			{"node, axios", "hpagent's HttpsProxyAgent with keepAlive: true, or undici's ProxyAgent; " +
				"https-proxy-agent keeps no tunnel"},
			{"python requests", "one Session with proxies"},
			{"go", "one http.Transport with Proxy set"},
			{"reqwest", "one Client with proxy(...)"},
		},
	},
	pool: tunnelsForOne,
}

func tunnelsForOne(p *pool.Pool) (Evidence, bool) {
	if !p.Tunnels() || p.Avoidable == 0 || p.Transactions != p.Used {
		return Evidence{}, false
	}
	e := Evidence{
		Packets:    []int64{p.FirstPacket},
		Confidence: pool.Certain,
		Text: fmt.Sprintf("%s to %q through the proxy, each for one request",
			plural.Count(p.Used, "tunnel"), p.Name),
	}
	if p.MaxUnder > 0 { // what runs inside is inferred: there may have been more
		e.Confidence = pool.Likely
	}
	return e, true
}
