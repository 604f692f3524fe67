//go:build unix

package liveview

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/term"

	"tcpwarm/analyze/report/printable"
)

// A guard is another process, this program once more, that gives the terminal back where we cannot: a panic in
// whatever goroutine, a fatal error of the runtime and SIGKILL end a program with none of its deferred calls.
// It waits at the end of a pipe for us to end, and for what the runtime says then (runtime/debug.SetCrashOutput).
type guard struct {
	cmd  *exec.Cmd
	pipe *os.File
}

// guarding, in the environment, says that a process is the guard of the one with that number, its parent: whoever else
// has it set is none.
const guarding = "TCPWARM_TERMINAL_GUARD"

// guardingLeaves, in the environment of a guard, is what it writes to leave what was shown.
const guardingLeaves = "TCPWARM_TERMINAL_LEAVES"

// The guard's descriptors, beside those of the terminal.
const (
	watchedFD = 3 // ends when we do
	readyFD   = 4 // is closed once the guard knows how the terminal was
)

// released is what the guard reads when it has nothing to do any more.
var released = []byte{0}

// slowest is how long a guard may take to begin, and to end.
const slowest = 2 * time.Second

// startGuard starts one, and returns once it knows how the terminal is: so that has to be as it was still. leaves is what
// it is to write.
func startGuard(in, out *os.File, leaves string) (*guard, error) {
	watched, pipe, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer watched.Close()
	ready, known, err := os.Pipe()
	if err != nil {
		pipe.Close()
		return nil, err
	}
	defer ready.Close()
	g := &guard{exec.Command(self()), pipe}
	g.cmd.Stdin, g.cmd.Stdout, g.cmd.Stderr = in, out, os.Stderr
	g.cmd.ExtraFiles = []*os.File{watched, known}
	g.cmd.Env = append(os.Environ(), guarding+"="+strconv.Itoa(os.Getpid()), guardingLeaves+"="+leaves)
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what ends our group does not end it
	err = g.cmd.Start()
	known.Close()
	if err != nil {
		pipe.Close()
		return nil, err
	}
	ready.SetReadDeadline(time.Now().Add(slowest))
	if _, err := ready.Read(make([]byte, 1)); err != io.EOF {
		g.cmd.Process.Kill()
		g.release()
		return nil, fmt.Errorf("a guard of the terminal: %w", err)
	}
	return g, debug.SetCrashOutput(pipe, debug.CrashOptions{})
}

// self is this program: by what it is, where the system has that, not by a name that may be another's by now, and
// whose folder a user that root has become may not enter.
func self() string {
	const running = "/proc/self/exe"
	if _, err := os.Lstat(running); err == nil {
		return running
	}
	name, _ := os.Executable()
	return name
}

// release ends the guard: the terminal was given back.
func (g *guard) release() {
	if g == nil {
		return
	}
	debug.SetCrashOutput(nil, debug.CrashOptions{})
	g.pipe.Write(released)
	g.pipe.Close()
	late := time.AfterFunc(slowest, func() { g.cmd.Process.Kill() })
	defer late.Stop()
	g.cmd.Wait()
}

// What is written before and after that: it ends a sequence that is not whole, shows the cursor, and has text look as
// ever (ECMA-48).
const (
	interrupts = "\x18"
	asEver     = "\x1b[?25h\x1b[m"
)

// Guard is what a program that shows a View calls first of all. It returns true where the process is a guard, and was
// one to its end.
func Guard() bool {
	if os.Getenv(guarding) != strconv.Itoa(os.Getppid()) {
		return false
	}
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGPIPE, syscall.SIGTSTP,
		syscall.SIGTTOU, syscall.SIGTTIN) // TTOU: a process in the background may set modes then (termios(4))
	was, err := term.GetState(int(os.Stdin.Fd()))
	watched := os.NewFile(watchedFD, "watched")
	os.NewFile(readyFD, "ready").Close()
	if err != nil {
		return true
	}
	said := make([]byte, 1, 64<<10)
	n, _ := watched.Read(said)
	if said = said[:n]; bytes.Equal(said, released) {
		return true
	}
	// At once: whoever waits for our end goes on with the terminal then.
	os.Stdout.WriteString(interrupts + os.Getenv(guardingLeaves) + asEver)
	term.Restore(int(os.Stdin.Fd()), was)
	rest, _ := io.ReadAll(watched)
	if said = append(said, rest...); len(said) > 0 && term.IsTerminal(int(os.Stderr.Fd())) {
		fmt.Fprintf(os.Stderr, "\ntcpwarm: ended by a fault of its own: %s\n", reason(said))
	}
	return true
}

// reason is what a crash began with, which was drawn over: the first line, but the runtime's own errors have none there.
func reason(said []byte) string {
	first, _, _ := bytes.Cut(bytes.TrimSpace(said), []byte("\n"))
	if bytes.HasPrefix(first, []byte("goroutine ")) {
		return "a fatal error of the runtime"
	}
	return printable.Clean(string(first))
}
