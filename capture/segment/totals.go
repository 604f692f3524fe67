package segment

// Totals are what a source has seen so far.
type Totals struct {
	Files       []string
	Packets     int64 // all records, whatever they hold
	Filtered    int64 // packets that a filter did not let through
	Segments    int64 // packets that gave a TCP segment
	Unread      int64 // packets that may hold TCP and could not be looked into
	Bytes       int64 // captured bytes of all packets
	Start, End  Time  // earliest and latest packet; valid if Timed
	Timed       bool
	Loopback    bool      // every segment had the same address, or loopback's, at both ends
	QUICPackets int64     // UDP packets with a QUIC version 1 or 2 long header
	Problems    []Problem // in order of Kind
	Others      []Other   // in order of their first packets
}

// An Other is a protocol without TCP behind it: why packets gave no segment.
type Other struct {
	Protocol    string // its name, and its number where it has one
	Packets     int64
	FirstPacket int64
}
