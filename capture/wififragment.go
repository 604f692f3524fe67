package capture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"time"

	"tcpwarm/capture/segment"
)

// Limits of what waits for its fragments in 802.11. A station need not take in more than three frames in parts at
// once (IEEE 802.11, "MSDU and MMPDU defragmentation"); several are captured together.
const (
	mostWiFiParts = 64       // frames
	mostWiFiFrame = 16 << 10 // bytes of one: more than any that may be fragmented
)

// waitWiFi is how long a frame waits for its fragments, as in Linux. The standard's dot11MaxReceiveLifetime is half a
// second where nothing else is set.
const waitWiFi = 2 * time.Second

// A wifiPart is a data frame of 802.11 of which not all fragments have come. They come in order, each of them again
// until it is acknowledged.
type wifiPart struct {
	from, to [6]byte // transmitter and receiver
	number   uint16  // sequence number
	class    byte    // the traffic identifier, each of which has numbers of its own

	began        segment.Time
	first, count int64 // packet with the first fragment, and fragments
	next         byte  // fragment
	many, mesh   bool  // as the first fragment's header says
	whole        bool
	data         []byte
	wire         int // bytes, of which data is what was captured up to the first hole
}

// wifiParts are the frames of which fragments were seen, oldest first, and what became of others.
type wifiParts struct {
	waiting []wifiPart
	lost    fragmentCount
}

// drop gives up the first n frames.
func (s *wifiParts) drop(n int) {
	for i := range n {
		if p := &s.waiting[i]; !p.whole {
			s.lost.add(p.count, p.first)
		}
	}
	s.waiting = slices.Delete(s.waiting, 0, n)
}

// of returns the frame that a fragment belongs to, nil if none waits for it.
func (s *wifiParts) of(like *wifiPart) *wifiPart {
	for i := range s.waiting {
		if p := &s.waiting[i]; p.number == like.number && p.class == like.class && p.from == like.from && p.to == like.to {
			return p
		}
	}
	return nil
}

// expire drops the frames that have waited for long enough.
func (s *wifiParts) expire(now segment.Time) {
	n := 0
	for n < len(s.waiting) && now.Sub(s.waiting[n].began) > waitWiFi {
		n++
	}
	s.drop(n)
}

// begin makes room for another frame and returns it. What waited under the same number never became whole.
func (s *wifiParts) begin(like *wifiPart) *wifiPart {
	if p := s.of(like); p != nil {
		if !p.whole {
			s.lost.add(p.count, p.first)
		}
		s.waiting = slices.DeleteFunc(s.waiting, func(q wifiPart) bool {
			return q.number == like.number && q.class == like.class && q.from == like.from && q.to == like.to
		})
	}
	if len(s.waiting) >= mostWiFiParts {
		s.drop(1)
	}
	s.waiting = append(s.waiting, *like)
	return &s.waiting[len(s.waiting)-1]
}

// count returns how many fragments are of frames that are not whole, which at the end of a capture they will never be.
func (s *wifiParts) count() fragmentCount {
	lost := s.lost
	for _, p := range s.waiting {
		if !p.whole {
			lost.add(p.count, p.first)
		}
	}
	return lost
}

// wifiFragment adds a fragment to its frame, and reads that once it is whole. frame is all that was captured of the
// fragment with its header of head bytes, wire long; h is that header as far as it tells what frame it is of.
func (d *decoder) wifiFragment(frame []byte, head, wire int, flags uint16, h *wifiHeader, f *found) (verdict, problem) {
	const retried = 0x08 // in the second byte of frame control
	s := &d.wifiParts
	s.expire(d.last)
	b, wire := withoutFCS(frame, wire, flags)
	b, wire = b[min(head, len(b)):], max(0, wire-head)
	p := s.of(&h.part)
	if h.sealed && (h.fragment == 0 && decrypted(b, h.many) != 0 || h.fragment > 0 && p == nil) {
		return d.unreadProtocol(inOther, sealedWiFi) // or decrypted with what sealed it left in each, whose length nobody says
	}
	switch {
	case h.fragment == 0 && (p == nil || h.second&retried == 0 && !bytes.HasPrefix(p.data, b)):
		h.part.began, h.part.first = d.last, d.totals.Packets
		h.part.many, h.part.mesh = h.many, h.mesh
		p = s.begin(&h.part)
	case p == nil: // its beginning lacks
		s.lost.add(1, d.totals.Packets)
		return notTCP, noProblem
	case p.whole: // a copy of what is read
		return notTCP, noProblem
	case h.fragment != p.next: // a copy, or one lacks and the frame is never whole
		p.count++
		return notTCP, noProblem
	}
	p.count++
	p.next++
	if p.wire == len(p.data) {
		p.data = append(p.data, b[:min(len(b), wire)]...)
	}
	if p.wire += wire; p.wire > mostWiFiFrame {
		p.data, p.next = nil, 16 // there is no such fragment
		return notTCP, noProblem
	}
	if h.more {
		return notTCP, noProblem
	}
	data := p.data
	p.whole, p.data = true, nil
	return d.wifiBody(data, p.wire, p.many, p.mesh, f)
}

// withoutFCS returns a frame without the check sequence at its end, if it has one: the notes before it say so
// (radiotap), or it is right.
func withoutFCS(b []byte, wire int, flags uint16) ([]byte, int) {
	const noted, size = 0x10, 4
	if wire < size {
		return b, wire
	}
	has := flags&noted != 0
	if n := wire - size; !has && len(b) == wire {
		has = crc32.ChecksumIEEE(b[:n]) == binary.LittleEndian.Uint32(b[n:])
	}
	if has {
		wire -= size
	}
	return b[:min(len(b), wire)], wire
}
