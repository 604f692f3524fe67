package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// closeWaitLeak is found where a client never closes what the server has closed: such sockets
// stay in CLOSE_WAIT as long as the program lives (RFC 9293 section 3.3.2).
var closeWaitLeak = rule{
	Explanation: Explanation{
		Meaning: "The server closed and the client's machine acknowledged that, but the program never closed its side. " +
			"Each such socket stays in CLOSE_WAIT and costs a descriptor until the program ends; it can serve no request.",
		Evidence: "The server's FIN, acknowledged, and neither FIN nor RST of the client to the capture's end: for a " +
			"minute, longer than Linux waits for it on the other side (tcp_fin_timeout); or for a second, while the " +
			"client opened another connection to the same server and left this one as it was. Several left for five " +
			"seconds are a hint.",
		RefutedBy: "the client closes after the capture's end, or still had to send on it",
		Remedy: "Consistent with a response or connection object that is kept and never closed, or a pool that looks at " +
			"its idle connections only when it hands them out. Close what was opened, also on errors:",
		Knobs: []Knob{
			{"go net/http", "resp.Body.Close() on every path"},
			{"python requests", "with requests.Session() as s; response.close()"},
			{"java apache HttpClient", "evictExpiredConnections(), evictIdleConnections(); close responses"},
			{"linux", "ss -tn state close-wait shows them"},
		},
	},
	across: func() tracker { return new(leaks) },
}

// Closed so long ago a connection was forgotten: whatever the client does (the server's side
// is gone), and if it has dealt with the same server since.
const (
	leakedAfter     = time.Minute
	leakedAfterNext = time.Second
	leakedTogether  = 5 * time.Second // several, with nothing else to go by: a hint
)

// leaks are counted for each pair of client and server.
type leaks struct {
	left   pairs[leak]
	opened recentPairs[segment.Time] // the latest connection of each
}

type leak struct {
	lasting int64        // left for leakedAfter
	short   int64        // left for less
	latest  segment.Time // when the client opened a connection last
	first   segment.Time // the earliest close of short
	longest time.Duration
	shown   shownConns
}

func (l *leaks) note(c *Conn) (Evidence, bool) {
	if c.Fate.SYNACK.Packet != 0 {
		opened := l.opened.get(c)
		*opened = max(*opened, c.First.Time)
		if x := l.left.of[c.pair()]; x != nil {
			x.latest = max(x.latest, *opened)
		}
	}
	if !leftOpen(c) {
		return Evidence{}, false
	}
	if x := l.left.get(c); x != nil {
		x.add(c)
		x.latest = max(x.latest, *l.opened.get(c))
	}
	return Evidence{}, false
}

// leftOpen reports whether the client never closed c, which the server has closed, though it had
// nothing more to do with it.
func leftOpen(c *Conn) bool {
	f := &c.Fate
	return c.ClosedBy == event.Server && !c.Reset && f.ServerFINSeen && !f.ClientFIN && !c.ClientRST && !c.ServerRST &&
		c.StaleRequest.Packet == 0 && c.LastComplete && f.SeenUntil.Sub(c.Closed.Time) >= leakedAfterNext
}

func (x *leak) add(c *Conn) {
	left := c.Fate.SeenUntil.Sub(c.Closed.Time)
	x.longest = max(x.longest, left)
	x.shown.add(shownConn{c.ID, [2]int64{c.Closed.Packet}})
	if left >= leakedAfter {
		x.lasting++
		return
	}
	if x.short == 0 || c.Closed.Time < x.first {
		x.first = c.Closed.Time
	}
	x.short++
}

// cut counts that the latest connection of a pair was forgotten only where one was left open.
func (l *leaks) cut() bool { return l.left.cut() || l.opened.cut() && len(l.left.of) > 0 }

func (l *leaks) conclude() (found []Evidence) {
	for _, x := range l.left.all() {
		n := x.lasting + x.short
		next := x.latest > x.first
		if x.lasting == 0 && !(n > 0 && next) && !(n > 1 && x.longest >= leakedTogether) {
			continue
		}
		e := Evidence{Confidence: pool.Likely, Text: fmt.Sprintf("the server closed %s that the client never closed, seen for up to %v",
			plural.Count(n, "connection"), segment.Span(x.longest))}
		if x.lasting == 0 {
			if next {
				e.Text += ", though it has opened another since"
			}
			if n == 1 || !next {
				e.Confidence = pool.Hint
			}
		}
		x.shown.show(&e)
		found = append(found, e)
	}
	return found
}
