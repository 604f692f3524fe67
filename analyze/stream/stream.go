// Package stream puts the payload of one half of a connection in order.
//
// Segments come in as captured: in any order, overlapping, repeated, across the
// wrap of the sequence space, cut by the snap length. Bytes go out once and in
// order, and where bytes can no longer come, a gap of known length. It does
// not know which protocol the bytes speak.
package stream

import (
	"bytes"
	"sort"
	"time"
	"unsafe"

	"tcpwarm/capture/segment"
)

// MaxHeld is how many bytes of one half wait for a missing segment. Beyond it
// the hole is declared a gap and the stream goes on. A 100 Mbit/s path of 100 ms
// holds 1.2 MB, so real holes close before this.
const MaxHeld = 2 << 20 // bytes

// maxChunks bounds the segments that wait, whatever their size.
const maxChunks = 4096

// Grace is how long a hole may last after its acknowledgement was seen: a
// capture can show an ACK before the data that drew it (several interfaces or
// queues), but not by much.
const Grace = 5 * time.Millisecond

// A Mark says when and in which packet bytes were captured.
type Mark = segment.Mark

// A Sink takes what a Stream gives. Bytes are borrowed for the call.
type Sink interface {
	Bytes(b []byte, at Mark)
	Gap(n int64, at Mark)
	// Again takes bytes of the stream that have been handed on before: they begin back bytes before the next due.
	Again(b []byte, back int, at Mark)
	// Differs comes where bytes that wait for others differ from those of another segment: the first came at first.
	Differs(first, at Mark)
}

// A Stream is the payload of one half, in order. Use Start once, then Add,
// Acked and Tick in capture order, then Flush.
type Stream struct {
	next    segment.Seq  // the first byte not yet handed on
	acked   segment.Seq  // highest byte the peer acknowledged, if it lies after next
	ackedAt segment.Time // when it first acknowledged something after next
	ackedBy Mark         // the segment that acknowledged all before acked: by then it had come
	started bool
	beyond  bool // acked lies after next: a hole, or data whose ACK was captured first

	*waiting // nil until a segment comes out of order

	Delivered int64 // bytes handed on
	Missing   int64 // bytes in gaps: on the wire, acknowledged or passed by, never captured
	Snapped   int64 // bytes the snap length cut off; handed on as gaps too
}

// waiting is what few streams need.
type waiting struct {
	held      []chunk // after next, in order, not overlapping
	heldBytes int     // captured bytes in held
	free      [][]byte
	overflows int64 // holes given up because too much waited behind them
	paused    bool  // all waits, also what is in order
	inSYN     bool  // likewise, until Confirm: what came did in a SYN
}

// none stands for the waiting of a stream in order; it is never written.
var none waiting

func (st *Stream) rare() *waiting {
	if st.waiting == nil {
		return &none
	}
	return st.waiting
}

// A chunk waits for the bytes before it. Its data may be shorter than its
// length on the wire.
type chunk struct {
	seq  segment.Seq
	len  int // bytes on the wire
	data []byte
	at   Mark
}

func (c *chunk) end() segment.Seq { return c.seq.Add(c.len) }

// Start says that the first byte of the stream has sequence number next.
func (st *Stream) Start(next segment.Seq) { st.next, st.started = next, true }

// Started reports whether the stream knows where it is.
func (st *Stream) Started() bool { return st.started }

// Next returns the sequence number of the next byte due.
func (st *Stream) Next() segment.Seq { return st.next }

// Holes reports whether bytes wait for others that are missing.
func (st *Stream) Holes() bool { return st.waiting != nil && len(st.held) > 0 }

// Waiting returns the latest piece that waits for others, packet 0 if none does.
func (st *Stream) Waiting() (latest Mark) {
	for i := range st.rare().held {
		if at := st.held[i].at; at.Packet > latest.Packet {
			latest = at
		}
	}
	return latest
}

