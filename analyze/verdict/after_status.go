package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// afterStatus is found in a pool whose client left a connection each time, and only, after
// one status: it does not read such a response to its end, or takes it for the last.
var afterStatus = rule{
	Explanation: Explanation{
		Meaning: "All connections that the client closed, or did not use again, had last carried a response of one " +
			"status: 204, 301, 304, 404, 407 ... That path of the client treats the connection otherwise.",
		Evidence: "The status of the last response on each connection that an avoidable one was opened instead of: " +
			"always the same, and never that of a response after which the connection was used again. Likely where " +
			"connections were used again after other statuses.",
		RefutedBy: "the program ends its session on that status on purpose, or asked for nothing else",
		Remedy: "Consistent with a body left unread on that path, or a parser that waits for one where there is none " +
			"(204 and 304 have none, RFC 9112 section 6.3). Read or discard the body also on errors and redirects:",
		Knobs: []Knob{
			{"go net/http", "io.Copy(io.Discard, resp.Body) and resp.Body.Close() before the return on an error status"},
			{"python requests", "r.content, or with stream=True r.close() only after reading it"},
			{"node http", "res.resume() where the body is not wanted"},
			{"node undici", "await res.body.dump() where the body is not wanted"},
			{"java HttpURLConnection", "read getErrorStream() to its end on 4xx and 5xx"},
			{"apache HttpClient", "EntityUtils.consume(response.getEntity())"},
			{"rust reqwest", "read the body before error_for_status() drops it"},
		},
	},
	pool: leftAfterOneStatus,
}

// Fewer connections than these may have ended alike by chance: where others were used again
// after other statuses, and where there is nothing to compare.
const (
	fewestLeft         = 2
	fewestLeftWithout  = 3
	statusOK           = 200
	statusMultiChoices = 300
)

func leftAfterOneStatus(p *pool.Pool) (Evidence, bool) {
	by := p.Statuses()
	var left *pool.Status
	for i := range by.Of {
		switch x := &by.Of[i]; {
		case x.Left == 0:
		case left != nil || x.Followed > 0:
			return Evidence{}, false
		default:
			left = x
		}
	}
	if left == nil || by.More || left.Left < p.Avoidable {
		return Evidence{}, false
	}
	e := Evidence{
		Connections: []int64{left.Conn},
		Packets:     []int64{left.Packet},
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("%s opened although one was there whose last response was a %d; "+
			"after none of that status was a connection used again", plural.Count(left.Left, "connection"), left.Status),
	}
	switch {
	case by.EndsAfter(left.Status):
		e.Text += ", after others they were"
		return e, left.Left >= fewestLeft
	case !singlesOut(left.Status):
		return Evidence{}, false
	}
	e.Confidence = pool.Hint
	return e, left.Left >= fewestLeftWithout
}

// singlesOut reports whether a status that all responses had may be why connections were
// left. Of those that are what was asked for, only those without a body may.
func singlesOut(status uint16) bool {
	const noContent, resetContent = 204, 205
	return status < statusOK || status >= statusMultiChoices || status == noContent || status == resetContent
}
