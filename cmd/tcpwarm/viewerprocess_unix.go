//go:build unix

package main

import (
	"bufio"
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
	"tcpwarm/cmd/tcpwarm/internal/liveview"
)

// A viewerProcess is another process, this program once more, that shows a trial on the terminal while it goes on. We
// capture as root until the command has ended, and nothing that strangers send is analysed by root: so it gives root up
// first of all, as capture does, reads the packets again from the spool, by a descriptor that can only be read, and is
// told by a pipe how far they go, and which connections are the command's. Nothing comes back but its exit code, and,
// where the command has the terminal, too, lines to be shown there, which nobody looks into; the report is made from the
// spool as ever. A nil one shows nothing.
type viewerProcess struct {
	cmd       *exec.Cmd
	pipe      *os.File
	read      *os.File // the pipe's other end: with it open SIGPIPE, which would end the command, does not come
	packets   *os.File // for it; closed once it was started
	rec       *recording
	s         *streams
	interrupt func()           // ends the command
	beside    *commandTerminal // where the command has the terminal, too: the view is shown there; nil elsewhere
	frames    *os.File         // of that view, from the viewer
	framesIn  *os.File         // the other end, for it; closed once it was started
	input     bool             // the terminal's keys are its own
	output    *heldOutput      // nil: what the command prints goes elsewhere
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
	viewerFrames  = 5 // where the command has the terminal, too
)

// viewerInterrupts is the exit code by which a viewer asks for the command's end.
const viewerInterrupts = 10

// isViewer reports whether this process is a viewer.
func isViewer() bool { return os.Getenv(viewer) != "" }

// A viewerUpdate says what is new.
type viewerUpdate struct {
	RedactBy          *[32]byte // in the first: the key of stand-ins, nil for none
	All               bool      // in the first: every connection is judged
	Beside            bool      // in the first: the view is one of frames
	Color             bool      // in the first: they have colours
	Columns, Rows     int       // of the terminal, for frames
	Held              bool      // what the command prints is kept for later
	Own               []process.Connection
	Size              int64 // bytes of the spool that are there
	Captured, Dropped int64
	Last              string // line that the command has printed
	Lines             int64
}

// show starts a viewer if one is wanted. interrupt ends the command.
//
// Where the command has the terminal, too, it is started later: a command that soon ends is not to have a view that
// comes and goes.
func (t *trial) show(s *streams, e *surroundings, rec *recording, o *output, interrupt func()) (*viewerProcess, error) {
	if t.screen.out == nil {
		return nil, nil
	}
	l := &viewerProcess{cmd: exec.Command("/proc/self/exe", os.Args[1:]...), rec: rec, s: s, interrupt: interrupt,
		input: t.screen.in != nil, over: make(chan struct{}), ended: make(chan struct{})}
	if r := o.redactor(); r != nil {
		key := r.Key()
		l.first.RedactBy = &key
	}
	if t.screen.beside {
		var err error
		if l.beside, err = newCommandTerminal(t.screen.out, e.owner); err != nil { // there are no others in many a container
			return nil, nil
		}
		l.first.Beside, l.first.Color = true, o.colored(t.screen.out)
	}
	err := l.prepare(t, e)
	if err == nil && l.beside == nil {
		err = l.start()
	}
	switch {
	case err == nil:
		return l, nil
	case l.beside != nil: // nobody has asked for it
		l.closePipe()
		l.beside.end()
		return nil, nil
	}
	l.closePipe()
	l.output.release()
	return nil, fmt.Errorf("--live: %w", err)
}

