package capture

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"tcpwarm/capture/segment"
)

// A FormatError is a capture that could not be read further.
type FormatError struct {
	File   string
	Packet int64 // packets read before it, over all files
	Offset int64 // bytes from the start of the file, uncompressed
	Err    error
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s: after packet %d, offset %d: %v", e.File, e.Packet, e.Offset, e.Err)
}

func (e *FormatError) Unwrap() error { return e.Err }

// errCut says that a file ends within a record.
var errCut = errors.New("the file is cut short")

const (
	blockSize  = 256 << 10 // payload bytes of a batch, more only for one long packet
	maxPacket  = 16 << 20  // a captured length beyond this is no packet
	maxInBatch = 2048      // segments
)

// A Reader reads one capture, or several that follow each other in time. It is
// an analyze.Source.
type Reader struct {
	names []string
	in    io.Reader // what "-" stands for
	dec   decoder

	file   *os.File
	stream *bufio.Reader
	name   string
	offset int64
	format format
	err    error // once set, the end
}

// A format reads the packets of one kind of file.
type format interface {
	// next puts the data of the next packet at the end of buf and returns it
	// with the packet's header. It returns io.EOF only between records.
	next(r *Reader, buf []byte) ([]byte, packet, error)
}

// A packet is what a file says of one packet.
type packet struct {
	link uint32 // LINKTYPE_ value
	orig int    // bytes on the wire
	time segment.Time
	has  bool // time is known
}

// OpenAll opens captures that follow each other; "-" is in. It fails if the first
// cannot be opened or is of no known format.
func OpenAll(names []string, in io.Reader) (*Reader, error) {
	r := &Reader{names: names, in: in}
	r.dec.init()
	r.dec.totals.Files = names
	return r, r.open()
}

// OpenReader reads one capture from in; name is for messages.
func OpenReader(name string, in io.Reader) (*Reader, error) {
	r := &Reader{in: in, name: name}
	r.dec.init()
	r.dec.totals.Files = []string{name}
	return r, r.start(in)
}

// open goes on to the next file.
func (r *Reader) open() error {
	r.name, r.names = r.names[0], r.names[1:]
	if r.name == "-" {
		return r.start(r.in)
	}
	f, err := os.Open(r.name)
	if err != nil {
		return err
	}
	if st, err := f.Stat(); err == nil && st.IsDir() {
		f.Close()
		return fmt.Errorf("%s: is a directory", r.name)
	}
	r.file = f
	return r.start(f)
}

// start finds out by content what in holds.
func (r *Reader) start(in io.Reader) error {
	r.stream, r.offset = bufio.NewReaderSize(in, blockSize), 0
	if head, _ := r.stream.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b { // RFC 1952
		z, err := gzip.NewReader(r.stream)
		if err != nil {
			return r.fail(err)
		}
		r.stream = bufio.NewReaderSize(z, blockSize)
	}
	head, err := r.stream.Peek(4)
	if err != nil {
		if len(head) == 0 && err == io.EOF {
			return r.fail(errors.New("the file is empty"))
		}
		return r.fail(cut(err))
	}
	magic := binary.LittleEndian.Uint32(head)
	if magic == blockSection {
		r.format = &pcapng{}
		return nil
	}
	if r.format, err = newPcap(r, magic); err != nil {
		return r.fail(err)
	}
	return nil
}

func (r *Reader) fail(err error) error {
	return &FormatError{r.name, r.dec.totals.Packets, r.offset, err}
}

// cut turns an end within a record into errCut.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCut
	}
	return err
}

// full reads len(b) bytes. It returns io.EOF only if there were none at all.
func (r *Reader) full(b []byte) error {
	n, err := io.ReadFull(r.stream, b)
	r.offset += int64(n)
	if err == io.ErrUnexpectedEOF {
		return errCut
	}
	return err
}

// grow makes room for n more bytes at the end of buf and reads them. If buf's
// array is too small and in use, nothing is moved: more says that the packet
// must begin a new batch.
func (r *Reader) data(buf []byte, n int) ([]byte, error) {
	at := len(buf)
	buf = buf[:at+n]
	err := r.full(buf[at:])
	if n == 0 {
		err = nil
	}
	return buf, cut(err)
}

// Fill replaces b's segments with the next ones. It returns io.EOF at the end and
// a *FormatError where the capture cannot be read further; b holds what came
// before either.
func (r *Reader) Fill(b *segment.Batch) error {
	b.Segments = b.Segments[:0]
	if cap(b.Bytes) < blockSize {
		b.Bytes = make([]byte, 0, blockSize)
	}
	buf := b.Bytes[:0]
	for r.err == nil && len(b.Segments) < maxInBatch {
		from := len(buf)
		next, p, err := r.format.next(r, buf)
		if err == errRoom {
			if from == 0 {
				b.Bytes = make([]byte, 0, p.orig)
				buf = b.Bytes
				continue
			}
			break
		}
		if err != nil {
			r.ended(err)
			continue
		}
		buf = next
		r.dec.packet(b, buf[from:], &p)
	}
	if len(b.Segments) == 0 && r.err == nil {
		return r.Fill(b) // a whole block without TCP
	}
	return r.err
}

// errRoom says that the packet does not fit into what is left of the block.
var errRoom = errors.New("no room")

// ended goes on to the next file, or ends.
func (r *Reader) ended(err error) {
	if err != io.EOF {
		r.err = r.fail(err)
		return
	}
	r.Close()
	if len(r.names) == 0 {
		r.err = io.EOF
		return
	}
	if err := r.open(); err != nil {
		r.err = err
	}
}

// Totals returns what was seen so far.
func (r *Reader) Totals() segment.Totals { return r.dec.sums() }

// Close closes the file that is open.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
