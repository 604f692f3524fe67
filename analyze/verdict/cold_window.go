package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
)

// coldWindow is found on a connection opened without need whose first content was
// spread over several rounds by slow start (RFC 5681 section 3.1): what its
// handshakes cost is not all.
var coldWindow = rule{
	Explanation: Explanation{
		Meaning: "A new connection's congestion window begins at about ten segments (RFC 6928) and doubles each " +
			"round trip. Content that does not fit takes several; on a connection whose window has grown it takes " +
			"fewer.",
		Evidence: "The first content of an avoidable connection was sent in two rounds or more.",
		RefutedBy: "the window of the other connection was no larger, or the application wrote the content bit by " +
			"bit",
		Remedy: "Reuse: see why the connection was opened. What cannot reuse is helped by smaller responses.",
	},
	coldStart: slowFirstContent,
}

func slowFirstContent(s *ColdStart) (Evidence, bool) {
	if s.Rounds < 2 || s.Content <= s.Window {
		return Evidence{}, false
	}
	return Evidence{
		Connections: []int64{s.Conn, s.InsteadOf},
		Packets:     []int64{s.Opened, s.Start},
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("#%d, opened although #%d could have served, began with a cold window: "+
			"its first content, %d bytes with a window of about %d, took %d round trips (packet %d)",
			s.Conn, s.InsteadOf, s.Content, s.Window, s.Rounds, s.Start),
	}, true
}
