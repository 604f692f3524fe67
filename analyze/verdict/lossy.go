package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
)

// lossy is found on a connection whose window losses have reduced again and again.
var lossy = rule{
	Explanation: Explanation{
		Meaning: "Each loss takes part of the window away (RFC 5681 section 3.2). A connection that loses often is " +
			"no warmer than a new one.",
		Evidence:  "At least three episodes in which the window was reduced, and one segment in a hundred sent again.",
		RefutedBy: "the capture, not the network, lost the segments",
		Remedy:    "Consistent with a full queue, a policer or a bad link. It is the network's, not the client's:",
		Knobs: []Knob{
			{"linux sender", "sysctl net.ipv4.tcp_congestion_control=bbr"},
		},
	},
	connection: &connectionRule{oftenReduced, reductions},
}

// oftenReduced asks for three episodes, for one or two are nothing unusual, and
// for one segment in a hundred, for a long transfer has three in any case.
//
// What was sent again in vain at the end of a dead connection does not count: no link that loses a part
// of what it carries loses all, and silent-drop tells of it.
func oftenReduced(c *Conn) bool {
	p := &c.SlowedBy
	timeouts, resent := p.Timeouts, p.Resent
	if _, dead := dropped(c); dead {
		timeouts, resent = max(0, timeouts-p.ResentUnacked), max(0, resent-p.ResentUnacked)
	}
	return p.Losses+timeouts >= 3 && resent*100 >= p.Segments
}

func reductions(c *Conn) Evidence {
	p := &c.SlowedBy
	return Evidence{
		Packets:    []int64{p.ResentAt},
		Confidence: pool.Certain,
		Text: fmt.Sprintf("#%d: %d of %d segments were sent again, the first in packet %d; "+
			"the window was reduced %d times, %d of them by a timeout",
			c.ID, p.Resent, p.Segments, p.ResentAt, p.Losses+p.Timeouts, p.Timeouts),
	}
}
