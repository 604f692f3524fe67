package tcp

import (
	"time"
	"unsafe"

	"tcpwarm/capture/segment"
)

// maxSent bounds the unacknowledged segments remembered for a half. More are
// counted in flight all the same; only their round-trip samples are lost.
const maxSent = 8192

// A Half is one direction of a connection: the bytes one endpoint sends and the
// acknowledgements the other returns. Call Sent for each segment this side
// sends and Acked for each acknowledgement of the other side, in capture order.
type Half struct {
	// What every segment needs comes first, together: where there are many
	// connections, each piece of 64 bytes is a cache miss of its own.
	Una           segment.Seq // first byte sent but not acknowledged (SND.UNA)
	Nxt           segment.Seq // one past the highest byte sent (SND.NXT)
	ISN           segment.Seq // valid if SawSYN
	FinSeq        segment.Seq // sequence number of the FIN, valid if SawFIN
	Started       bool        // Una and Nxt are set
	SawSYN        bool
	SawFIN        bool
	SawRST        bool
	acked         bool  // an acknowledgement of this half was seen
	behind        bool  // the latest segment began before Nxt
	leapt         bool  // Nxt is where an acknowledgement has put it: what lies before was not seen
	synLen        int   // of the payload in its SYN, valid if SawSYN
	leaptBy       int   // by how much, valid if leapt; since leaptAt
	leapConfirmed bool  // see Confirms, valid if leapt
	newest        uint8 // how many recent has taken, modulo 256

	HasMSS, HasWindowScale    bool
	SACKPermitted, Timestamps bool

	signs  bool // its segments are signed (RFC 2385, RFC 5925)
	echoes bool // echoed is set

	sumsRight bool // a segment had a checksum that is right: it is not left to hardware

	hasSecond bool // second is set: kept here, for every segment asks
	jumped    bool // jump is set, likewise

	oneByte bool // what has put Nxt where it is was a single byte
	probes  bool // and that was sent where the peer's window had no room: see Probed

	sent         ring
	room         [4]sentSegment // for sent, as long as it will do
	newestAt     segment.Time   // when Nxt last went up by a segment
	leaptAt      segment.Time   // when it first was acknowledged beyond that
	Packets      int64
	WireSegments int64 // by MSS where offload joined several (RFC 9293 section 3.7.1)
	PayloadBytes int64 // as captured segments carried them, resends included, duplicates not
	MaxFlight    int
	MaxLen       int              // longest payload of one captured segment, bytes
	MSS          int              // the peer may send this side at most this, from this side's SYN; valid if HasMSS
	WindowScale  int              // valid if HasWindowScale
	Window       Window           // what this side offers to receive
	recent       [4]fingerprint   // of this side's latest segments, to tell packets captured twice
	mirrored     *[64]fingerprint // the same of more, once one was: a second place may see a whole flight later
	RTT          RTT
	second       *segment.Segment // a SYN-ACK with another number, not yet acknowledged, if hasSecond
	jump         jump             // where what was not acceptable since something was lies, if jumped

	tsVal  uint32 // the latest timestamp that this side has sent, valid if Timestamps
	echoed uint32 // the latest of them that the other side has echoed, valid if echoes

	Unseen         int64 // bytes acknowledged that were not captured before; all of them if Packets is 0
	Duplicates     int64
	ResentSegments int64
	ResentBytes    int64
	OutOfOrder     int64
	KeepAlives     int64

	Unacked Unacked
	Origin  Origin
	Latest  segment.Time // when the half last sent anything
}

// Space is what a half has grown, for another to use again.
type Space struct {
	sent []sentSegment
	kept []time.Duration
}

// Space returns what h has grown; h must not be used any more.
func (h *Half) Space() Space {
	s := Space{kept: h.RTT.kept[:0]}
	if len(h.sent.buf) > len(h.room) {
		s.sent = h.sent.buf
	}
	return s
}

// Reuse gives h, which must be new, the space another half has grown.
func (h *Half) Reuse(s Space) {
	h.sent.buf, h.RTT.kept = s.sent, s.kept
	if h.sent.buf == nil {
		h.sent.buf = h.room[:]
	}
}

// A Kind says what a segment is to the half that sent it.
type Kind uint8

