package transaction

// A Warmth says what a transaction found its connection's congestion window like.
type Warmth string

// The warmths.
const (
	Cold          Warmth = "cold"   // initial: the connection is new, or its window never grew
	Warm          Warmth = "warm"   // above the initial window
	Cooled        Warmth = "cooled" // it had grown, and idling took it back
	WarmthUnknown Warmth = "not-known"
)
