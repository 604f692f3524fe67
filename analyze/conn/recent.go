package conn

import "bytes"

// What a receiver does with bytes that differ from others it has at the same sequence numbers is its own affair:
// RFC 9293 section 3.10.7.4 lets it keep either, Linux keeps the first, others the later one. And which of two
// segments has reached it a capture cannot know: one may have a wrong checksum, or die on its way. So that two
// versions are told of, the bytes that were read lately are kept for a while, and what comes again is held against
// them. That is of two segments both of which the capture has, in any order, so an acknowledgement, which may be
// forged too, lets nothing go.

// Of one shard so many bytes and pieces are kept: what came before them cannot be compared any more. A busy server's
// heads of a round trip fit.
const (
	maxRecentBytes  = 64 << 10 // a power of two
	maxRecentPieces = 1 << 10  // likewise
	mostCompared    = 64       // pieces of one half that a segment is held against
)

// Recent holds the latest bytes of a shard's connections that were more than content. It takes the place of the
// oldest for new ones, and grows no further than its bounds.
type recent struct {
	bytes  []byte // a ring, once it has grown: at i%maxRecentBytes lies the i-th of all
	end    uint64 // how many have been kept
	pieces []piece
	n      uint64 // how many pieces have been kept
}

// A piece is bytes of one half that follow each other.
type piece struct {
	offset int64  // of the first, in its half's stream
	at     uint64 // where they lie
	packet int64  // that brought the first
	before uint64 // the piece of the half before this one, 0: none; else its number from 1
	n      int
}

// keep keeps b, which begins at offset in the stream of a half whose latest piece was before, and returns its latest
// from now on.
func (r *recent) keep(before uint64, offset int64, b []byte, packet int64) uint64 {
	b = b[:min(len(b), maxRecentBytes/2)]
	if r.pieces == nil { // all at once: the system gives memory only to what is written
		r.bytes, r.pieces = make([]byte, 0, maxRecentBytes), make([]piece, 0, maxRecentPieces)
	}
	if before == r.n && before > 0 {
		if p := r.piece(before); p.offset+int64(p.n) == offset && p.at+uint64(p.n) == r.end && p.n+len(b) <= maxRecentBytes/2 {
			p.n += len(b)
			r.store(b)
			return before
		}
	}
	p := piece{offset: offset, at: r.end, packet: packet, before: before, n: len(b)}
	if len(r.pieces) < maxRecentPieces {
		r.pieces = append(r.pieces, p)
	} else {
		r.pieces[r.n%maxRecentPieces] = p
	}
	r.n++
	r.store(b)
	return r.n
}

// store adds b at the end of the ring.
func (r *recent) store(b []byte) {
	r.end += uint64(len(b))
	if n := min(len(b), maxRecentBytes-len(r.bytes)); n > 0 { // it grows
		r.bytes = append(r.bytes, b[:n]...)
		b = b[n:]
	}
	for len(b) > 0 {
		n := copy(r.bytes[(r.end-uint64(len(b)))%maxRecentBytes:], b)
		b = b[n:]
	}
}

// piece returns the n-th piece, from 1 on, nil if it is not kept any more.
func (r *recent) piece(n uint64) *piece {
	if n == 0 || n+maxRecentPieces <= r.n {
		return nil
	}
	p := &r.pieces[(n-1)%maxRecentPieces]
	if p.at+maxRecentBytes < r.end {
		return nil
	}
	return p
}

// differs holds b, which begins at offset in the stream of a half whose latest piece is latest, against what is kept
// of it. It returns the packet that had brought the first other bytes, 0 if there are none.
func (r *recent) differs(latest uint64, offset int64, b []byte) (packet int64) {
	for range mostCompared {
		p := r.piece(latest)
		if p == nil {
			break
		}
		from, to := max(offset, p.offset), min(offset+int64(len(b)), p.offset+int64(p.n))
		if from < to && !r.equal(p.at+uint64(from-p.offset), b[from-offset:to-offset]) {
			packet = p.packet
		}
		if p.offset <= offset {
			break
		}
		latest = p.before
	}
	return packet
}

// equal reports whether b lies at a place of the ring.
func (r *recent) equal(at uint64, b []byte) bool {
	i := int(at % maxRecentBytes)
	n := min(len(b), len(r.bytes)-i)
	return bytes.Equal(r.bytes[i:i+n], b[:n]) && bytes.Equal(r.bytes[:len(b)-n], b[n:])
}
