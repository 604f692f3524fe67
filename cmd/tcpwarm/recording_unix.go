//go:build unix

package main

import (
	"cmp"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// A recording captures into a spool while commands run.
type recording struct {
	src   *capture.Live
	spool *spool
	w     *capture.Writer
	watch *pump
	shown standsAt
}

// A standsAt is how far a recording has come, for whoever follows it: what has been told can be read in the spool.
type standsAt struct {
	wanted                  atomic.Bool
	size, captured, dropped atomic.Int64
	next                    time.Time // when to say so again
}

// updateEvery is how often that is.
const updateEvery = 50 * time.Millisecond

// tell says how far it is. It is called where packets are written.
func (r *recording) tell() {
	now := time.Now()
	if !r.shown.wanted.Load() || now.Before(r.shown.next) || r.w.Flush() != nil {
		return
	}
	r.shown.next = now.Add(updateEvery)
	n := r.src.Counters()
	r.shown.captured.Store(n.Captured)
	r.shown.dropped.Store(n.Dropped)
	if st, err := r.spool.file.Stat(); err == nil {
		r.shown.size.Store(st.Size())
	}
}

// record begins to capture what expression lets through. Meanwhile kernel, which may be nil, is
// asked.
func (l *live) record(expression string, to *spool, kernel *kernelWindows) (*recording, error) {
	src, err := l.open(expression)
	if err != nil {
		return nil, err
	}
	w := capture.NewWriter(capture.WriteOptions{To: to.file})
	src.Tee(w.Write)
	r := &recording{src: src, spool: to, w: w}
	r.watch = newPump(src, kernel, r.tell)
	return r, nil
}

// stop ends the capture. Whatever ended it before its time, which err says, what was caught
// until then can be read; whole says that all that was caught was written.
func (r *recording) stop() (err error, whole bool) {
	r.src.Stop()
	err = r.watch.wait()
	writeErr := r.w.Close()
	if writeErr != nil {
		err = cmp.Or(err, error(&segment.WriteError{Err: writeErr}))
	}
	return err, writeErr == nil
}

// read opens what was caught; narrow may say which part of it is wanted. ended is what ended the
// capture before its time, nil if nothing has: then there has to be a capture. ran is what else went
// wrong.
func (r *recording) read(name string, narrow func(*capture.Reader) error, ended error, ran ...segment.Problem) (input, error) {
	var saved input = &nothingRead{r.src.Totals().Files, io.EOF}
	if file, err := capture.OpenReader(name, r.spool.reader()); err == nil {
		saved = file
		if err := narrow(file); err != nil {
			file.Close()
			return nil, err
		}
	} else if ended == nil {
		return nil, err
	}
	counted := &countedSource{input: saved, live: r.src.Totals(), ran: ran}
	if ended != nil {
		counted.ran = append(counted.ran, segment.ProblemOf(ended))
	}
	return counted, nil
}

// A pump reads a live capture, for its Tee's sake.
type pump struct {
	src  *capture.Live
	last chan time.Time // has the time of the latest packet
	done chan error
}

func newPump(src *capture.Live, kernel *kernelWindows, filled func()) *pump {
	p := &pump{src, make(chan time.Time, 1), make(chan error, 1)}
	p.last <- time.Now()
	go func() {
		var b segment.Batch
		for {
			err := src.Fill(&b)
			kernel.look(&b)
			filled()
			if len(b.Segments) > 0 {
				<-p.last
				p.last <- time.Now()
			}
			if err != nil {
				if errors.Is(err, io.EOF) {
					err = nil
				}
				p.done <- err
				return
			}
		}
	}()
	return p
}

// settle waits until no packet has come for a while, but no longer than most, nor than
// a signal, which it returns.
func (p *pump) settle(most time.Duration, signals <-chan os.Signal) os.Signal {
	for end := time.Now().Add(most); time.Now().Before(end); {
		last := <-p.last
		p.last <- last
		if time.Since(last) > quiet {
			return nil
		}
		select {
		case sig := <-signals:
			return sig
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

func (p *pump) wait() error { return <-p.done }

// A countedSource is a saved capture with the problems of the live one it was
// saved from.
type countedSource struct {
	input
	live segment.Totals
	ran  []segment.Problem // what went wrong while the command ran
}

// Totals returns the sums of the file, and what the kernel dropped.
func (c *countedSource) Totals() segment.Totals {
	t := c.input.Totals()
	t.Files = c.live.Files
	for _, p := range c.live.Problems {
		if p.Kind == segment.KernelDropped {
			t.Problems = append(t.Problems, p)
		}
	}
	t.Problems = append(t.Problems, c.ran...)
	return t
}
