package main

import (
	"context"
	"io"
	"os"
	"time"

	"tcpwarm/analyze"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// An input is saved captures that are read.
type input interface {
	analyze.Source
	analyze.Sized
	io.Closer
}

// openInput opens captures. Those that may keep us waiting, as pipes do, give way to ctx.
func openInput(ctx context.Context, names []string, stdin io.Reader, prepare func(*capture.Reader)) (input, error) {
	open := func() (*capture.Reader, error) {
		src, err := capture.OpenAll(names, stdin)
		if err != nil {
			return nil, &codedError{exitInput, err}
		}
		prepare(src)
		return src, nil
	}
	if !mayWait(names, stdin) {
		return open()
	}
	type result struct {
		src *capture.Reader
		err error
	}
	done := make(chan result, 1)
	go func() {
		src, err := open()
		done <- result{src, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, r.err
		}
		return newYielding(ctx, r.src), nil
	case <-ctx.Done():
		return &nothingRead{names, ctx.Err()}, nil
	}
}

// mayWait reports whether one of the captures is no file: a pipe, a terminal, a socket.
func mayWait(names []string, stdin io.Reader) bool {
	for _, name := range names {
		st, err := os.Stat(name)
		if name == "-" {
			f, ok := stdin.(*os.File)
			if !ok {
				return true
			}
			st, err = f.Stat()
		}
		if err == nil && !st.Mode().IsRegular() && !st.IsDir() {
			return true
		}
	}
	return false
}

// A nothingRead is an input of which nothing could be read.
type nothingRead struct {
	files []string
	err   error
}

// Fill is as analyze.Source has it.
func (n *nothingRead) Fill(b *segment.Batch) error {
	b.Segments, b.Secrets = b.Segments[:0], nil
	return n.err
}

// Totals returns that there was nothing.
func (n *nothingRead) Totals() segment.Totals { return segment.Totals{Files: n.files} }

// Progress returns that it is not known.
func (n *nothingRead) Progress() (read, size int64) { return 0, 0 }

// Close has nothing to do.
func (n *nothingRead) Close() error { return nil }

// A yielding input gives way to a context while it waits for bytes. Another goroutine
// reads: it cannot be stopped while it waits, and what it fills stays its own.
type yielding struct {
	ctx    context.Context
	src    *capture.Reader
	empty  chan segment.Batch
	filled chan filled
	totals segment.Totals // when last filled
	stuck  bool           // the reading goroutine was left where it waits
}

type filled struct {
	batch segment.Batch
	err   error
}

func newYielding(ctx context.Context, src *capture.Reader) *yielding {
	y := &yielding{ctx: ctx, src: src, empty: make(chan segment.Batch), filled: make(chan filled, 1), totals: src.Totals()}
	go func() {
		for b := range y.empty {
			err := src.Fill(&b)
			y.filled <- filled{b, err}
		}
	}()
	return y
}

// grace is how long a read that has begun may take to end after the context has.
const grace = 100 * time.Millisecond

// Fill is as analyze.Source has it.
func (y *yielding) Fill(b *segment.Batch) error {
	if y.stuck {
		return y.ctx.Err()
	}
	y.empty <- *b
	var f filled
	select {
	case f = <-y.filled:
	case <-y.ctx.Done():
		select {
		case f = <-y.filled:
		case <-time.After(grace):
			y.stuck = true
			*b = segment.Batch{}
			return y.ctx.Err()
		}
	}
	*b = f.batch
	y.totals = y.src.Totals()
	return f.err
}

// Totals returns what was seen so far.
func (y *yielding) Totals() segment.Totals { return y.totals }

// Progress is the Reader's, as long as nobody else uses it.
func (y *yielding) Progress() (read, size int64) {
	if y.stuck {
		return 0, 0
	}
	return y.src.Progress()
}

// Close closes the captures, but for one that is still waited for.
func (y *yielding) Close() error {
	close(y.empty)
	if y.stuck {
		return nil
	}
	return y.src.Close()
}