// Forget lets go of what waits for others: its receiver has never read it.
func (st *Stream) Forget() {
	if st.waiting != nil {
		st.held, st.heldBytes = st.held[:0], 0
	}
}

// Lacks reports whether the peer has acknowledged what has not come, lately enough that it may still come.
func (st *Stream) Lacks() bool { return st.beyond && st.acked.After(st.next) }

// Expects reports whether bytes from seq on are among those that Lacks speaks of.
func (st *Stream) Expects(seq segment.Seq) bool { return st.Lacks() && seq.Before(st.acked) }

// Pause has all that comes wait until Resume.
func (st *Stream) Pause() {
	if st.waiting == nil {
		st.waiting = new(waiting)
	}
	st.paused = true
}

// Paused reports whether what comes waits for Resume.
func (st *Stream) Paused() bool { return st.rare().paused }

// Resume hands on what has waited since Pause.
func (st *Stream) Resume(to Sink) {
	if st.Paused() {
		st.paused = false
		st.drain(to)
	}
}

// HoldSYN has all that comes wait until Confirm, for it comes in a SYN.
func (st *Stream) HoldSYN() {
	if st.waiting == nil {
		st.waiting = new(waiting)
	}
	st.inSYN = true
}

// HoldsSYN reports whether what comes waits for Confirm.
func (st *Stream) HoldsSYN() bool { return st.rare().inSYN }

// Confirm hands on what has waited since HoldSYN, as far as it lies before seq: the rest was not taken, and is sent
// again.
func (st *Stream) Confirm(seq segment.Seq, to Sink) {
	if !st.HoldsSYN() {
		return
	}
	st.inSYN = false
	k := 0
	for i := range st.held {
		c := &st.held[i]
		n := min(c.len, seq.Sub(c.seq))
		if n <= 0 {
			st.heldBytes -= len(c.data)
			continue
		}
		if n < len(c.data) {
			st.heldBytes -= len(c.data) - n
			c.data = c.data[:n]
		}
		c.len = n
		st.held[k] = *c
		k++
	}
	clear(st.held[k:])
	st.held = st.held[:k]
	st.drain(to)
}

// inOrder reports whether what comes next may be handed on.
func (st *Stream) inOrder() bool { return st.waiting == nil || !st.paused && !st.inSYN }

// Overflows returns how many holes were given up because too much waited.
func (st *Stream) Overflows() int64 { return st.rare().overflows }

// Add takes n bytes of payload from seq on, of which the capture holds payload,
// and returns how many of the n had not been seen before. Both ends lie less than
// 2^31 from Next: whoever calls has refused the rest (tcp.Half.Acceptable), and keeps
// Next near by AssumeAcked. So it is for Acked.
func (st *Stream) Add(seq segment.Seq, n int, payload []byte, at Mark, to Sink) (fresh int) {
	if n > 0 && seq == st.next && !st.Holes() && st.inOrder() { // nearly always
		st.next = seq.Add(n)
		st.deliver(payload, n, at, to)
		return n
	}
	if skip := st.next.Sub(seq); skip > 0 {
		if again := payload[:min(skip, len(payload))]; len(again) > 0 {
			to.Again(again, skip, at)
		}
		seq, n, payload = st.next, n-skip, payload[min(skip, len(payload)):]
	}
	if n <= 0 {
		return 0
	}
	if seq == st.next && st.inOrder() && (!st.Holes() || st.held[0].seq.Sub(seq) >= n) { // nothing it would repeat
		st.next = seq.Add(n)
		st.deliver(payload, n, at, to)
		st.drain(to)
		return n
	}
	if st.waiting == nil {
		st.waiting = new(waiting)
	}
	st.compare(seq, payload, at, to)
	fresh = st.queue(seq, n, payload, at)
	st.drain(to)
	for st.heldBytes > MaxHeld || len(st.held) > maxChunks {
		st.Confirm(st.held[0].end(), to)
		if st.Resume(to); !st.Holes() {
			break
		}
		st.overflows++
		st.gapTo(st.held[0].seq, at, to)
		st.drain(to)
	}
	return fresh
}

