package pool

import (
	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// NTLM and Negotiate authenticate a connection, not a request (RFC 4559 section 6): all that it
// carries from then on is that user's. For a request of another user it is no idle one.
// Who the user is the packets do not show; a client that authenticates on a new connection,
// though one of its pool that is authenticated idles, takes it for another's. Where it had closed
// that one itself it had no choice, and whose the new one is stays open. So it does for a request without
// credentials: that may be the same user's, who need not say it again, or anybody's.

// bind notes that c is tied to a user by a request.
func (c *Conn) bind(e *event.Event) {
	if !c.boundAt.known() {
		c.boundAt = moment{e.Time.Add(-c.clockOffset), e.Packet}
	}
}

// boundBy reports whether c was tied to a user by an instant.
func (c *Conn) boundBy(at segment.Time) bool { return c.boundAt.known() && c.boundAt.at <= at }

// serves reports whether t's connection may be the user's that o is for, at an instant; or that is not known,
// for the client had closed it.
func (t *token) serves(o *occupation, at segment.Time) bool {
	return t.conn == o.conn || !o.binds || !t.conn.boundBy(at) || t.conn.closedByClient(at)
}
