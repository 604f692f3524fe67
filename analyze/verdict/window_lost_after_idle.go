package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// windowLostAfterIdle is found on a reused connection that had idled so long that
// its window was taken back, and whose transaction paid for it: its content took
// more than one round.
var windowLostAfterIdle = rule{
	Explanation: Explanation{
		Meaning: "The connection idled longer than its sender's retransmission timeout. Senders then take the " +
			"window back towards the initial one (RFC 5681 section 4.1, RFC 2861), so the content took more than " +
			"one round trip again.",
		Evidence:  "The pause, and what the sender had in flight before the first acknowledgement after it.",
		RefutedBy: "the first flight after the pause is larger than the window said",
		Remedy:    "Consistent with slow start after idle on the sending host:",
		Knobs: []Knob{
			{"linux", "sysctl net.ipv4.tcp_slow_start_after_idle=0 on the sender; BBR does not restart"},
		},
	},
	connection: &connectionRule{windowLost, lostWindow},
}

func windowLost(c *Conn) bool { return c.Restart.Start.Packet != 0 && c.Restart.Rounds >= 2 }

func lostWindow(c *Conn) Evidence {
	r := &c.Restart
	window := fmt.Sprint(r.Low)
	if r.High > r.Low {
		window += fmt.Sprintf(" to %d", r.High)
	}
	e := Evidence{
		Packets:    []int64{r.Before.Packet, r.Start.Packet},
		Confidence: pool.Hint,
		Text: fmt.Sprintf("#%d: after %v idle, transaction %d (packet %d) "+
			"began with a window of %s segments and took %d rounds",
			c.ID, segment.Span(r.Start.Time.Sub(r.Before.Time)), r.N, r.Start.Packet, window, r.Rounds),
	}
	if r.Observed {
		e.Confidence = pool.Likely
	}
	return e
}
