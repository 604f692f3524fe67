package engine

import (
	"fmt"
	"runtime"
	"strings"
	"sync"

	"tcpwarm/capture/segment"
)

// A Fault is an error of this program, a panic, that a capture has brought about. What it
// was about is given up, and the rest goes on: a packet that a stranger has made must not
// take the report with it.
type Fault struct {
	Packet int64  // that was looked at, the first if there were several; 0: none
	Where  string // file and line, and what went wrong
	Count  int64  // how many there were
}

// Error says where it happened, and what.
func (f *Fault) Error() string {
	return fmt.Sprintf("internal error at packet %d: %s; what it concerned was given up (%d in all)", f.Packet, f.Where, f.Count)
}

// faults collects those of all goroutines.
type faults struct {
	mu    sync.Mutex
	first *Fault
}

// add counts a panic with a value. It is called while that unwinds, so that the stack
// still shows where it began.
func (f *faults) add(packet int64, value any) {
	where := fmt.Sprintf("%s: %v", panicSite(), value)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil {
		f.first = &Fault{Packet: packet, Where: where}
	}
	// Which goroutine is first is chance: the earliest packet is shown.
	if packet < f.first.Packet {
		f.first.Packet, f.first.Where = packet, where
	}
	f.first.Count++
}

// err returns what there was, nil if nothing. It is to be asked when all goroutines have
// ended.
func (f *faults) err() error {
	if f.first == nil {
		return nil
	}
	return f.first
}

// Problem returns f as a problem of the capture.
func (f *Fault) Problem() segment.Problem {
	return segment.Problem{Kind: segment.InternalError, Count: f.Count, FirstPacket: f.Packet, Text: f.Error()}
}

// panicSite returns where the panic that unwinds began: the first function below the
// runtime's.
func panicSite() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			file := frame.File[strings.LastIndexByte(frame.File, '/')+1:]
			return fmt.Sprintf("%s:%d", file, frame.Line)
		}
		if !more {
			return "unknown place"
		}
	}
}

// guard calls do, and goes on where it ends in a panic.
func (f *faults) guard(do func()) {
	defer func() {
		if v := recover(); v != nil {
			f.add(0, v)
		}
	}()
	do()
}
