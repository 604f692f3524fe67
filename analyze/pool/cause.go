package pool

import "slices"

// A Cause says why a connection was opened.
type Cause string

// The ideal client opens a connection for these too.
const (
	First           Cause = "first"
	Concurrent      Cause = "concurrent"
	ServerClosed    Cause = "server-closed"
	ServerSaidClose Cause = "server-said-close"
	Reset           Cause = "reset"
	UsedUp          Cause = "used-up"
	OtherAddress    Cause = "other-address"
	Failed          Cause = "failed"
	Early           Cause = "early"
	Unknown         Cause = "unknown"
)

// It would not have opened one for these.
const (
	Missed            Cause = "missed"
	Undrained         Cause = "undrained"
	ClientSaidClose   Cause = "client-said-close"
	ClientClosed      Cause = "client-closed"
	ClientIdleTimeout Cause = "client-idle-timeout"
)

// Avoidable reports whether the ideal client would have done without a
// connection opened because of c.
func (c Cause) Avoidable() bool {
	switch c {
	case Missed, Undrained, ClientSaidClose, ClientClosed, ClientIdleTimeout:
		return true
	}
	return false
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

// Add counts n more.
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

// Map returns a as a map.
func (a Causes) Map() map[Cause]int64 {
	m := make(map[Cause]int64, len(a))
	for _, x := range a {
		m[x.Cause] = x.N
	}
	return m
}

// Confidence grades a statement.
type Confidence string

// The grades.
const (
	Certain Confidence = "certain"
	Likely  Confidence = "likely"
	Hint    Confidence = "hint"
)

// A Verdict says how well a pool, or the whole, reused its connections.
type Verdict string

// The verdicts.
const (
	NotReused      Verdict = "not-reused"
	PartlyReused   Verdict = "partly-reused"
	ServerPrevents Verdict = "server-prevents"
	NotKnown       Verdict = "not-known"
	Reused         Verdict = "reused"
	NoOpportunity  Verdict = "no-opportunity"
)
