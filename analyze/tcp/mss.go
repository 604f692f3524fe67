package tcp

import "tcpwarm/capture/segment"

// defaultMSS is what a sender is taken to send in a segment where the capture does not say:
// what an Ethernet permits.
const defaultMSS = 1460

// segmentSize returns how much payload own sends at most in one segment to peer, by their
// handshake.
func segmentSize(own, peer *Half) int {
	mss := defaultMSS
	if peer.HasMSS && peer.MSS > 0 {
		mss = peer.MSS
		if own.HasMSS && own.MSS > 0 {
			mss = min(mss, own.MSS)
		}
	}
	if stamped(own, peer) {
		mss -= 12 // RFC 7323 appendix A
	}
	return mss
}

// stamped reports whether own's data carries timestamps: both sides have sent one, or one has
// though the other's SYN, where they are agreed on, was not seen (RFC 7323 section 3.2).
func stamped(own, peer *Half) bool {
	return own.Timestamps && (peer.Timestamps || !peer.SawSYN)
}

// sizes learns from the segments themselves how large full ones are. A path takes less than
// both ends state where a tunnel or a middlebox is in between, and a capture begun midway
// states nothing. A segment that does not end a write is full, and one that does is pushed
// (RFC 9293 section 3.9.1.2): those not pushed that are alike tell.
type sizes struct {
	stated bool // the peer has stated the most it takes
	most   int  // by the handshake
	full   int  // payload of a full segment, as the latest of them have it
	n      int  // how many in a row
}

const (
	// enoughAlike full segments in a row have the same size. One that is not full and not
	// pushed fills the rest of the peer's window, or of what is sent again.
	enoughAlike = 4
	leastMSS    = 536  // what every path takes (RFC 9293 section 3.7.1)
	jumboMSS    = 9000 // the largest frames of an Ethernet; loopback states what it takes
)

// note notes a segment of a side that is thought to send largest bytes in a full one, and
// reports whether that is full instead.
func (z *sizes) note(s *segment.Segment, largest int) bool {
	if s.Len < leastMSS || s.Len == largest && z.full == largest || s.Flags.Has(segment.PSH) {
		return false
	}
	switch n := z.single(s.Len); {
	case n < leastMSS:
		return false
	case n != z.full:
		z.full, z.n = n, 1
	default:
		z.n++
	}
	return z.full != largest && (z.n >= enoughAlike || z.stated && z.full > largest)
}

// single returns how long the segments are that offload has joined to one of n bytes (RFC 9293
// section 3.7.1), 0 if that does not show: the fewest of equal length that are not too long.
func (z *sizes) single(n int) int {
	k := (n + z.most - 1) / z.most
	switch {
	case n%k == 0:
		return n / k
	case !z.stated && n <= jumboMSS:
		return n
	}
	return 0
}