// The kinds.
const (
	Ordinary  Kind = iota // new data, or none
	Duplicate             // the same packet, captured twice: changes nothing
	KeepAlive             // a probe (RFC 9293 section 3.8.4)
)

// Sent notes a segment this half sends and says what kind it is. scaled tells
// that both sides offered window scaling (RFC 7323 section 2.2); peerMSS is the
// longest payload the other side accepts, 0 if not known.
func (h *Half) Sent(s *segment.Segment, scaled bool, peerMSS int) Kind {
	h.Packets++
	if h.seenBefore(s) {
		h.Duplicates++
		return Duplicate
	}
	h.sumsRight = h.sumsRight || s.Sum == segment.SumRight
	h.Origin.sent(s)
	h.Latest = s.Time
	if s.Flags.Has(segment.SYN) && !s.Flags.Has(segment.RST) {
		h.options(s)
	}
	if s.Options.HasTimestamps {
		h.Timestamps = true
		if s.Flags.Has(segment.SYN) || int32(s.Options.TSVal-h.tsVal) > 0 {
			h.tsVal = s.Options.TSVal
		}
	}
	if h.Packets == 1 {
		h.signs = s.Options.Signed
	}
	h.WireSegments += wireSegments(s.Len, peerMSS)
	kind := Ordinary
	if h.isKeepAlive(s) {
		kind = KeepAlive
		h.KeepAlives++
		h.Unacked.probe(s)
	}
	if s.Flags.Has(segment.ACK) {
		h.Window.offer(s, scaled, h.WindowScale)
	}
	if s.Flags.Has(segment.RST) {
		h.SawRST = true
		return kind // its sequence number need not fit (RFC 5961 section 3)
	}
	h.PayloadBytes += int64(s.Len)
	if kind == Ordinary {
		h.advance(s)
		h.Unacked.note(s, h.Una, s.Len > h.MaxLen)
	}
	h.MaxLen = max(h.MaxLen, s.Len)
	return kind
}

// Echoed notes the timestamp of h that s, of the other side, has echoed: its TS.Recent (RFC 7323 section 4.3).
func (h *Half) Echoed(s *segment.Segment) {
	e := s.Options.TSEcr
	if !s.Options.HasTimestamps || !h.Timestamps || int32(h.tsVal-e) < 0 { // nobody echoes what was not sent
		return
	}
	if !h.echoes || int32(e-h.echoed) > 0 {
		h.echoed, h.echoes = e, true
	}
}

// Outdated reports whether s, the next segment of h, brings what the other side does not take for its timestamp: it has
// echoed a later one (RFC 7323 section 5.3, PAWS). A day later it does not look at that.
func (h *Half) Outdated(s *segment.Segment) bool {
	return h.echoes && s.Options.HasTimestamps && int32(s.Options.TSVal-h.echoed) < 0 && !s.Flags.Has(segment.SYN|segment.RST) &&
		s.End().After(h.Nxt) && s.Time.Sub(h.Latest) < 24*time.Hour
}

// advance moves SND.NXT and remembers the segment until it is acknowledged.
func (h *Half) advance(s *segment.Segment) {
	if !h.Started {
		h.Una, h.Nxt, h.Started = s.Seq, s.Seq, true
	}
	// One that lies elsewhere, and that nobody has acknowledged, was none of this side's.
	if fin := s.Seq.Add(s.Len); s.Flags.Has(segment.FIN) && (!h.SawFIN || h.FinSeq != fin && !h.FinAcked()) {
		h.SawFIN, h.FinSeq = true, fin
	}
	end := s.End()
	h.behind = s.Seq.Before(h.Nxt)
	switch {
	case end == s.Seq:
	case end.After(h.Nxt):
		// A part sent before makes the whole ambiguous for RTT (RFC 6298
		// section 3), new data after a hole does not.
		h.Nxt, h.newestAt, h.leapt = end, s.Time, false
		h.oneByte = s.Len == 1 && s.Flags&(segment.SYN|segment.FIN) == 0
		if h.sent.isFull() {
			h.sent.makeRoom()
		}
		h.sent.push(sentSegment{end: end, at: s.Time, resent: h.behind})
		if f := h.Flight(); f > h.MaxFlight {
			h.MaxFlight = f
		}
	case end.After(h.Una):
		h.sent.markResent(s.Seq, end)
	case h.leapt && end == h.Nxt && !s.Seq.After(h.seenNext()): // captured behind its acknowledgement
		h.leapt = false
	}
}

