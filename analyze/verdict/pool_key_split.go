package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
)

// poolKeySplit is found in a pool that opened its first connection while another
// pool of the same client had an idle one to the same address and port.
var poolKeySplit = rule{
	Explanation: Explanation{
		Meaning: "An idle connection to the same address was there, but for another name, Host, ALPN or local " +
			"address: clients never share across these.",
		Evidence: "Two pools of one client with a server address in common, one idle while the other opened " +
			"connections.",
		RefutedBy: "the two names are two services that must not share",
		Remedy: "Consistent with one service called by several names (localhost and 127.0.0.1, with and without " +
			"www). Use one name; with HTTP/2 a certificate for both lets clients coalesce.",
	},
	pool: idleElsewhere,
}

func idleElsewhere(p *pool.Pool) (Evidence, bool) {
	s := p.Split()
	if s.Conn == 0 || s.HTTP2 {
		return Evidence{}, false
	}
	return Evidence{
		Connections: []int64{s.Opened, s.Conn},
		Packets:     []int64{s.Packet},
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("#%d was opened although #%d to the same address was idle: "+
			"that one is known as %q, this one as %q",
			s.Opened, s.Conn, s.Other, p.Name),
	}, true
}
