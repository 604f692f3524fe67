package segment

// A Problem is a counted reason why part of a capture was not used, or a limit
// that was reached. It never stops the analysis.
type Problem struct {
	Kind        string // stable: lower case words joined by hyphens
	Count       int64
	FirstPacket int64  // number of the first packet concerned, 0 if none
	Text        string // one line for people
}

// KernelDropped is the Kind of the problem that packets were lost before the
// capture could take them: no verdict can rest on what is not there.
const KernelDropped = "kernel-dropped"

// Totals are what a source has seen so far.
type Totals struct {
	Files       []string
	Packets     int64 // all records, whatever they hold
	Segments    int64 // packets that gave a TCP segment
	Unread      int64 // packets that may hold TCP and could not be looked into
	Bytes       int64 // captured bytes of all packets
	Start, End  Time  // earliest and latest packet; valid if Timed
	Timed       bool
	Loopback    bool      // every segment had the same address, or loopback's, at both ends
	QUICPackets int64     // UDP packets with a QUIC version 1 or 2 long header
	Problems    []Problem // in order of Kind
}
