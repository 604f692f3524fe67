package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/tcp"
)

// middleboxReset is found on a connection that was reset by a packet which does not fit the
// others of the same side: something on the way has sent it.
var middleboxReset = rule{
	Explanation: Explanation{
		Meaning: "The RST did not come from the machine that it names: a firewall, a balancer or an inspecting box on " +
			"the way has ended the connection, often after it forgot about it.",
		Evidence: "A RST whose hop limit (TTL) differs from that of all other packets of its side, of which there are at " +
			"least three and all alike; or, a hint, one whose IP identification does not go on where the others' stood.",
		RefutedBy: "the machine sends its RST with other settings than its connections, or its route has changed",
		Remedy: "Consistent with a device between that forgets idle connections or blocks them. Compare its timeout " +
			"with the idle time, keep the client's below it, or have TCP probe earlier:",
		Knobs: []Knob{
			{"aws network balancer", "350 s idle; NAT gateway likewise, and it answers by RST"},
			{"azure balancer", "idle timeout 4 min by default, TCP reset optional"},
			{"linux", "net.ipv4.tcp_keepalive_time (7200 s by default), with SO_KEEPALIVE"},
			{"rust reqwest", "pool_idle_timeout; tcp_keepalive"},
			{"go net/http", "IdleConnTimeout; Dialer.KeepAlive"},
		},
	},
	connection: &connectionRule{resetByAnother, anothersReset},
}

func resetByAnother(c *Conn) bool {
	for i := range c.Fate.Origin {
		if o := &c.Fate.Origin[i]; o.OtherTTL() || o.OtherID() {
			return true
		}
	}
	return false
}

func anothersReset(c *Conn) (e Evidence) {
	for i, side := range [...]string{"client", "server"} {
		o := &c.Fate.Origin[i]
		switch {
		case o.OtherTTL():
			e = Evidence{Confidence: pool.Likely, Text: fmt.Sprintf("the RST in packet %d says it is the %s's, with a TTL of %d; "+
				"its other %d packets came with %d", o.RST.Packet, side, o.RSTTTL, o.N, o.LeastTTL)}
		case o.OtherID():
			e = Evidence{Confidence: pool.Hint, Text: fmt.Sprintf("the RST in packet %d says it is the %s's, with IP identification %d; %s",
				o.RST.Packet, side, o.RSTID, otherIDs(o))}
		default:
			continue
		}
		e.Packets = []int64{o.RST.Packet}
		e.Text = fmt.Sprintf("#%d: %s", c.ID, e.Text)
		return e
	}
	return e
}

func otherIDs(o *tcp.Origin) string {
	if o.NoID {
		return fmt.Sprintf("its other %d packets had 0", o.N)
	}
	return "its other packets counted elsewhere"
}
