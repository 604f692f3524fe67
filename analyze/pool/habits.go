package pool

import "tcpwarm/analyze/event"

// Habits are what a client is seen to do on any of its connections. They tell what a sign on
// one of them is worth.
type habits struct {
	reopened int64 // bytes of the shortest response after which its window opened again by as many, 0: after none
	endsFIN  bool  // it ends connections by FIN
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
	h.endsFIN = h.endsFIN || c.closedBy == event.Client && !c.byReset
}

// prove returns of u what proves a response unread of a client with these habits. A window that
// stays reduced does only where its windows open again after responses of that size, or of a
// quarter more; a RST where it ends other connections by FIN, or where it reset others in the
// middle of responses of which it had no more than of this one: what a receiver takes in of a
// response that nobody reads depends on its buffer, which may be larger than the response.
func (h *habits) prove(u event.Unread) event.Unread {
	u.ByStops = u.ByReset && h.stopped > 0 && h.stopped <= u.Bytes
	u.ByReset = u.ByReset && h.endsFIN
	u.ByWindow = u.ByWindow && h.reopened > 0 && h.reopened <= u.Bytes+u.Bytes/4
	return u
}
