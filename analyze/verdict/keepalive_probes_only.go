package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// keepaliveProbesOnly is found in a pool whose connections are kept alive by
// TCP's probes and never carry a second transaction, of a client that reuses
// none and opens others meanwhile: that is another knob than HTTP's.
var keepaliveProbesOnly = rule{
	Explanation: Explanation{
		Meaning: "TCP probes keep an idle connection from being forgotten by middleboxes; they do not make a " +
			"client send its next request there. That is another knob.",
		Evidence: "TCP keep-alive probes, with no answer awaited, on a connection that never carried a second " +
			"request, of a client that used none again and opened another for its next request.",
		RefutedBy: "the other connections are another program's",
		Remedy: "Consistent with the wrong keep-alive turned on. Share a client object; these knobs are TCP's and " +
			"do not help:",
		Knobs: []Knob{
			{"node", "socket.setKeepAlive() is TCP's; new http.Agent({keepAlive: true}) is HTTP's"},
			{"go", "net.Dialer.KeepAlive is TCP's; a shared http.Transport is HTTP's"},
			{"rust reqwest", "tcp_keepalive() is TCP's; a shared Client is HTTP's"},
			{"curl", "--keepalive-time is TCP's; several URLs in one command is HTTP's"},
		},
	},
	pool: probedNotReused,
}

func probedNotReused(p *pool.Pool) (Evidence, bool) {
	n, conn, packet := p.Probed()
	if n == 0 || p.Reused > 0 || p.Causes.Of(pool.Missed) == 0 { // kept alive, but for no request
		return Evidence{}, false
	}
	return Evidence{
		Connections: []int64{conn},
		Packets:     []int64{packet},
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("%s kept alive by TCP's probes and never used a second time, "+
			"first #%d (probes from packet %d on)",
			plural.Count(n, "connection"), conn, packet),
	}, true
}
