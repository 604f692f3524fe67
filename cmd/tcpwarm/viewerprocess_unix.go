//go:build unix

package main

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"tcpwarm/analyze/report/printable"
	"tcpwarm/capture/process"
)

// A viewerProcess is another process, this program once more, that shows a trial on the terminal while it goes on. We
// capture as root until the command has ended, and nothing that strangers send is analysed by root: so it gives root up
// first of all, as capture does, reads the packets again from the spool, by a descriptor that can only be read, and is
// told by a pipe how far they go, and which connections are the command's. Nothing comes back but its exit code; the
// report is made from the spool as ever. A nil one shows nothing.
type viewerProcess struct {
	cmd       *exec.Cmd
	pipe      *os.File
	read      *os.File // the pipe's other end: with it open SIGPIPE, which would end the command, does not come
	rec       *recording
	input     bool        // the terminal's keys are its own
	output    *heldOutput // nil: what the command prints goes elsewhere
	first     viewerUpdate
	said      bytes.Buffer   // by it, to be read once it has ended
	over      chan struct{}  // closed: it is to end
	sending   sync.WaitGroup // updates
	ended     chan struct{}  // closed: it has, and the terminal was given back
	closeOnce sync.Once
}

// Environment of a viewer.
const (
	viewer     = "TCPWARM_VIEWER" // says that it is one
	viewerKeys = "TCPWARM_VIEWER_KEYS"
)

// Descriptors of a viewer, beside the terminal's.
const (
	viewerPackets = 3
	viewerUpdates = 4
)

// viewerInterrupts is the exit code by which a viewer asks for the command's end.
const viewerInterrupts = 10

// isViewer reports whether this process is a viewer.
func isViewer() bool { return os.Getenv(viewer) != "" }

// A viewerUpdate says what is new.
type viewerUpdate struct {
	RedactBy          *[32]byte // in the first: the key of stand-ins, nil for none
	All               bool      // in the first: every connection is judged
	Held              bool      // what the command prints is kept for later
	Own               []process.Connection
	Size              int64 // bytes of the spool that are there
	Captured, Dropped int64
	Last              string // line that the command has printed
	Lines             int64
}

// show starts a viewer if one is wanted. interrupt ends the command.
func (t *trial) show(s *streams, e *surroundings, rec *recording, o *output, interrupt func()) (*viewerProcess, error) {
	if t.screen.out == nil {
		return nil, nil
	}
	packets, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", e.packets.file.Fd())) // dup(2) would be as writable as ours
	if err != nil {
		return nil, fmt.Errorf("--live: %w", err)
	}
	defer packets.Close()
	read, pipe, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	l := &viewerProcess{cmd: exec.Command("/proc/self/exe", os.Args[1:]...), pipe: pipe, read: read, rec: rec, input: t.screen.in != nil,
		over: make(chan struct{}), ended: make(chan struct{})}
	l.cmd.WaitDelay = viewerPatience // where its guard does not end either
	if l.input {
		l.cmd.Stdin = t.screen.in
	}
	l.cmd.Stdout, l.cmd.Stderr = t.screen.out, &l.said
	l.cmd.ExtraFiles = []*os.File{packets, read}
	l.cmd.Env = append(os.Environ(), viewer+"=1", viewerKeys+"="+e.keys.name)
	if terminal(s.err) >= 0 {
		if l.output, err = holdOutput(s.err); err != nil {
			l.closePipe()
			return nil, err
		}
		l.output.full = l.end
	}
	if err := l.cmd.Start(); err != nil {
		l.closePipe()
		l.output.release()
		return nil, fmt.Errorf("--live: %w", err)
	}
	rec.shown.wanted.Store(true)
	if r := o.redactor(); r != nil {
		key := r.Key()
		l.first.RedactBy = &key
	}
	go l.await(s, interrupt)
	return l, nil
}

// await waits for its end, and goes on with the terminal.
func (l *viewerProcess) await(s *streams, interrupt func()) {
	defer close(l.ended)
	err := l.cmd.Wait() // with its guard, who has its standard error, too
	l.output.release()
	select {
	case <-l.over:
		return
	default:
	}
	switch code := l.cmd.ProcessState.ExitCode(); {
	case code == viewerInterrupts:
		interrupt()
	case code != exitOK:
		why := strings.TrimPrefix(strings.TrimSpace(l.said.String()), "tcpwarm: ")
		fmt.Fprintf(s.err, "tcpwarm: the view has ended (%v): %s\n", err, printable.Cut(printable.Clean(why), mostShown))
	}
}

// detach gives the command what the view leaves it: no terminal, but in its place nothing to read, and one that keeps
// what is printed for later.
func (l *viewerProcess) detach(cmd *exec.Cmd) {
	if l == nil {
		return
	}
	if l.input {
		cmd.Stdin = nil
	}
	if l.output != nil {
		cmd.Stdout, cmd.Stderr = l.output.in, l.output.in
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Setsid = false, true
}

// follow tells the viewer how it goes on, and which connections are those of group, until close.
func (l *viewerProcess) follow(group *process.Watch) {
	if l == nil {
		return
	}
	l.first.All = group == nil
	l.sending.Go(func() {
		defer l.closePipe()
		to, sent, next := gob.NewEncoder(l.pipe), map[process.Connection]bool{}, l.first
		for {
			began := time.Now()
			// Packets are counted before the connections are asked for: those are noted before their first packet is sent.
			next.Size, next.Captured, next.Dropped = l.rec.shown.size.Load(), l.rec.shown.captured.Load(), l.rec.shown.dropped.Load()
			next.Last, next.Lines = l.output.printed()
			next.Held = l.output != nil
			next.Own = fresh(group, sent)
			if to.Encode(next) != nil {
				return
			}
			next = viewerUpdate{}
			select {
			case <-l.over:
				return
			case <-l.ended:
				return
			case <-time.After(max(updateEvery, 10*time.Since(began))):
			}
		}
	})
}

// fresh returns the connections of group that were not sent yet.
func fresh(group *process.Watch, sent map[process.Connection]bool) (list []process.Connection) {
	if group == nil {
		return nil
	}
	all, _, _ := group.Connections()
	for c := range all {
		if !sent[c] {
			sent[c] = true
			list = append(list, c)
		}
	}
	return list
}

// closePipe ends the updates.
func (l *viewerProcess) closePipe() {
	l.pipe.Close()
	l.read.Close()
}

// viewerPatience is how long a viewer may take to end.
const viewerPatience = time.Second

// end asks it to end.
func (l *viewerProcess) end() { l.closeOnce.Do(func() { close(l.over); l.pipe.Close() }) }

// close ends the view; what the command has printed is written. It may be called more than once.
func (l *viewerProcess) close() {
	if l == nil {
		return
	}
	l.end()
	l.sending.Wait()
	late := time.AfterFunc(viewerPatience, func() { l.cmd.Process.Kill() })
	<-l.ended
	late.Stop()
	l.output.close()
}
