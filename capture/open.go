package capture

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Open opens one capture; "-" is standard input.
func Open(name string) (*Reader, error) { return OpenAll([]string{name}, os.Stdin) }

// OpenAll opens captures that follow each other in time; packet numbers run on
// over all of them, in order of their first packets. "-" is in. It fails if the first cannot be opened or is of no
// known format; Fill reports those that come after.
func OpenAll(names []string, in io.Reader) (*Reader, error) {
	return OpenAllContext(context.Background(), names, in)
}

// OpenAllContext is OpenAll, but that waiting for somebody else to write, into a pipe,
// ends with ctx: then its error comes, after all that was read.
func OpenAllContext(ctx context.Context, names []string, in io.Reader) (*Reader, error) {
	if len(names) == 0 {
		return nil, errors.New("no capture is named")
	}
	names, later := inOrder(names)
	r := newReader(names)
	r.ctx, r.names, r.in = ctx, names, in
	r.dec.problems[filesSorted].Count = later
	return opened(r, r.open())
}

// OpenReader reads one capture from in; name is for messages.
func OpenReader(name string, in io.Reader) (*Reader, error) {
	r := newReader([]string{name})
	r.name = name
	return opened(r, r.start(in))
}

func newReader(files []string) *Reader {
	r := &Reader{dec: decoder{loopback: true}}
	r.dec.totals.Files = files
	return r
}

func opened(r *Reader, err error) (*Reader, error) {
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// open goes on to the next file.
func (r *Reader) open() error {
	r.name, r.names = r.names[0], r.names[1:]
	if r.name == "-" {
		return r.start(interruptible(r.ctx, r.in))
	}
	f, err := openFile(r.ctx, r.name)
	if err != nil {
		return err
	}
	r.file = f
	if st, err := f.Stat(); err == nil && st.IsDir() {
		return fmt.Errorf("%s: is a directory", r.name)
	}
	return r.start(interruptible(r.ctx, f))
}

// peekSize is how much of a file is looked at to learn what it is. Reads of this
// many bytes or more do not go through bufio's buffer.
const peekSize = 4096

// start finds out by content what in holds.
func (r *Reader) start(in io.Reader) error {
	r.offset, r.dec.newFile = 0, r.dec.totals.Packets > 0
	stream, err := decompress(bufio.NewReaderSize(in, peekSize))
	if err != nil {
		return r.fail(cut(err))
	}
	r.stream = stream
	head, err := stream.Peek(4)
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
	least := pcapHeader
	if isIxia(magic) {
		least = ixiaHeader
	}
	if head, err = stream.Peek(max(least, stream.Buffered())); err != nil && isPcap(magic) { // more would wait for a pipe
		return r.fail(cut(err))
	}
	p, err := newPcap(head)
	if err != nil {
		return r.fail(err)
	}
	r.format, r.offset = p, int64(p.start)
	_, err = stream.Discard(p.start)
	return err
}