// Resending reports whether the latest segment began before SND.NXT.
func (h *Half) Resending() bool { return h.behind }

// Newest returns when SND.NXT last went up.
func (h *Half) Newest() segment.Time { return h.newestAt }

// Flight returns the bytes sent and not cumulatively acknowledged (RFC 5681
// section 2), SYN and FIN included. 0 until an acknowledgement was seen in a
// connection begun midway: what was on its way then is not known.
func (h *Half) Flight() int {
	if !h.SawSYN && !h.acked {
		return 0
	}
	return h.Nxt.Sub(h.Una)
}

// FinAcked reports whether this side has sent its FIN and the other has
// acknowledged it.
func (h *Half) FinAcked() bool { return h.SawFIN && h.Una.After(h.FinSeq) }

// OutlivesFIN reports whether ack acknowledges more than the FIN of h: this side has sent something behind
// it, so the peer has not taken that FIN for the end, whoever sent it.
func (h *Half) OutlivesFIN(ack segment.Seq) bool { return h.SawFIN && ack.After(h.FinSeq.Add(1)) }

// TakeBackFIN takes it that h has sent no FIN.
func (h *Half) TakeBackFIN() { h.SawFIN = false }

// RestoreFIN takes it that the FIN which TakeBackFIN took back was sent after all.
func (h *Half) RestoreFIN() { h.SawFIN = true }

// reorderWithin is how far apart reordering can bring two segments where no
// round trip is known; Wireshark's value.
const reorderWithin = 3 * time.Millisecond

// Fresh says how many of the n payload bytes of the segment last noted, sent at
// the instant at, were new to the stream, and so whether it was a resend. One
// that begins before SND.NXT with bytes never seen was sent out of order; or, a
// round trip later, again, having been lost before the capture point. The round trip
// is the path's: to the peer and back, and to this side and back.
func (h *Half) Fresh(n, fresh int, at segment.Time, peer *Half) {
	within := h.RTT.Min + peer.RTT.Min
	if h.RTT.Samples == 0 || peer.RTT.Samples == 0 {
		within = max(within, reorderWithin)
	}
	switch {
	case fresh < n:
		h.ResentSegments++
		h.ResentBytes += int64(n - fresh)
	case !h.behind:
	case at.Sub(h.newestAt) > within:
		h.ResentSegments++
		h.ResentBytes += int64(n)
	default:
		h.OutOfOrder++
	}
}

// Acked notes that the other side acknowledged everything before ack.
func (h *Half) Acked(ack segment.Seq, at segment.Time) {
	if !h.Started {
		h.Una, h.Nxt, h.Started, h.acked = ack, ack, true, true
		return
	}
	h.acked = true
	if !ack.After(h.Una) {
		if h.Unacked.Probe {
			h.Unacked = Unacked{}
		}
		h.Unacked.heard = at
		h.Unacked.signs++
		return
	}
	h.Una, h.Unacked = ack, Unacked{}
	if ack.After(h.Nxt) { // bytes the capture missed
		n := ack.Sub(h.Nxt)
		h.Unseen += int64(n)
		if h.leapt {
			n += h.leaptBy
		} else {
			h.leaptAt = at
		}
		h.Nxt, h.leapt, h.leaptBy, h.leapConfirmed = ack, true, n, false
		h.sent.clear()
		return
	}
	// The newest segment covered tells the round trip: older ones may have
	// waited for a delayed ACK. If any was sent twice there is no telling which
	// copy drew the ACK (Karn; RFC 6298 section 3).
	var last *sentSegment
	n, resent := int32(0), false
	for ; n < h.sent.n; n++ {
		x := h.sent.at(n)
		if x.end.After(ack) {
			break
		}
		last, resent = x, resent || x.resent
	}
	if n == 0 {
		return
	}
	h.sent.drop(n)
	if !resent && last.end == ack {
		h.RTT.add(at.Sub(last.at))
	}
}

// FINUnseen reports whether h has ended, as it seems, by a FIN that was not captured: the other side has
// acknowledged one number more than the capture has of h, and a FIN takes one (RFC 9293 section 3.4).
func (h *Half) FINUnseen() bool {
	return h.leapt && h.leaptBy == 1 && !h.SawFIN
}

