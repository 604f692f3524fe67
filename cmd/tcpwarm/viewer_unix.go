//go:build unix

package main

import (
	"context"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"tcpwarm/analyze"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/redact"
	"tcpwarm/capture"
	"tcpwarm/capture/process"
	"tcpwarm/capture/segment"
	"tcpwarm/cmd/tcpwarm/internal/liveview"
)

// view is what a viewer does: it shows the trial that has started it, until that ends.
func (t *trial) view(ctx context.Context, s *streams, o *output) error {
	for _, fd := range []int{viewerPackets, viewerUpdates, viewerFrames} {
		syscall.CloseOnExec(fd)
	}
	if !t.asRoot {
		if err := dropRoot(""); err != nil { // and nobody of that user may look into this process (prctl(2), PR_SET_DUMPABLE)
			return &codedError{exitInput, err}
		}
	}
	f := newGrowingSpool(os.NewFile(viewerPackets, "packets"), os.NewFile(viewerUpdates, "updates"))
	first, ok := <-f.updates
	if !ok { // no command was run: that must not look as if one had passed
		return &codedError{exitInput, errors.New(viewer + " is for a process that verify --live starts")}
	}
	if first.RedactBy != nil {
		o.standIns = redact.Of(*first.RedactBy)
	}
	f.by = o.redactor()
	f.take(first)
	names, _ := o.keyLogNames()
	o.keys = append(names, os.Getenv(viewerKeys))
	packets, err := o.grown(f)
	if err != nil {
		return &codedError{exitInput, err}
	}
	opts := analyze.Options{Keys: tls.NewKeys(),
		Limits: analyze.Limits{KeptConnections: textConnections, KeptTransactions: textTransactions, Memory: int64(o.memory)}}
	if !first.All {
		opts.Judged = f.isOwn
	}
	o.memory.obey()
	ctx, end := context.WithCancel(ctx)
	defer end()
	w := liveview.New(f.counts, t.looksAt(o))
	watched(w, &opts)
	if opts, err = o.options(ctx, opts); err != nil {
		return err
	}
	if first.Beside {
		shown := liveview.Options{Title: captureTitle(t.ifaces, o.filterShown()), Color: first.Color}
		return showFrames(ctx, packets, opts, w, shown, f)
	}
	code := exitOK
	v, err := liveview.Show(w, t.viewOptions(o, f, s, func(c int) { code = c; end() }))
	if err != nil {
		return &codedError{exitInput, err}
	}
	defer v.Close()
	stop := context.AfterFunc(ctx, v.Close)
	defer stop()
	if _, err = analyze.Run(ctx, packets, opts); err != nil && ctx.Err() == nil {
		return &codedError{exitInput, err}
	}
	v.Close()
	if code != exitOK {
		return &codedError{code, nil}
	}
	return nil
}

// showFrames has what is analysed be shown in the last lines of a terminal that is the command's, too.
func showFrames(ctx context.Context, packets analyze.Source, opts analyze.Options, w *liveview.Watch, shown liveview.Options,
	f *growingSpool) error {
	ctx, end := context.WithCancel(ctx)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		liveview.SendFrames(ctx, os.NewFile(viewerFrames, "frames"), w, shown, f.terminalSize)
	}()
	_, err := analyze.Run(ctx, packets, opts)
	if ctx.Err() != nil {
		err = nil
	}
	end()
	<-sent
	if err != nil {
		return &codedError{exitInput, err}
	}
	return nil
}

// viewOptions says how the trial is shown. ends is called with the exit code that asks for what a key is for.
func (t *trial) viewOptions(o *output, f *growingSpool, s *streams, ends func(code int)) liveview.Options {
	out := s.out.(*os.File)
	v := liveview.Options{Title: captureTitle(t.ifaces, o.filterShown()), Out: out, Color: o.colored(out), Save: saveScreen,
		End: func() { ends(viewerInterrupts) }, Leave: func() { ends(exitOK) }}
	if in, ok := s.in.(*os.File); ok && terminal(in) >= 0 {
		v.In = in
	}
	if f.held() {
		v.Said = f.printed
	}
	return v
}

// A growingSpool is a spool that grows, as far as updates say: an analyze.Source.
type growingSpool struct {
	file     io.ReaderAt
	packets  *capture.Reader   // nil until there are any
	at, size int64             // bytes read, and that can be
	updates  chan viewerUpdate // closed at the end
	by       *redact.Redactor

	mu     sync.Mutex
	own    map[process.Connection]bool
	latest viewerUpdate
}

func newGrowingSpool(packets, updates *os.File) *growingSpool {
	f := &growingSpool{file: packets, updates: make(chan viewerUpdate), own: map[process.Connection]bool{}}
	go func() {
		defer close(f.updates)
		for from := gob.NewDecoder(updates); ; {
			var next viewerUpdate
			if from.Decode(&next) != nil {
				return
			}
			f.updates <- next
		}
	}()
	return f
}

// Read gives what is there of the spool.
func (f *growingSpool) Read(b []byte) (int, error) {
	if f.at == f.size {
		return 0, capture.ErrNoneYet
	}
	n, err := f.file.ReadAt(b[:min(int64(len(b)), f.size-f.at)], f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// Fill is as analyze.Source has it. It ends with the updates: what is still to be read is for the report.
func (f *growingSpool) Fill(b *segment.Batch) error {
	b.Segments, b.Secrets = b.Segments[:0], b.Secrets[:0]
	wait := time.Duration(0)
	if f.at == f.size {
		wait = 2 * updateEvery
	}
	select {
	case next, ok := <-f.updates:
		if !ok {
			return io.EOF
		}
		f.take(next)
	case <-time.After(wait):
	}
	if f.packets == nil {
		if f.size == 0 {
			return nil
		}
		var err error
		if f.packets, err = capture.OpenReader("packets", f); err != nil {
			return err
		}
	}
	return f.packets.Fill(b)
}

// take takes what is new.
func (f *growingSpool) take(next viewerUpdate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range next.Own {
		f.own[process.Connection{Client: f.by.Endpoint(c.Client), Server: f.by.Endpoint(c.Server)}] = true
	}
	f.size, f.latest = max(f.size, next.Size), next
}

// isOwn reports whether a connection is the command's.
func (f *growingSpool) isOwn(client, server segment.Endpoint) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.own[process.Connection{Client: client, Server: server}]
}

// Totals is as analyze.Source has it.
func (f *growingSpool) Totals() segment.Totals {
	if f.packets == nil {
		return segment.Totals{}
	}
	return f.packets.Totals()
}

// counts returns how many packets were captured, and how many dropped.
func (f *growingSpool) counts() (captured, dropped int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.latest.Captured, f.latest.Dropped
}

// terminalSize returns how large the terminal is that frames are for.
func (f *growingSpool) terminalSize() (columns, rows int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.latest.Columns, f.latest.Rows
}

// held reports whether what the command prints is kept for later.
func (f *growingSpool) held() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.latest.Held
}

// printed returns what the command has printed.
func (f *growingSpool) printed() (last string, lines int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.latest.Last, f.latest.Lines
}
