package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
)

// h2NotCoalesced is found in a pool that opened its first connection while an
// HTTP/2 connection to the same address and port, for another name, had room.
// Whether its certificate would do for this one (RFC 9113 section 9.1.1) is not
// looked at.
var h2NotCoalesced = rule{
	Explanation: Explanation{
		Meaning: "A client may use an HTTP/2 connection for each name that its certificate covers (RFC 9113 " +
			"section 9.1.1). Another was opened.",
		Evidence: "A connection for a new name, while one to the same address and port, for another name, was open " +
			"and had room for streams.",
		RefutedBy: "the certificate does not cover the name, or the client keeps names apart on purpose",
		Remedy: "Browsers and curl do it by themselves where the certificate covers both; most libraries do not. " +
			"Use one name for one service.",
	},
	pool: roomElsewhere,
}

func roomElsewhere(p *pool.Pool) (Evidence, bool) {
	s := p.Split()
	if !s.HTTP2 {
		return Evidence{}, false
	}
	return Evidence{
		Connections: []int64{s.Opened, s.Conn},
		Packets:     []int64{s.Packet},
		Confidence:  pool.Hint,
		Text: fmt.Sprintf("#%d was opened for %q although #%d, HTTP/2 for %q at the same address, had room",
			s.Opened, p.Name, s.Conn, s.Other),
	}, true
}