// seenNext returns what lies behind all that was seen of h: SND.NXT, or what that was before acknowledgements of more.
func (h *Half) seenNext() segment.Seq {
	if h.leapt {
		return h.Nxt.Add(-min(h.leaptBy, MaxWindow)) // further off numbers do not compare
	}
	return h.Nxt
}

// Unsays reports whether s, the next segment of h, shows that what was acknowledged of h beyond all that was seen had not
// been sent: it has bytes or a FIN from there or from before, longer after that than it may be captured behind its
// acknowledgement. One of the two is forged; or the acknowledgement was lost, and what h sends again was captured the
// second time only. A single byte may be a probe's.
func (h *Half) Unsays(s *segment.Segment, capturedBehind time.Duration) bool {
	return h.leapt && s.Seq.Before(h.Nxt) && (s.Len > 1 || s.Flags.Has(segment.FIN)) &&
		!s.Flags.Has(segment.SYN|segment.RST) && s.Time.Sub(h.leaptAt) > capturedBehind
}

// Denies reports whether s, the next segment of h, shows that h has not sent what was captured as its own longer than
// reordering takes before: a bare ACK has SND.NXT for its number (RFC 9293 section 3.10.7.4), and nobody has acknowledged
// more. It acknowledges something new, as none does that comes late. Where peer has taken its window back, a bare ACK has
// the edge of that (tcp_acceptable_seq of Linux). A byte that asks for room moves no SND.NXT (BSD's tcp_output).
func (h *Half) Denies(s *segment.Segment, peer *Half, reordering time.Duration) bool {
	return s.Len == 0 && s.Flags == segment.ACK && h.Started && !h.leapt && !s.Seq.Before(h.Una) && s.Seq.Before(h.Nxt) &&
		s.Seq.Before(peer.Window.end()) && s.Ack.After(peer.Una) && s.Time.Sub(h.newestAt) > reordering &&
		!(h.probes && s.Seq == h.Nxt.Add(-1))
}

// Probed notes whether s, the latest of h, is a byte that peer's window had no room for: it asks for some (RFC 9293 section
// 3.8.6.1).
func (h *Half) Probed(s *segment.Segment, peer *Half) {
	if s.Len > 0 && s.End() == h.Nxt {
		h.probes = s.Len == 1 && peer.Window.Known && !s.Seq.Before(peer.Window.end())
	}
}

// Confirms notes that s, which peer sends, acknowledges once more what was acknowledged of h beyond all that was seen, and is no
// bare ACK: these anybody can send who knows roughly where the connection is, and the receiver drops them (RFC 9293
// section 3.10.7.4); other bytes of peer's would contradict one that says more.
func (h *Half) Confirms(s *segment.Segment) {
	if h.leapt && s.Ack == h.Una && s.End() != s.Seq && s.Time != h.leaptAt {
		h.leapConfirmed = true
	}
}

// Unconfirmed reports whether more was acknowledged of h than was seen, by segments alone that may be forged: not where
// nothing was seen, which is for want of a direction.
func (h *Half) Unconfirmed() bool { return h.leapt && !h.leapConfirmed && h.Packets > 0 }

// Leapt reports whether SND.NXT is where an acknowledgement has put it: what lies before was not seen.
func (h *Half) Leapt() bool { return h.leapt }

// options takes what s, a SYN, asks for. Once one was acknowledged nobody looks at those of another.
func (h *Half) options(s *segment.Segment) {
	if h.SawSYN && h.Started && h.Una.After(h.ISN) {
		return
	}
	o := &s.Options
	if !h.SawSYN || h.ISN != s.Seq {
		h.synLen = 0
	}
	h.SawSYN, h.ISN, h.synLen = true, s.Seq, max(h.synLen, s.Len)
	if o.HasMSS {
		h.MSS, h.HasMSS = int(o.MSS), true
	}
	if o.HasWindowScale {
		h.WindowScale, h.HasWindowScale = int(o.WindowScale), true
	}
	h.SACKPermitted = o.SACKPermitted
}

