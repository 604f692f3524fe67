package capture

import (
	"context"
	"io"
	"io/fs"
	"os"
)

// openFile opens a file. A FIFO keeps us waiting until somebody writes to it (fifo(7));
// that gives way to ctx.
func openFile(ctx context.Context, name string) (*os.File, error) {
	if st, err := os.Stat(name); err != nil || st.Mode()&fs.ModeNamedPipe == 0 || ctx.Done() == nil {
		return os.Open(name)
	}
	type result struct {
		f   *os.File
		err error
	}
	done := make(chan result, 1)
	go func() {
		f, err := os.Open(name)
		if ctx.Err() != nil {
			f.Close()
		}
		done <- result{f, err}
	}()
	select {
	case r := <-done:
		if ctx.Err() != nil { // then it is closed
			return nil, ctx.Err()
		}
		return r.f, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// interruptible returns in, or if it may keep us waiting, as pipes and terminals do, a
// reader that gives way to ctx.
func interruptible(ctx context.Context, in io.Reader) io.Reader {
	if f, ok := in.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
			return in
		}
	}
	if ctx.Done() == nil {
		return in
	}
	return &interruptibleReader{ctx: ctx, in: in, done: make(chan readResult, 1)}
}

// An interruptibleReader reads by another goroutine, which cannot be stopped while it waits: so
// that one reads into a buffer of its own, and is left alone if ctx ends first.
type interruptibleReader struct {
	ctx  context.Context
	in   io.Reader
	buf  [readSize]byte
	rest []byte // of buf, not handed on yet
	done chan readResult
	err  error // once set, the end
}

type readResult struct {
	n   int
	err error
}

// Read is io.Reader's.
func (w *interruptibleReader) Read(p []byte) (int, error) {
	if len(w.rest) == 0 && w.err == nil {
		go func() {
			n, err := w.in.Read(w.buf[:])
			w.done <- readResult{n, err}
		}()
		select {
		case r := <-w.done:
			w.rest, w.err = w.buf[:r.n], r.err
		case <-w.ctx.Done():
			w.err = w.ctx.Err()
		}
	}
	if len(w.rest) == 0 {
		return 0, w.err
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}