// prepare makes all that a viewer is started with.
func (l *viewerProcess) prepare(t *trial, e *surroundings) (err error) {
	// dup(2) would be as writable as ours
	if l.packets, err = os.Open(fmt.Sprintf("/proc/self/fd/%d", e.packets.file.Fd())); err != nil {
		return err
	}
	if l.read, l.pipe, err = os.Pipe(); err != nil {
		return err
	}
	l.cmd.ExtraFiles = []*os.File{l.packets, l.read}
	l.cmd.Stderr = &l.said
	l.cmd.WaitDelay = viewerPatience // where its guard does not end either
	l.cmd.Env = append(os.Environ(), viewer+"=1", viewerKeys+"="+e.keys.name)
	if l.beside != nil {
		if l.frames, l.framesIn, err = os.Pipe(); err != nil {
			return err
		}
		l.cmd.ExtraFiles = append(l.cmd.ExtraFiles, l.framesIn)
		return nil
	}
	l.cmd.Stdout = t.screen.out
	if l.input {
		l.cmd.Stdin = t.screen.in
	}
	if terminal(l.s.err) >= 0 {
		if l.output, err = holdOutput(l.s.err); err != nil {
			return err
		}
		l.output.full = l.end
	}
	return nil
}

// start starts it.
func (l *viewerProcess) start() error {
	err := l.cmd.Start()
	l.packets.Close()
	l.framesIn.Close()
	if err != nil {
		return err
	}
	l.rec.shown.wanted.Store(true)
	if l.beside != nil {
		go l.receive()
	}
	go l.await()
	return nil
}

// receive shows the frames that come.
func (l *viewerProcess) receive() {
	defer l.frames.Close()
	for from := bufio.NewReaderSize(l.frames, 64<<10); ; {
		f, err := liveview.ReadFrame(from)
		if err != nil {
			return
		}
		if !l.beside.show(f) {
			l.end()
			return
		}
	}
}

// viewAfter is how long after the command's start the viewer's is, where the command has the terminal, too: one that
// soon ends is not to have a view that comes and goes.
const viewAfter = 800 * time.Millisecond

// startLate starts it when it is time to, and reports whether it has.
func (l *viewerProcess) startLate() bool {
	select {
	case <-l.over:
	case <-time.After(viewAfter):
		if l.beside.isOver() {
			break
		}
		err := l.start()
		if err == nil {
			return true
		}
		l.beside.say(fmt.Sprintf("tcpwarm: there is no view: %v", err))
	}
	l.packets.Close()
	l.framesIn.Close()
	l.frames.Close()
	close(l.ended)
	return false
}

// await waits for its end, and goes on with the terminal.
func (l *viewerProcess) await() {
	defer close(l.ended)
	err := l.cmd.Wait() // with its guard, who has its standard error, too
	l.output.release()
	if l.beside != nil {
		l.beside.leave()
	}
	select {
	case <-l.over:
		return
	default:
	}
	switch code := l.cmd.ProcessState.ExitCode(); {
	case code == viewerInterrupts:
		l.interrupt()
	case code != exitOK:
		why := strings.TrimPrefix(strings.TrimSpace(l.said.String()), "tcpwarm: ")
		line := fmt.Sprintf("tcpwarm: the view has ended (%v): %s", err, printable.Cut(printable.Clean(why), mostShown))
		if l.beside != nil {
			l.beside.say(line)
			return
		}
		fmt.Fprintln(l.s.err, line)
	}
}

// detach gives the command what the view leaves it: what it prints comes above the view, or there is no terminal, but
// in its place nothing to read, and one that keeps what is printed for later.
func (l *viewerProcess) detach(cmd *exec.Cmd) {
	if l == nil {
		return
	}
	if l.beside != nil {
		cmd.Stdout, cmd.Stderr = l.beside.its, l.beside.its
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
		if l.beside != nil && !l.startLate() {
			return
		}
		to, sent, next := gob.NewEncoder(l.pipe), map[process.Connection]bool{}, l.first
		for {
			began := time.Now()
			// Packets are counted before the connections are asked for: those are noted before their first packet is sent.
			at := &l.rec.shown
			next.Size, next.Captured, next.Dropped = at.size.Load(), at.captured.Load(), at.dropped.Load()
			next.Last, next.Lines = l.output.printed()
			next.Held = l.output != nil
			if l.beside != nil {
				next.Columns, next.Rows = l.beside.terminalSize()
			}
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
	if l.beside != nil {
		l.beside.end()
	}
}
