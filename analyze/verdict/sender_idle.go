package verdict

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// senderIdle is found on a connection on which, in the middle of a message, all
// was acknowledged, there was room, and nothing came.
var senderIdle = rule{
	Explanation: Explanation{
		Meaning: "All that was sent had been acknowledged, the windows had room, the message was not complete, and " +
			"nothing came: the time is the application's, not the network's.",
		Evidence:  "A pause of 200 ms or more, and three round trips, within a message, with nothing in flight.",
		RefutedBy: "a lost segment at the end of a flight, which the capture does not show as a resend",
		Remedy: "Consistent with a server that computes, reads or streams as it goes. Look there, not at " +
			"connections.",
	},
	connection: &connectionRule{senderPaused, senderPauses},
}

// senderPaused is false where segments were lost and the capture is at their
// receiver: what looks like a pause may be a whole flight lost on its way.
func senderPaused(c *Conn) bool {
	p := &c.SlowedBy
	lost := p.Resent+p.Losses+p.Timeouts > 0
	return p.IdleStalls.N > 0 && !(p.AtReceiver && lost)
}

func senderPauses(c *Conn) Evidence {
	s, sure := &c.SlowedBy.IdleStalls, pool.Likely
	if c.SlowedBy.AtReceiver { // what was lost and never resent is not seen here
		sure = pool.Hint
	}
	return Evidence{
		Packets:    []int64{s.At.Packet},
		Confidence: sure,
		Text: fmt.Sprintf("#%d: %s within messages, %v in all, with nothing in flight and nothing sent; "+
			"the longest, %v, ended in packet %d",
			c.ID, plural.Count(s.N, "pause"), segment.Span(s.Total), segment.Span(s.Longest), s.At.Packet),
	}
}
