package segment

// Seq is a TCP sequence number. Compare with Before and After, never with <:
// the space wraps at 2^32 (RFC 9293 section 3.4).
type Seq uint32

// Add returns the sequence number n bytes after s; n may be negative.
func (s Seq) Add(n int) Seq { return s + Seq(int32(n)) }

// Sub returns how many bytes s lies after t; negative if before. The answer is
// right while the two are less than 2^31 apart.
func (s Seq) Sub(t Seq) int { return int(int32(s - t)) }

// Before reports whether s comes before t.
func (s Seq) Before(t Seq) bool { return int32(s-t) < 0 }

// After reports whether s comes after t.
func (s Seq) After(t Seq) bool { return int32(s-t) > 0 }
