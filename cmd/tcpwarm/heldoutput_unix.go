//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"
)

// A heldOutput keeps what a command prints, in a file without a name, while the terminal shows something else. Then it
// is written there, and what comes later passes through. A nil one has nothing.
type heldOutput struct {
	to       io.Writer
	in, out  *os.File      // the command has in
	full     func()        // is called where no more can be kept: release is to come soon
	released chan struct{} // closed: it passes through
	done     chan struct{} // closed: nothing comes any more

	mu    sync.Mutex
	file  *os.File // nil: it passes through
	tail  []byte   // of what was printed
	lines int64
}

// mostTail is how much of a line is kept to be shown.
const mostTail = 1024

func holdOutput(to io.Writer) (*heldOutput, error) {
	file, err := nameless()
	if err != nil {
		return nil, err
	}
	h := &heldOutput{to: to, file: file, released: make(chan struct{}), done: make(chan struct{})}
	if h.out, h.in, err = os.Pipe(); err != nil {
		file.Close()
		return nil, err
	}
	go h.copy()
	return h, nil
}

func (h *heldOutput) copy() {
	defer close(h.done)
	b := make([]byte, 32<<10)
	for {
		n, err := h.out.Read(b)
		h.take(b[:n])
		if err != nil {
			return
		}
	}
}

func (h *heldOutput) take(b []byte) {
	h.mu.Lock()
	h.lines += int64(bytes.Count(b, []byte("\n")))
	h.tail = append(h.tail, b...)
	h.tail = h.tail[max(0, len(h.tail)-mostTail):]
	if h.file != nil {
		n, err := h.file.Write(b)
		if b = b[n:]; err != nil {
			h.mu.Unlock()
			h.full()
			<-h.released
			h.mu.Lock()
		}
	}
	h.to.Write(b)
	h.mu.Unlock()
}

// printed returns the last line, which may not be complete, and how many are.
func (h *heldOutput) printed() (last string, lines int64) {
	if h == nil {
		return "", 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	b := bytes.TrimRight(h.tail, "\r\n")
	return string(b[bytes.LastIndexAny(b, "\r\n")+1:]), h.lines
}

// release writes what was kept. It may be called more than once.
func (h *heldOutput) release() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		return
	}
	io.Copy(h.to, io.NewSectionReader(h.file, 0, 1<<62))
	h.file.Close()
	h.file = nil
	close(h.released)
}

// close waits, after release, for what the command has printed last. What it has left running may go on.
func (h *heldOutput) close() {
	if h == nil {
		return
	}
	h.in.Close()
	select {
	case <-h.done:
	case <-time.After(quiet):
	}
}
