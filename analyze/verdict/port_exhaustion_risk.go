package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// portExhaustionRisk is found where a client closes connections to one destination first so
// fast that those in TIME_WAIT come to hold a good part of its ports; or where it uses a port
// again that still should be held.
var portExhaustionRisk = rule{
	Explanation: Explanation{
		Meaning: "Who closes first keeps the four numbers of the connection in TIME_WAIT (RFC 9293 section 3.6.1), for 60 s " +
			"on Linux. Towards one address and port that leaves the ephemeral ports, 28 232 by default; when they are " +
			"used up connect fails with EADDRNOTAVAIL.",
		Evidence: "For each destination: the connections that the client closed first by FIN, their most within ten " +
			"seconds, and what that comes to in 60 s; half of the ports or more. A hint: " +
			"if that shows for two seconds only, or SYNs from " +
			"several ports " +
			"whose last connection the client had closed within 60 s.",
		RefutedBy: "the client has more ports or addresses, or closes by RST; it binds its ports by itself",
		Remedy: "Consistent with connections that are not reused. Reuse them: that needs no port. The other knobs only " +
			"put it off:",
		Knobs: []Knob{
			{"any client", "reuse: see tcpwarm explain missed, client-closed"},
			{"linux", "net.ipv4.ip_local_port_range, net.ipv4.tcp_tw_reuse=1"},
			{"windows", "dynamic ports 49152 to 65535, TcpTimedWaitDelay"},
			{"nginx", "keepalive in upstream {}; proxy_bind to several addresses"},
			{"haproxy", "http-reuse safe; source with several addresses"},
		},
	},
	across: func() tracker { return new(portUse) },
}

// Linux's defaults: net.ipv4.ip_local_port_range is 32768 to 60999, TCP_TIMEWAIT_LEN 60 s.
const (
	ephemeralPorts = 60999 - 32768 + 1
	timeWait       = 60 * time.Second
)

// A rate is taken over so long: a burst of a moment fills nothing.
const rateOver = 10 * time.Second

// What is remembered has its place by a hash, so that nothing is allocated for those many that
// are never asked for: some 600 kB.
const (
	closedKept       = 4096
	destinationsKept = 1024
)

// portUse is what clients do with their ports.
type portUse struct {
	bound                 // of destinations
	closed       []closed // by the client, lately; one that falls on the place of another takes it
	destinations []destination
}

type closed struct {
	fourTuple
	at segment.Time
}

type fourTuple struct {
	pair
	clientPort uint16
}

// A destination is what one client has closed first towards one address and port.
type destination struct {
	to      pair
	claim   int64 // how many others must fall on its place before one takes it
	closes  int64 // by FIN of the client
	seconds [int(rateOver / time.Second)]int64
	latest  int64 // the second that seconds ends with
	most    int64 // within rateOver
	steady  int64 // within each of two seconds that follow each other
	reused  int64 // four-tuples used again too soon
	onePort uint16
	several bool // ports among them
	shown   shownConns
	first   shownConn // that the client closed first
}

func (u *portUse) note(c *Conn) (Evidence, bool) {
	if u.closed == nil {
		u.closed, u.destinations = make([]closed, closedKept), make([]destination, destinationsKept)
	}
	key := fourTuple{c.pair(), c.Fate.ClientPort}
	before := &u.closed[(key.hash()+uint64(key.clientPort))%closedKept]
	again := before.at != 0 && before.fourTuple == key && !c.Midstream &&
		c.First.Time > before.at && c.First.Time.Sub(before.at) < timeWait
	byClient := c.ClosedBy == event.Client && !c.Reset && !c.ClientRST
	if !byClient && !again {
		return Evidence{}, false
	}
	if x := u.destination(c.pair()); x != nil {
		if again {
			x.again(c)
		}
		if byClient {
			x.close(c)
		}
	}
	if byClient {
		*before = closed{key, c.Closed.Time}
	}
	return Evidence{}, false
}

// destination returns what is counted of to; nil where another that was seen more often has its
// place.
func (u *portUse) destination(to pair) *destination {
	x := &u.destinations[to.hash()%destinationsKept]
	if x.to != to {
		if x.claim--; x.claim > 0 {
			return nil // seldom seen: a rate that fills ports takes the place
		}
		u.acted = u.acted || x.reused > 0
		*x = destination{to: to}
	}
	x.claim++
	return x
}

// again notes that c uses a four-tuple that should still be held.
func (x *destination) again(c *Conn) {
	if x.reused++; x.reused == 1 {
		x.onePort = c.Fate.ClientPort
	}
	x.several = x.several || x.onePort != c.Fate.ClientPort
	x.shown.add(shownConn{c.ID, [2]int64{c.First.Packet}})
}

// close notes that the client closed c first. Connections come nearly in the order of their
// ends: one that comes late by more than the window is not counted in it.
func (x *destination) close(c *Conn) {
	if x.closes++; x.closes == 1 {
		x.first = shownConn{c.ID, [2]int64{c.Closed.Packet}}
	}
	second := int64(c.Closed.Time) / int64(time.Second)
	n := int64(len(x.seconds))
	for ; x.latest < second; x.latest++ {
		if second-x.latest > n {
			x.latest = second - n
		}
		x.seconds[(x.latest+1)%n] = 0
	}
	if x.latest-second >= n {
		return
	}
	x.seconds[second%n]++
	sum := int64(0)
	for _, k := range x.seconds {
		sum += k
	}
	x.most = max(x.most, sum)
	x.steady = max(x.steady, min(x.seconds[second%n], x.seconds[(second+n-1)%n]))
}

func (u *portUse) conclude() (found []Evidence) {
	for i := range u.destinations {
		x := &u.destinations[i]
		held := x.most * int64(timeWait/rateOver)
		soon := x.steady * int64(timeWait/time.Second)
		full, filling, again := 2*held >= ephemeralPorts, 2*soon >= ephemeralPorts, x.reused > 0 && x.several
		if !full && !filling && !again {
			continue
		}
		to := segment.Endpoint{Addr: x.to.server, Port: x.to.port}
		rate, ports := float64(x.most)/rateOver.Seconds(), held
		if !full && filling {
			rate, ports = float64(x.steady), soon
		}
		e := Evidence{Confidence: pool.Hint, Text: fmt.Sprintf("to %v the client closed %s first "+
			"and holds TIME_WAIT, up to %.1f a second: %d ports of %d in %v",
			to, plural.Count(x.closes, "connection"), rate, ports, ephemeralPorts, timeWait)}
		if full {
			e.Confidence = pool.Likely
		}
		if x.reused > 0 {
			e.Text += fmt.Sprintf("; %s used again within %v", plural.Count(x.reused, "port")+" "+plural.Were(x.reused), timeWait)
			x.shown.show(&e)
		} else {
			shownConns{x.first}.show(&e)
		}
		found = append(found, e)
	}
	return found
}
