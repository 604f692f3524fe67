package pool

import (
	"slices"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Cause says why a connection was opened.
type Cause string

// The causes for which the ideal client opens a connection too.
const (
	First            Cause = "first"             // it has none in this pool
	Concurrent       Cause = "concurrent"        // all that it has are in use
	ServerClosed     Cause = "server-closed"     // the server closed an idle one, unasked
	ServerSaidClose  Cause = "server-said-close" // a response said close, or could only end by closing
	Reset            Cause = "reset"             // the server reset one, or ended it with a request on it
	UsedUp           Cause = "used-up"           // one has become a tunnel, or was left on purpose
	OtherAddress     Cause = "other-address"     // the idle ones go to another address of the name
	Failed           Cause = "failed"            // the attempt before was refused or never answered
	RequestAbandoned Cause = "request-abandoned" // the client gave up on a request without a byte of an answer
	SilentDrop       Cause = "silent-drop"       // what was sent on one was never acknowledged, though the server lived
	Bound            Cause = "bound"             // the idle ones are tied to another user
	Early            Cause = "early"             // it needs one a moment later
	Unknown          Cause = "unknown"           // the capture does not show enough
)

// The causes for which it would not have opened one, by what had become of the connection
// that could have served.
const (
	Missed            Cause = "missed"              // it was there, idle
	Undrained         Cause = "undrained"           // the client had not read its response to the end
	ClientSaidClose   Cause = "client-said-close"   // its request had asked for the end
	ClientClosed      Cause = "client-closed"       // the client had closed it right after use
	ClientIdleTimeout Cause = "client-idle-timeout" // the client had closed it after idling
	OpenedAhead       Cause = "opened-ahead"        // it was idle when the one opened ahead of need was used at last
)

// Avoidable reports whether the ideal client would have done without a connection opened
// because of c.
func (c Cause) Avoidable() bool {
	switch c {
	case Missed, Undrained, ClientSaidClose, ClientClosed, ClientIdleTimeout, OpenedAhead:
		return true
	}
	return false
}

// afterIdle reports whether c says that the connection which could have served had done nothing
// but idle.
func (c Cause) afterIdle() bool {
	return c == Missed || c == ClientClosed || c == ClientIdleTimeout || c == OpenedAhead
}

// becameOf says what had become of t's connection by an instant, which the ideal client
// would have used then instead of the one opened.
func (t *token) becameOf(at, opened segment.Time) Cause {
	switch {
	case t.missed(at):
		if t.inUse == 1 && t.conn.closedFor(opened, t.freedAt) {
			return ClientIdleTimeout
		}
		return Missed
	case t.last.asksClose: // whatever else became of it, that was its end
		return ClientSaidClose
	case t.leftUnread():
		return Undrained
	case t.conn.closedAtOnce(t.freedAt):
		return ClientClosed
	}
	return ClientIdleTimeout
}

// missed is the rule for Missed: t's connection was there, open and idle or with room, and
// could have served. That nobody else uses it, and that the server had not ended it, goes
// without saying: else the ideal client would not have it to give. What is left is what the
// client had done to it.
func (t *token) missed(at segment.Time) bool {
	return !t.leftUnread() && !t.last.asksClose && !t.conn.closedByClient(at)
}

// leftUnread reports whether the client stopped reading the latest response on t's
// connection before its end. Where no byte of one had come there was nothing to read.
func (t *token) leftUnread() bool { return t.last.outcome == event.Abandoned }

// atOnce is how long a connection may have idled that was closed right after use.
const atOnce = 100 * time.Millisecond

// closedAtOnce reports whether c, idle since an instant, was closed right after use: within
// two round trips, for so long it may take until that shows.
func (c *Conn) closedAtOnce(idleSince segment.Time) bool {
	return c.closedAt.Sub(idleSince) < max(atOnce, 2*c.rtt)
}

// closedByClient reports whether the client had closed c by an instant.
func (c *Conn) closedByClient(at segment.Time) bool {
	return c.closedBy == event.Client && c.closedAt <= at
}

// Causes counts connections by why they were opened. Few causes occur in one pool.
type Causes []CauseCount

// A CauseCount is how many connections were opened because of one cause.
type CauseCount struct {
	Cause Cause
	N     int64
}

// Of returns how many were opened because of c.
func (a Causes) Of(c Cause) int64 {
	for _, x := range a {
		if x.Cause == c {
			return x.N
		}
	}
	return 0
}

// avoidable returns those of a that are avoidable.
func (a Causes) avoidable() (list Causes) {
	for _, x := range a {
		if x.Cause.Avoidable() {
			list = append(list, x)
		}
	}
	return list
}

// Sum returns how many there are of all.
func (a Causes) Sum() (n int64) {
	for _, x := range a {
		n += x.N
	}
	return n
}

// Add counts n more connections opened because of c.
func (a *Causes) Add(c Cause, n int64) {
	for i := range *a {
		if x := &(*a)[i]; x.Cause == c {
			if x.N += n; x.N == 0 {
				*a = slices.Delete(*a, i, i+1)
			}
			return
		}
	}
	*a = append(*a, CauseCount{c, n})
}

// Map returns the counts by cause.
func (a Causes) Map() map[Cause]int64 {
	m := make(map[Cause]int64, len(a))
	for _, x := range a {
		m[x.Cause] = x.N
	}
	return m
}

// Confidence grades a statement.
type Confidence string

// The grades of confidence.
const (
	Certain Confidence = "certain" // the packets show it
	Likely  Confidence = "likely"  // it follows from them, if what is usual holds
	Hint    Confidence = "hint"    // it is worth a look
)
