package conn

import (
	"time"

	"tcpwarm/capture/segment"
)

// Resent so often, or for so long, something is not merely lost: Linux sends the third time
// 0.6 s after the first at the earliest (RFC 6298 section 5), and after a second the path has
// had its time.
const (
	deadResends = 3
	deadAfter   = time.Second

	// A segment of so many bytes fits into the smallest packet that every path of IPv6 takes
	// (RFC 8200 section 5). A longer one may be lost for its length while others pass.
	fitsEverywhere = 1280 - 40 - 20
)

// dead returns the first segment of the client that was sent again in vain, if the connection
// was dead from there on: nobody who lives and has room to receive leaves data unacknowledged for so
// long, or keep-alive probes unanswered. A FIN is no matter: who sends one leaves the connection anyway.
func (c *Conn) dead() (at segment.Mark, ok bool) {
	client, server := &c.half[c.client], &c.half[1-c.client]
	u := &client.Unacked
	if u.Longest && u.Len > fitsEverywhere || !c.unanswered(client, server) {
		return segment.Mark{}, false
	}
	return u.First, true
}

// unanswered reports whether from has sent something again and again, and to gave no sign of life.
func (c *Conn) unanswered(from, to *Half) bool {
	u := &from.Unacked
	a, b := c.shake.RTTs()
	switch resent := u.Resends >= deadResends || u.Resends > 0 && u.Last.Time.Sub(u.First.Time) >= deadAfter; {
	case u.First.Packet == 0, u.Len == 0, !resent:
	case to.Packets == 0, to.Window.Known && to.Window.Offered == 0:
	case u.Heard > u.First.Time.Add(a+b): // an ACK that was on its way is no sign of life
	default:
		return true
	}
	return false
}
