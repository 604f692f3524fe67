package liveview

import (
	"time"

	"tcpwarm/capture/segment"
)

// A Snapshot is how a capture stands at an instant. Its strings are fit to be shown.
type Snapshot struct {
	Now     segment.Time
	Packets Packets
	Sums    Sums
	Pools   []Pool // those that were asked for, in the order that was asked for
	More    int64  // pools that were asked for beyond these
	Shown   string // label of the pool whose lanes these are
	Lanes   []Lane // its latest, by opening
	Causes  []Cause
	Found   []Finding
}

// Packets are how many there were.
type Packets struct{ Captured, PerSecond, Dropped int64 }

// Sums are those of all pools.
type Sums struct{ Pools, Bad, Requests, Reused, Opened, Needed, TooMany int64 }

// A Pool is one client and one authority.
type Pool struct {
	Label   string
	Verdict string // as far as it stands
	Why     string // the most frequent cause of connections too many
	Sums

	whose
}

// A Lane is one connection in time.
type Lane struct {
	ID        int64
	From      segment.Time
	Until     segment.Time  // when it was closed or ended; 0: it is open
	Handshake time.Duration // its first round trip, 0: not known
	EndedBy   string        // "" if nobody closed it
	Exchanges []Exchange    // the latest
	Requests  int64
	Why       string // it was opened; "" while that is not certain
	TooMany   bool   // the ideal client would not have opened it
	Window    []int  // bytes: how the larger of its two congestion windows grew
}

// An Exchange is a request with its response.
type Exchange struct {
	Start, End segment.Time // End 0: it goes on
	n          int32
}

// A Cause says why a connection was opened.
type Cause struct {
	Text    string
	TooMany bool
}

// A Finding is how often one was found on connections that have ended.
type Finding struct {
	ID    string
	Times int64
}

// A Sort is an order of pools.
type Sort int

// The orders of pools.
const (
	ByTooMany Sort = iota
	ByRequests
	ByOpened
	ByName
	sorts
)

// String names the order.
func (s Sort) String() string { return [sorts]string{"too many", "requests", "opened", "name"}[s] }

// A Question is what is asked of a Watch: which pools, in which order, and the lanes of which.
type Question struct {
	Filter string // part of a pool's label, in whatever case
	Sort   Sort
	Pool   string // its label; "" or one that is not there: the first
}