// isKeepAlive reports a segment of at most one byte that repeats the byte
// before SND.NXT, all else being acknowledged, to draw an ACK (RFC 9293 section
// 3.8.4). A byte that was not seen before may be one whose ACK was captured first. Where the
// capture begins with a byte, it is a probe's unless it is pushed, as what an application
// has written is (RFC 9293 section 3.9.1.2).
func (h *Half) isKeepAlive(s *segment.Segment) bool {
	if !h.Started {
		return s.Len == 1 && s.Flags == segment.ACK
	}
	return s.Len <= 1 && !(h.leapt && s.Len == 1) && !s.Flags.Has(segment.SYN|segment.FIN|segment.RST) &&
		s.Seq == h.Nxt.Add(-1) && h.Una == h.Nxt
}

func wireSegments(n, mss int) int64 {
	if mss <= 0 || n <= mss {
		return 1
	}
	return int64((n + mss - 1) / mss)
}

// sameWithin is how far apart two captures of one packet may lie.
const sameWithin = 50 * time.Millisecond

// A fingerprint tells one packet from another: a hash of all that a resend would not
// repeat, and when it was captured.
type fingerprint struct {
	hash uint64 // never 0
	at   segment.Time
}

// seenBefore reports whether s is a packet captured a second time, and
// remembers it if not.
func (h *Half) seenBefore(s *segment.Segment) bool {
	p := fingerprintOf(s)
	if h.known(p, s) {
		if h.mirrored == nil {
			h.mirrored = new([64]fingerprint)
		}
		return true
	}
	h.recent[h.newest%uint8(len(h.recent))] = p
	if h.mirrored != nil {
		h.mirrored[h.newest%uint8(len(h.mirrored))] = p
	}
	h.newest++
	return false
}

func fingerprintOf(s *segment.Segment) fingerprint {
	mix := func(h, v uint64) uint64 { h = (h ^ v) * 0x9E3779B97F4A7C15; return h ^ h>>29 }
	// Flags alone first: else those of a FIN and the number it acknowledges more than the ACK before it cancel out.
	h := mix(mix(0, uint64(s.Flags)), uint64(s.Seq)<<32|uint64(s.Ack))
	h = mix(h, uint64(s.Len)<<32|uint64(s.Window)<<16|uint64(s.IPID))
	if s.Options.HasTimestamps {
		h = mix(h, uint64(s.Options.TSVal)<<32|uint64(s.Options.TSEcr))
	}
	if s.Options.SACKBlocks > 0 {
		h = mix(h, uint64(s.Options.SACK[0].Start)<<32|uint64(s.Options.SACK[0].End))
	}
	return fingerprint{h | 1, s.Time}
}

// known reports whether p, the fingerprint of s, was captured lately: on loopback both
// ways, on two interfaces, or on a mirror. A resend differs in its IP ID or its
// timestamp. Where there is no ID, only a copy within a millisecond counts, and
// only of what a sender would not repeat so soon.
func (h *Half) known(p fingerprint, s *segment.Segment) bool {
	return p.among(h.recent[:], s) || h.mirrored != nil && p.among(h.mirrored[:], s)
}

func (p *fingerprint) among(list []fingerprint, s *segment.Segment) bool {
	for i := range list {
		if list[i].hash != p.hash {
			continue
		}
		gap := p.at.Sub(list[i].at)
		if gap <= sameWithin && s.IPID != 0 || gap < time.Millisecond && s.End() != s.Seq {
			return true
		}
	}
	return false
}

// Rest says that it is now, and h rests: of what was captured longer ago no copy is to come.
func (h *Half) Rest(now segment.Time) {
	for i := range h.recent {
		if now.Sub(h.recent[i].at) > sameWithin {
			h.recent[i] = fingerprint{}
		}
	}
	h.sent.rest()
}

// Copy reports whether s is a packet of this half captured a second time.
// Nothing is changed.
func (h *Half) Copy(s *segment.Segment) bool { return h.known(fingerprintOf(s), s) }

// Memory returns how many bytes h holds beside itself.
func (h *Half) Memory() int {
	n := cap(h.RTT.kept) * int(unsafe.Sizeof(h.RTT.kept[0]))
	if len(h.sent.buf) > len(h.room) {
		n += len(h.sent.buf) * int(unsafe.Sizeof(h.room[0]))
	}
	return n + h.Referred()
}

// Referred returns how many bytes h points to that are no lists.
func (h *Half) Referred() (n int) {
	if h.mirrored != nil {
		n += int(unsafe.Sizeof(*h.mirrored))
	}
	if h.second != nil {
		n += int(unsafe.Sizeof(*h.second))
	}
	return n
}
