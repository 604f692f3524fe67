package tcp

import "tcpwarm/capture/segment"

// A sentSegment waits for its acknowledgement.
type sentSegment struct {
	end    segment.Seq
	resent bool   // sent more than once, in whole or in part
	is     marks  // where its last packet is counted: a Sender's
	short  uint16 // bytes that this has less than a full one: likewise
	at     segment.Time
}

// A ring is a first-in first-out queue of sent segments in order of sequence
// number. It reuses its space: it allocates only while it grows.
type ring struct {
	buf  []sentSegment // length is zero or a power of two
	head int32         // index of the oldest element
	n    int32         // elements held
}

func (r *ring) first() *sentSegment { return &r.buf[r.head] }

func (r *ring) at(i int32) *sentSegment { return &r.buf[(r.head+i)&int32(len(r.buf)-1)] }

// isFull reports whether r has to grow, or to drop one, before another is pushed.
func (r *ring) isFull() bool { return int(r.n) == len(r.buf) }

func (r *ring) push(s sentSegment) {
	*r.at(r.n) = s
	r.n++
}

// makeRoom makes room for one more in r, which is full.
func (r *ring) makeRoom() {
	if r.n == maxSent {
		r.drop(1)
	} else {
		r.grow()
	}
}

// drop drops the n oldest.
func (r *ring) drop(n int32) {
	r.head = (r.head + n) & int32(len(r.buf)-1)
	r.n -= n
}

func (r *ring) clear() { r.head, r.n = 0, 0 }

// rest clears what r has dropped, if it holds nothing: it is to take no room.
func (r *ring) rest() {
	if r.n == 0 {
		clear(r.buf)
		r.buf, r.head = r.buf[:0], 0
	}
}

func (r *ring) grow() {
	if len(r.buf) == 0 && cap(r.buf) > 0 { // it has been another's
		r.buf, r.head = r.buf[:cap(r.buf)], 0
		return
	}
	next := make([]sentSegment, max(4, 2*len(r.buf)))
	for i := range r.n {
		next[i] = *r.at(i)
	}
	r.buf, r.head = next, 0
}

// after returns the index of the first segment that ends after seq. They lie in order, so it is
// found by halving.
func (r *ring) after(seq segment.Seq) int32 {
	lo, hi := int32(0), r.n
	for lo < hi {
		if mid := (lo + hi) / 2; r.at(mid).end.After(seq) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// sentBefore returns how many of the first n segments were sent before at. They were sent in order, so it is found by halving.
func (r *ring) sentBefore(n int32, at segment.Time) int32 {
	lo, hi := int32(0), n
	for lo < hi {
		if mid := (lo + hi) / 2; r.at(mid).at < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// markResent marks the segments that overlap [start, end).
func (r *ring) markResent(start, end segment.Seq) {
	for lo := r.after(start); lo < r.n; lo++ {
		s := r.at(lo)
		s.resent = true
		if !s.end.Before(end) {
			return
		}
	}
}