// Compare holds payload, which begins at seq and is of a packet that was captured before, against what came then.
func (st *Stream) Compare(seq segment.Seq, payload []byte, at Mark, to Sink) {
	if !st.started {
		return
	}
	if skip := st.next.Sub(seq); skip > 0 {
		again := payload[:min(skip, len(payload))]
		if len(again) > 0 {
			to.Again(again, skip, at)
		}
		seq, payload = st.next, payload[len(again):]
	}
	st.compare(seq, payload, at, to)
}

// compare holds payload, which begins at seq, against what waits.
func (st *Stream) compare(seq segment.Seq, payload []byte, at Mark, to Sink) {
	if len(payload) == 0 || !st.Holes() {
		return
	}
	i := sort.Search(len(st.held), func(i int) bool { return st.held[i].end().After(seq) })
	for ; i < len(st.held); i++ {
		c := &st.held[i]
		from := c.seq.Sub(seq) // where c begins in payload
		if from >= len(payload) {
			return
		}
		a, b := payload[max(0, from):], c.data[min(max(0, -from), len(c.data)):]
		if n := min(len(a), len(b)); !bytes.Equal(a[:n], b[:n]) {
			to.Differs(c.at, at)
			return
		}
	}
}

// Offset returns how many bytes of the stream lie before the next due.
func (st *Stream) Offset() int64 { return st.Delivered + st.Missing + st.Snapped }

// queue keeps the parts of [seq, seq+n) that are not held yet. Bytes already
// held win over new ones, as a receiver's kernel would have it.
func (st *Stream) queue(seq segment.Seq, n int, payload []byte, at Mark) (fresh int) {
	i := len(st.held)
	if i > 0 && !st.held[i-1].seq.Before(seq) {
		i = sort.Search(i, func(i int) bool { return !st.held[i].seq.Before(seq) })
	}
	if i > 0 { // the one before may reach into ours
		if skip := st.held[i-1].end().Sub(seq); skip > 0 {
			seq, n, payload = seq.Add(skip), n-skip, payload[min(skip, len(payload)):]
		}
	}
	for n > 0 {
		part := n
		if i < len(st.held) {
			part = min(n, st.held[i].seq.Sub(seq))
		}
		if part > 0 {
			st.insert(i, seq, part, payload[:min(part, len(payload))], at)
			fresh += part
			i++
		}
		if i >= len(st.held) {
			break
		}
		skip := st.held[i].end().Sub(seq) // what we cover up to the end of the next one
		seq, n, payload = seq.Add(skip), n-skip, payload[min(skip, len(payload)):]
		i++
	}
	return fresh
}

func (st *Stream) insert(i int, seq segment.Seq, n int, data []byte, at Mark) {
	var buf []byte
	if k := len(st.free); k > 0 {
		buf, st.free = st.free[k-1], st.free[:k-1]
	}
	st.held = append(st.held, chunk{})
	copy(st.held[i+1:], st.held[i:])
	st.held[i] = chunk{seq, n, append(buf[:0], data...), at}
	st.heldBytes += len(data)
}

// drain hands on what no longer waits for anything.
func (st *Stream) drain(to Sink) {
	if st.waiting == nil || !st.inOrder() {
		return
	}
	k := 0
	for ; k < len(st.held) && st.held[k].seq == st.next; k++ {
		c := st.held[k]
		st.heldBytes -= len(c.data)
		st.next = c.end()
		st.deliver(c.data, c.len, c.at, to)
		if len(st.free) < 16 {
			st.free = append(st.free, c.data)
		}
	}
	if k > 0 {
		n := copy(st.held, st.held[k:])
		clear(st.held[n:])
		st.held = st.held[:n]
	}
}

