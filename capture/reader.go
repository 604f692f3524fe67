package capture

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"tcpwarm/capture/filter"
	"tcpwarm/capture/segment"
)

const (
	blockSize  = 1 << 20  // bytes of a batch, more only for one long record
	readSize   = 64 << 10 // bytes read at once: they are decoded while in the cache
	maxPacket  = 16 << 20 // bytes; a captured length beyond this is no packet's
	maxInBatch = 8192     // segments
)

// ErrNoneYet is what a reader that OpenReader was given returns where more will come later: Fill then hands on what
// there is, perhaps nothing.
var ErrNoneYet = errors.New("there is no more yet")

// A Reader reads one capture, or several that follow each other in time. It is
// an analyze.Source, for one goroutine.
type Reader struct {
	ctx   context.Context // ends the waiting for what is no file
	names []string        // still to be opened
	in    io.Reader       // what "-" stands for
	dec   decoder
	pass  *filter.Expr                        // nil: everything
	match map[uint32]func(packet []byte) bool // by link type

	part part

	file   *os.File // open now, if any
	stream *bufio.Reader
	name   string
	format format
	packet packet

	closed int64  // bytes of the files that are done with
	offset int64  // in the file, of the record that comes next
	carry  []byte // the beginning of that record, read into the batch before
	most   int    // segments of one batch so far
	need   int    // bytes of it that must be there to go on
	err    error  // once set, the end
}

// A format reads the records of one kind of file.
type format interface {
	// record reads the record at the start of b into p and returns its length.
	// If that is more than len(b), so many bytes are needed and p is not set.
	record(b []byte, p *packet) (int, error)
}

// A packet is one record of a file.
type packet struct {
	data  []byte
	link  uint32 // LINKTYPE_ value
	orig  int    // bytes on the wire
	time  segment.Time
	timed bool // time is known
	none  bool // the record holds no packet

	secrets []byte // a TLS key log, where none
}

// Fill replaces b's segments with the next ones, at most 8192; there may be none
// though more will come. It returns io.EOF at the end and a *FormatError where the
// capture cannot be read further; b holds what came before either. Payloads
// point into b.Bytes and are valid until b is filled again.
func (r *Reader) Fill(b *segment.Batch) error {
	b.Segments, b.Secrets = b.Segments[:0], b.Secrets[:0]
	if r.err != nil {
		return r.err
	}
	if size := max(blockSize, r.need, len(r.carry)); len(b.Bytes) != size {
		b.Bytes = make([]byte, size)
	}
	if cap(b.Segments) == 0 { // at once: to grow little by little takes twice the memory
		b.Segments = make([]segment.Segment, 0, r.most)
	}
	at, have := 0, copy(b.Bytes, r.carry)
	r.carry = r.carry[:0]
	for {
		n, err := r.decode(b, b.Bytes[at:have])
		at += n
		r.offset += int64(n)
		if err != nil {
			r.err = r.fail(err)
			return r.err
		}
		if len(b.Segments) >= maxInBatch || at+r.need > len(b.Bytes) {
			r.carry = append(r.carry, b.Bytes[at:have]...)
			return nil
		}
		n, err = r.read(b.Bytes[have:min(have+readSize, len(b.Bytes))])
		have += n
		if errors.Is(err, ErrNoneYet) {
			r.carry = append(r.carry, b.Bytes[at:have]...)
			return nil
		}
		if err != nil {
			if r.err = r.ended(err, have-at); r.err != nil {
				return r.err
			}
		}
	}
}

// decode appends the segments of the records that w holds whole to b and returns
// how many bytes these take.
func (r *Reader) decode(b *segment.Batch, w []byte) (at int, err error) {
	r.need = 1
	for len(b.Segments) < maxInBatch {
		n, err := r.format.record(w[at:], &r.packet)
		if err != nil {
			return at, err
		}
		if n > len(w)-at {
			r.need = n
			break
		}
		at += n
		switch {
		case !r.packet.none:
			ok, err := r.passes()
			if err != nil {
				return at, err
			}
			if !ok {
				r.dec.totals.Packets++ // it keeps its number
				r.dec.totals.Filtered++
				break
			}
			r.dec.packet(b, &r.packet)
		case len(r.packet.secrets) > 0:
			b.Secrets = append(b.Secrets, bytes.Clone(r.packet.secrets))
		}
	}
	r.most = max(r.most, len(b.Segments))
	return at, nil
}

// Filter has only packets that e lets through be used. All are counted: a packet's
// number is that in the file.
func (r *Reader) Filter(e *filter.Expr) { r.pass, r.match = e, map[uint32]func([]byte) bool{} }

// Between has only packets be used from an instant on, and before another: both are told by the time
// of the first packet that has one. All are counted. Packets without a time are used.
func (r *Reader) Between(bounds func(first segment.Time) (from, to segment.Time)) {
	r.part.bounds = bounds
}

// A part is what is used of a capture's time.
type part struct {
	bounds   func(first segment.Time) (from, to segment.Time) // nil: all of it
	from, to segment.Time
	known    bool // from and to are
}

// has reports whether p lies within.
func (t *part) has(p *packet) bool {
	if t.bounds == nil || !p.timed {
		return true
	}
	if !t.known {
		t.from, t.to = t.bounds(p.time)
		t.known = true
	}
	return p.time >= t.from && p.time < t.to
}

// passes reports whether the packet is one to use.
func (r *Reader) passes() (bool, error) {
	if !r.part.has(&r.packet) {
		return false, nil
	}
	if r.pass == nil {
		return true, nil
	}
	match := r.match[r.packet.link]
	if match == nil {
		var err error
		if match, err = r.pass.Matcher(r.packet.link); err != nil {
			return false, err
		}
		r.match[r.packet.link] = match
	}
	return match(r.packet.data), nil
}

// read reads at least one byte, or returns an error.
func (r *Reader) read(b []byte) (int, error) {
	for range 100 {
		if n, err := r.stream.Read(b); n > 0 {
			return n, nil // an error comes again
		} else if err != nil {
			return 0, err
		}
	}
	return 0, io.ErrNoProgress
}

// ended goes on to the next file if this one ended well: without an error, and
// with no rest of a record. It returns io.EOF if that was the last.
func (r *Reader) ended(err error, rest int) error {
	if err != io.EOF || rest > 0 {
		r.offset += int64(rest)
		return r.fail(cut(err))
	}
	r.Close()
	if len(r.names) == 0 {
		return io.EOF
	}
	return r.open()
}

func (r *Reader) fail(err error) error {
	return &FormatError{r.name, r.dec.totals.Packets, r.offset, err}
}

// Totals returns what was seen so far.
func (r *Reader) Totals() segment.Totals { return r.dec.sums() }

// Close closes the file that is open. Standard input and what OpenReader was
// given stay open.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	r.closed += position(r.file)
	err := r.file.Close()
	r.file = nil
	return err
}
