package pool

import (
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A loss is a connection that the ideal client had and lost without its doing, or that it
// could not have. It explains one later opening.
type loss struct {
	cause        Cause
	server       segment.Endpoint
	conn         *Conn
	packet       int64
	mayHaveAsked bool // the client may have asked for it
	manner       closeManner
}

// A closeManner says how the server closed a connection.
type closeManner struct {
	atOnce bool // right after a response, or while it carried requests: it was not idle
	goAway bool // by HTTP/2's GOAWAY
}

// manner returns how the server closed c, which has idled since an instant.
func (c *Conn) manner(idleSince segment.Time) closeManner {
	return closeManner{c.closedAtOnce(idleSince), c.goAway != nil}
}

// maxLosses bounds the losses that still explain something; the oldest go.
const maxLosses = 4096

// addLoss adds losses, the latest last.
func (r *replay) addLoss(l ...loss) {
	r.losses = append(r.losses, l...)
	if over := len(r.losses) - maxLosses; over > 0 {
		r.losses = slices.Delete(r.losses, 0, over)
	}
}

// takeLoss returns the loss that explains an opening to server, and forgets it: the latest,
// of the same server if there is one.
func (r *replay) takeLoss(server segment.Endpoint) (loss, bool) {
	if len(r.losses) == 0 {
		return loss{}, false
	}
	k := len(r.losses) - 1
	for i := k; i >= 0; i-- {
		if r.losses[i].server == server {
			k = i
			break
		}
	}
	l := r.losses[k]
	r.losses = slices.Delete(r.losses, k, k+1)
	return l, true
}

// forgetLoss forgets the latest loss of c, if there is one.
func (r *replay) forgetLoss(c *Conn) {
	for k := len(r.losses) - 1; k >= 0; k-- {
		if r.losses[k].conn == c {
			r.losses = slices.Delete(r.losses, k, k+1)
			return
		}
	}
}

// lossAfter says why c is lost with the end of o, "" if it is not.
func lossAfter(c *Conn, o *occupation) Cause {
	switch {
	case o.outcome == event.Consumed:
		return UsedUp
	case o.refusedByServer():
		return Reset
	case o.endsConn:
		return ServerSaidClose
	case c.tokenLost:
		return c.serverCause()
	}
	return ""
}

// refusedByServer reports whether the server ended o's connection instead of answering.
func (o *occupation) refusedByServer() bool {
	return o.outcome != event.Consumed && (o.stale || o.outcome == event.Unanswered && o.conn.closedBy == event.Server)
}

// serverCause returns what the server did to c, which idled.
func (c *Conn) serverCause() Cause {
	if c.byReset {
		return Reset
	}
	return ServerClosed
}

// mayHaveAsked reports whether c, idle since an instant, may have been closed by the
// server because a request that could not be read asked for it: then at once.
func (c *Conn) mayHaveAsked(idleSince segment.Time) bool {
	return c.mayHideClose && c.closedAtOnce(idleSince)
}