func (st *Stream) deliver(data []byte, n int, at Mark, to Sink) {
	st.Delivered += int64(len(data))
	if len(data) > 0 {
		to.Bytes(data, at)
	}
	if cut := int64(n - len(data)); cut > 0 {
		st.Snapped += cut
		to.Gap(cut, at)
	}
}

// Acked says that the peer has acknowledged everything before ack. A hole
// before it will never be filled: what was acknowledged is not sent again.
func (st *Stream) Acked(ack segment.Seq, at Mark, to Sink) {
	if !st.started || !ack.After(st.next) {
		st.beyond = false
		return
	}
	switch {
	case !st.beyond:
		st.beyond, st.acked, st.ackedAt, st.ackedBy = true, ack, at.Time, at
	case at.Time.Sub(st.ackedAt) > Grace:
		st.giveUp(st.acked, st.ackedBy, to)
		st.beyond = ack.After(st.next)
		st.acked, st.ackedAt, st.ackedBy = ack, at.Time, at
	case ack.After(st.acked):
		st.acked, st.ackedBy = ack, at
	}
}

// Tick gives up holes whose acknowledgement is older than the grace.
func (st *Stream) Tick(at Mark, to Sink) {
	switch {
	case !st.beyond:
	case !st.acked.After(st.next): // it has come
		st.beyond = false
	case at.Time.Sub(st.ackedAt) > Grace:
		st.giveUp(st.acked, st.ackedBy, to)
		st.beyond = false
	}
}

// AssumeAcked says that nothing before seq will come any more.
func (st *Stream) AssumeAcked(seq segment.Seq, at Mark, to Sink) {
	if st.started && st.next.Before(seq) {
		st.giveUp(seq, at, to)
		st.beyond = st.beyond && st.acked.After(st.next)
	}
}

// giveUp turns what is missing before seq into gaps.
func (st *Stream) giveUp(seq segment.Seq, at Mark, to Sink) {
	st.Confirm(seq, to)
	st.Resume(to)
	for st.next.Before(seq) {
		end := seq
		if st.Holes() && st.held[0].seq.Before(end) {
			end = st.held[0].seq
		}
		st.gapTo(end, at, to)
		st.drain(to)
	}
}

func (st *Stream) gapTo(seq segment.Seq, at Mark, to Sink) {
	n := int64(seq.Sub(st.next))
	st.Missing += n
	st.next = seq
	to.Gap(n, at)
}

// Flush ends the stream: nothing more will come, so what waits is handed on,
// with gaps for what is missing before it and for what was acknowledged and
// never seen.
func (st *Stream) Flush(at Mark, to Sink) {
	st.Confirm(st.next, to) // a SYN's bytes that nobody has taken
	st.Resume(to)
	if st.beyond {
		st.giveUp(st.acked, st.ackedBy, to)
	}
	for st.Holes() {
		st.gapTo(st.held[0].seq, at, to)
		st.drain(to)
	}
	if st.waiting != nil {
		st.held, st.free, st.heldBytes = nil, nil, 0
	}
}

// Memory returns how many bytes st holds beside itself.
func (st *Stream) Memory() int {
	if st.waiting == nil {
		return 0
	}
	n := int(unsafe.Sizeof(*st.waiting)) + cap(st.held)*int(unsafe.Sizeof(chunk{})) + st.heldBytes
	for _, b := range st.free {
		n += cap(b)
	}
	return n
}

// GiveUpHoles hands on what waits, with gaps for what is missing before it, and frees what the
// waiting took.
func (st *Stream) GiveUpHoles(at Mark, to Sink) {
	st.Confirm(st.next, to)
	st.Resume(to)
	for st.Holes() {
		st.overflows++
		st.gapTo(st.held[0].seq, at, to)
		st.drain(to)
	}
	if st.waiting != nil {
		st.held, st.free = nil, nil
	}
}
