package main

import (
	"context"
	"errors"
	"io"
	"io/fs"

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

// openInput opens captures. If ctx ends before there was anything to read, nothing is read
// of them.
func openInput(ctx context.Context, names []string, stdin io.Reader, prepare func(*capture.Reader)) (input, error) {
	src, err := capture.OpenAllContext(ctx, names, stdin)
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return &nothingRead{names, err}, nil
	case err != nil:
		var bad *fs.PathError
		if errors.As(err, &bad) {
			err = similarFile(bad.Path, err)
		}
		return nil, &codedError{exitInput, err}
	}
	prepare(src)
	return src, nil
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
