package tls

// A fingerprint is a hash of what a client's hellos have in common, whichever server it calls
// and whichever session it takes up: the suites, groups and signature algorithms it can
// do, in its order. Clients of one library have one fingerprint. Names, protocols, tickets, keys
// and the order of extensions differ from one connection to the next and are left out.
type fingerprint uint32

// FNV-1a, of 32 bits.
const (
	fnvStart = 2166136261
	fnvPrime = 16777619
)

// fingerprintOf returns the fingerprint of lists of numbers of two bytes; it is never 0.
func fingerprintOf(lists []cursor) uint32 {
	p := fingerprint(fnvStart)
	for _, list := range lists {
		for len(list.b) >= 2 {
			if n := list.uint(2); !grease(n) {
				p.octet(byte(n >> 8))
				p.octet(byte(n))
			}
		}
		p.octet(0xff) // here it ends: no number ends so
	}
	return max(1, uint32(p))
}

func (p *fingerprint) octet(b byte) { *p = (*p ^ fingerprint(b)) * fnvPrime }

// grease reports whether n is one of those that clients throw in at random (RFC 8701
// section 2).
func grease(n int) bool { return n&0x0f0f == 0x0a0a && n>>8 == n&0xff }
