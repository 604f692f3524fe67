package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// silentDrop is found on a connection that had died without a word: what the client sent was
// sent again and never acknowledged, or its probes never answered, while the same server worked for another connection.
var silentDrop = rule{
	Explanation: Explanation{
		Meaning: "The connection was dead: something on the way had forgotten it (a NAT, a firewall, a balancer), or the " +
			"server's machine had, and nobody said so. The request went nowhere, and the client found out only by its " +
			"own timeout, minutes later if it has none (Linux sends again for about 15 minutes).",
		Evidence: "A request sent again three times, or for a second, that was never acknowledged, or TCP's keep-alive " +
			"probes that were never answered; not a packet of the " +
			"server came back on it, while one came on another connection of the same client; a hint where that was " +
			"only afterwards.",
		RefutedBy: "the capture lacks the server's packets; or only long packets are lost, by the path's MTU",
		Remedy: "Consistent with a device between that drops idle connections silently. Have the client close earlier, or " +
			"TCP probe before that time, and give requests a deadline:",
		Knobs: []Knob{
			{"linux", "net.ipv4.tcp_keepalive_time with SO_KEEPALIVE; TCP_USER_TIMEOUT for what is sent"},
			{"go net/http", "IdleConnTimeout below the device's; Client.Timeout; http2.Transport.ReadIdleTimeout"},
			{"rust reqwest", "pool_idle_timeout, tcp_keepalive, timeout"},
			{"node agentkeepalive", "freeSocketTimeout"},
			{"grpc", "keepalive time below the device's timeout"},
			{"aws", "NAT gateway and network balancer forget after 350 s"},
			{"azure", "load balancer after 4 min by default"},
		},
	},
	across: func() tracker { return new(drops) },
}

// drops holds dead connections against those that worked, for each pair of client and server.
type drops struct {
	bound               // of dead's lists
	dead  pairs[[]dead] // of each at most deadKept
	alive recentPairs[[aliveKept]alive]
}

// A dead connection is one on which all that was sent again was in vain.
type dead struct {
	id          int64
	idle        time.Duration // before that, 0: not known
	first, last segment.Mark
	until       segment.Time // when the next resend was due, or the client closed
	resends     int64
	probe       bool  // it was keep-alive probes that nobody answered
	beside      int64 // a connection that worked meanwhile, 0: none seen
	after       int64 // one that worked afterwards
}

// An alive connection is one on which the server spoke.
type alive struct {
	id             int64
	opened, latest segment.Time // the SYN-ACK, 0 if that was not seen; and the server's latest packet
}

const (
	aliveKept = 4   // of one pair, the latest
	deadKept  = 256 // of one pair; a client that is cut off loses all it had
)

func (d *drops) note(c *Conn) (Evidence, bool) {
	if one, ok := dropped(c); ok {
		for _, a := range d.alive.get(c) {
			one.meets(a)
		}
		switch list := d.dead.get(c); {
		case list != nil && len(*list) < deadKept:
			*list = append(*list, one)
		case list != nil:
			d.acted = true
		}
		return Evidence{}, false
	}
	if c.Fate.SYNACK.Packet == 0 && c.Transactions == 0 {
		return Evidence{}, false
	}
	a := alive{c.ID, c.Fate.SYNACK.Time, c.Fate.Latest}
	if list := d.dead.of[c.pair()]; list != nil {
		for i := range *list {
			(*list)[i].meets(a)
		}
	}
	latest := d.alive.get(c)
	copy(latest[1:], latest[:])
	latest[0] = a
	return Evidence{}, false
}

// dropped returns c as a dead one if that is what it was.
func dropped(c *Conn) (dead, bool) {
	u := &c.Fate.Unacked
	span := u.Last.Time.Sub(u.First.Time)
	switch {
	case !u.NeverAcked(c.RTT), u.MayBeTooLong():
		return dead{}, false
	case c.OneWay, c.Midstream && c.Transactions < 2, !c.Midstream && c.Fate.SYNACK.Packet == 0:
		return dead{}, false
	}
	one := dead{id: c.ID, first: u.First, last: u.Last, resends: u.Resends, probe: u.Probe}
	one.until = u.Last.Time.Add(span + tcp.DeadAfter) // the time between resends doubles (RFC 6298 section 5.5)
	if c.ClosedBy == event.Client && c.Closed.Time > u.First.Time {
		one.until = min(one.until, c.Closed.Time)
	}
	if c.LastEnd.Packet != 0 && c.LastEnd.Time < u.First.Time {
		one.idle = u.First.Time.Sub(c.LastEnd.Time)
	}
	return one, true
}

// meets notes that a worked while d was dead, or was opened afterwards, before as long again
// had passed.
func (d *dead) meets(a alive) {
	until := d.until
	in := func(t segment.Time) bool { return t > d.first.Time && t <= until }
	switch {
	case in(a.opened), in(a.latest):
		if d.beside == 0 {
			d.beside = a.id
		}
	case a.opened > until && a.opened.Sub(until) <= max(tcp.DeadAfter, until.Sub(d.first.Time)) && d.after == 0:
		d.after = a.id
	}
}

// cut counts that a connection that worked was forgotten only where one was dead.
func (d *drops) cut() bool { return d.acted || d.dead.cut() || d.alive.cut() && len(d.dead.of) > 0 }

func (d *drops) conclude() (found []Evidence) {
	for _, list := range d.dead.all() {
		for _, one := range *list {
			if one.beside != 0 || one.after != 0 {
				found = append(found, one.evidence())
			}
		}
	}
	return found
}

func (d *dead) evidence() Evidence {
	e := Evidence{Connections: []int64{d.id}, Packets: []int64{d.first.Packet, d.last.Packet}, Confidence: pool.Likely}
	idle, works := "", fmt.Sprintf("while #%d to the same server worked", d.beside)
	if d.idle > 0 {
		idle = fmt.Sprintf(" after %v idle", segment.Span(d.idle))
	}
	if other := d.beside; other == 0 {
		e.Confidence = pool.Hint
		e.Connections = append(e.Connections, d.after)
		works = fmt.Sprintf("and #%d to the same server worked afterwards", d.after)
	} else {
		e.Connections = append(e.Connections, other)
	}
	what, answered := "what was sent", "acknowledged"
	if d.probe {
		what, answered = "the keep-alive probe", "answered"
	}
	e.Text = fmt.Sprintf("#%d was no longer answered: %s in packet %d%s was sent again %d times over %v and never "+
		"%s, %s",
		d.id, what, d.first.Packet, idle, d.resends, segment.Span(d.last.Time.Sub(d.first.Time)), answered, works)
	return e
}
