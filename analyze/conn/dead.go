package conn

import "tcpwarm/capture/segment"

// dead returns the first segment of the client that was sent again in vain, if the connection
// was dead from there on: nobody who lives and has room to receive leaves data unacknowledged for so
// long, or keep-alive probes unanswered. A FIN is no matter: who sends one leaves the connection anyway.
func (c *Conn) dead() (at segment.Mark, ok bool) {
	client, server := &c.half[c.client], &c.half[1-c.client]
	u := &client.Unacked
	if u.MayBeTooLong() || !c.unanswered(client, server) {
		return segment.Mark{}, false
	}
	return u.First, true
}

// unanswered reports whether from has sent something again and again, and to gave no sign of life.
func (c *Conn) unanswered(from, to *Half) bool {
	toServer, toClient := c.shake.RTTs()
	closed := to.Window.Known && to.Window.Offered == 0
	return from.Unacked.Len > 0 && to.Packets > 0 && !closed && from.Unacked.NeverAcked(toServer+toClient)
}
