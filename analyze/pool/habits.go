package pool

import "tcpwarm/analyze/event"

// Habits are what a client is seen to do on any of its connections. They tell what a sign on
// one of them is worth.
type habits struct {
	reopened int64 // bytes of the shortest response after which its window opened again by as many, 0: after none
	stopped  int64 // bytes that had come of a response in the middle of which it reset the connection: the least, 0: none
}

// habits returns those of the client of p.
func (p *Pool) habits() *habits {
	k := p.client
	for len(k.habits) <= int(p.identity) {
		k.habits = append(k.habits, habits{})
	}
	return &k.habits[p.identity]
}

// learn notes what the end of c, which was used, shows.
func (h *habits) learn(c *Conn, end *event.Ending) {
	if n := end.Reads.Reopened; n > 0 && (h.reopened == 0 || n < h.reopened) {
		h.reopened = n
	}
	if n := end.Reads.Stopped; n > 0 && c.closedBy == event.Client && c.byReset && (h.stopped == 0 || n < h.stopped) {
		h.stopped = n
	}
}

// prove returns of u what proves a response of p unread, by its client's habits. A window that
// stays reduced does only where its windows open again after responses of that size, or of a
// quarter more; a RST where it ends other connections by FIN, or where it reset others in the
// middle of responses of which it had no more than of this one: what a receiver takes in of a
// response that nobody reads depends on its buffer, which may be larger than the response.
// A FIN counts in the same pool only. Elsewhere at the address it may be another program's, such
// as the client of a relay on the same machine, whose requests the relay sends on unchanged; and
// relays reset what they have done with on purpose (SO_LINGER of 0), read or not.
func (p *Pool) prove(u event.Unread) event.Unread {
	h := p.habits()
	u.ByStops = u.ByReset && h.stopped > 0 && h.stopped <= u.Bytes
	u.ByReset = u.ByReset && p.endsFIN
	u.ByWindow = u.ByWindow && h.reopened > 0 && h.reopened <= u.Bytes+u.Bytes/4
	return u
}
