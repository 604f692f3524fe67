package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// An IdleRestart is a transaction that found its sender's congestion window taken
// back by idling (RFC 5681 section 4.1, RFC 2861). Packet 0: there was none.
type IdleRestart struct {
	Before    segment.Mark // last byte of the transaction before
	Start     segment.Mark
	N         int64 // of the transaction
	Rounds    int64 // in which its content was sent
	Low, High int64 // bounds of the window it began with, segments
	Observed  bool  // the window was seen, not only inferred
}

// A Cold is the first transaction of a connection that was opened without need.
type Cold struct {
	Conn, InsteadOf int64
	Opened, Start   int64 // packets: of the connection and of the transaction
	Rounds          int64 // in which its content was sent
	Content, Window int64 // bytes: of the content, and the window that it began with
}

// Cold finds a connection opened without need whose first content was spread over
// several rounds by slow start (RFC 5681 section 3.1): what the handshakes cost is not
// all.
func (k *Collector) Cold(c Cold) {
	if c.Rounds < 2 || c.Content <= c.Window {
		return
	}
	k.add(Found{ID: "cold-window", Connections: []int64{c.Conn, c.InsteadOf}, Evidence: Evidence{Packets: []int64{c.Opened, c.Start}, Confidence: pool.Likely,
		Text: fmt.Sprintf("#%d, opened although #%d could have served, began with a cold window: its first content, %d bytes with a window of about %d, took %d round trips (packet %d)",
			c.Conn, c.InsteadOf, c.Content, c.Window, c.Rounds, c.Start)}})
}

// synResent: the client asked more than once before the server answered, and lost
// the retransmission timeout: one second at first (RFC 6298 section 2.1).
func synResent(c *Conn) bool { return !c.Midway && c.SYN.Packet > c.First.Packet }

func synEvidence(c *Conn) Evidence {
	return Evidence{Packets: []int64{c.First.Packet, c.SYN.Packet}, Confidence: pool.Certain,
		Text: fmt.Sprintf("#%d: the SYN of packet %d was sent again in packet %d, %v later", c.ID, c.First.Packet, c.SYN.Packet,
			segment.Span(c.SYN.Time.Sub(c.First.Time)))}
}

// windowLost: a reused connection had idled so long that its window was taken
// back, and the transaction paid for it: its content took more than one round.
func windowLost(c *Conn) bool { return c.Restart.Start.Packet != 0 && c.Restart.Rounds >= 2 }

func windowEvidence(c *Conn) Evidence {
	r := &c.Restart
	window := fmt.Sprint(r.Low)
	if r.High > r.Low {
		window += fmt.Sprintf(" to %d", r.High)
	}
	e := Evidence{Packets: []int64{r.Before.Packet, r.Start.Packet}, Confidence: pool.Hint,
		Text: fmt.Sprintf("#%d: after %v idle, transaction %d (packet %d) began with a window of %s segments and took %d rounds",
			c.ID, segment.Span(r.Start.Time.Sub(r.Before.Time)), r.N, r.Start.Packet, window, r.Rounds)}
	if r.Observed {
		e.Confidence = pool.Likely
	}
	return e
}
