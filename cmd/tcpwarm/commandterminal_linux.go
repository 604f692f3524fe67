package main

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tcpwarm/cmd/tcpwarm/internal/liveview"
)

// A commandTerminal is between a command and the terminal it runs on, while a view is shown in the last lines of that.
// What the command prints comes through a pseudo-terminal: so it has colours, lines are printed as they come, and what
// the command does to the screen is seen. All else is as it would be without: the command is in the foreground, reads
// from the terminal, and gets its signals. It was tried to run it in the background, as a shell does with a job, so that
// SIGTTIN and SIGTTOU tell when it wants the terminal: but programs look where they are (wget prints to a file then), and
// those that wait for keys by poll(2), as Node does, are never stopped.
//
// Some look for a terminal at what they print to, as pagers do, and read keys from there: those are passed on.
//
// As soon as the command, or what it has started, changes the terminal's modes, which is to say that it takes keys one
// by one or a password, or addresses the whole screen, the view goes away, and does not come back.
type commandTerminal struct {
	tty      *os.File
	ours     *os.File // of the pseudo-terminal
	its      *os.File
	suspends chan os.Signal
	printed  chan struct{} // closed: nothing is printed any more
	over     chan struct{} // closed: the command has ended
	ticking  sync.WaitGroup
	once     sync.Once

	mu    sync.Mutex
	split *liveview.Split
	frame *liveview.Frame // the latest, nil: there is none

	before     unix.Termios // the terminal's modes
	first, set unix.Termios // the pseudo-terminal's, as they were, and as we know them
	given      bool         // the terminal was given those of the pseudo-terminal
	relays     bool         // keys are read from the pseudo-terminal
	size       unix.Winsize // the terminal's
	fitted     unix.Winsize // the pseudo-terminal's
}

// lookEvery is how often it is looked what has become of modes and sizes, beside where the command prints.
const lookEvery = 50 * time.Millisecond

// newCommandTerminal makes one for a command that is to run as owner, or as we do where that is nil.
func newCommandTerminal(tty *os.File, owner *account) (c *commandTerminal, err error) {
	c = &commandTerminal{tty: tty, printed: make(chan struct{}), over: make(chan struct{}), suspends: make(chan os.Signal, 1)}
	if c.ours, c.its, err = pseudoTerminals(owner); err != nil {
		return nil, err
	}
	if err := c.begin(); err != nil {
		c.ours.Close()
		c.its.Close()
		return nil, err
	}
	c.split = liveview.NewSplit(tty, int(c.size.Col), int(c.size.Row))
	if !signal.Ignored(syscall.SIGTSTP) {
		signal.Notify(c.suspends, syscall.SIGTSTP)
	}
	go c.copy()
	c.ticking.Go(c.tick)
	return c, nil
}

// pseudoTerminals opens both sides of one (pts(4)).
func pseudoTerminals(owner *account) (ours, its *os.File, err error) {
	if ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			ours.Close()
		}
	}()
	if err = unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	if its, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	if owner != nil { // who may open it by a name, such as /dev/stderr
		if err = its.Chown(owner.uid, -1); err != nil {
			its.Close()
			return nil, nil, err
		}
	}
	return ours, its, nil
}

// begin has the pseudo-terminal be as the terminal is, but that a line feed is left to be looked after by that: it stays
// alone where the command has switched that off there.
func (c *commandTerminal) begin() error {
	modes, err := unix.IoctlGetTermios(int(c.tty.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	size, err := unix.IoctlGetWinsize(int(c.tty.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return err
	}
	its := *modes
	its.Oflag &^= unix.ONLCR
	if err := unix.IoctlSetTermios(int(c.its.Fd()), unix.TCSETS, &its); err != nil {
		return err
	}
	set, err := unix.IoctlGetTermios(int(c.its.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	c.before, c.first, c.set, c.size, c.fitted = *modes, *set, *set, *size, *size
	return unix.IoctlSetWinsize(int(c.its.Fd()), unix.TIOCSWINSZ, size)
}

// copy has what the command prints printed.
func (c *commandTerminal) copy() {
	defer close(c.printed)
	b := make([]byte, 32<<10)
	for {
		n, err := c.ours.Read(b)
		if n > 0 {
			c.mu.Lock()
			c.look() // before the first that is printed in another mode
			c.split.Write(b[:n])
			c.fit()
			c.mu.Unlock()
		}
		if err != nil { // EIO: nobody has the other side any more
			return
		}
	}
}

// tick looks every so often, and draws what could not be drawn before.
func (c *commandTerminal) tick() {
	for {
		select {
		case <-c.over:
			return
		case <-c.suspends:
			c.suspend()
		case <-time.After(lookEvery):
			c.mu.Lock()
			c.look()
			c.draw()
			c.mu.Unlock()
		}
	}
}

// show shows another frame, and reports whether it will show more.
func (c *commandTerminal) show(f *liveview.Frame) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frame = f
	c.draw()
	return !c.split.Over()
}

// leave takes the view away for good.
func (c *commandTerminal) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.split.End()
	c.fit()
}

// isOver reports whether there will be no view.
func (c *commandTerminal) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.split.Over()
}

// terminalSize is how large the terminal is.
func (c *commandTerminal) terminalSize() (columns, rows int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.size.Col), int(c.size.Row)
}

// say prints a line of our own.
func (c *commandTerminal) say(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.split.Write([]byte(line + "\n"))
}

func (c *commandTerminal) draw() {
	if c.frame == nil || inBackground(c.tty) {
		return
	}
	c.split.Show(c.frame)
	c.fit()
}

// look looks at modes and sizes.
func (c *commandTerminal) look() {
	if inBackground(c.tty) { // they are another's
		return
	}
	modes, err := unix.IoctlGetTermios(int(c.tty.Fd()), unix.TCGETS)
	if err == nil && !c.given && !alike(modes, &c.before) {
		c.split.End()
	}
	// Programs that know of one terminal only, as curses does, set the modes of the one they print to.
	if set, err := unix.IoctlGetTermios(int(c.ours.Fd()), unix.TCGETS); err == nil && !alike(set, &c.set) {
		c.set = *set
		c.split.End()
		if was := c.relays; alike(set, &c.first) {
			set, c.relays = &c.before, false
		} else if c.relays = was || readsKeys(c.its.Name()); c.relays && !was {
			go c.relay()
		}
		c.given = unix.IoctlSetTermios(int(c.tty.Fd()), unix.TCSETS, set) == nil || c.given
	}
	if size, err := unix.IoctlGetWinsize(int(c.tty.Fd()), unix.TIOCGWINSZ); err == nil && *size != c.size {
		c.size = *size
		c.split.Resize(int(size.Col), int(size.Row))
	}
	c.fit()
}

// relay passes keys on while they are read from the pseudo-terminal. They come one by one then, and no signals come as
// keys: the terminal is in the modes that the pseudo-terminal is in.
func (c *commandTerminal) relay() {
	tty, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0) // others' stays as it is
	if err != nil {
		return
	}
	defer unix.Close(tty)
	for b := make([]byte, 256); ; {
		unix.Poll([]unix.PollFd{{Fd: int32(tty), Events: unix.POLLIN}}, int(lookEvery/time.Millisecond))
		c.mu.Lock()
		if !c.relays {
			c.mu.Unlock()
			return
		}
		n := 0
		if !inBackground(c.tty) {
			n, _ = unix.Read(tty, b)
		}
		c.mu.Unlock()
		if n <= 0 {
			time.Sleep(time.Millisecond) // keys may be there that are not for us
			continue
		}
		c.ours.Write(b[:n])
	}
}

// readsKeys reports whether one of our process group seems to read keys from a terminal of this name, which it prints to:
// it has opened that, as less does, or has no other to read from.
func readsKeys(name string) bool {
	all, _ := os.ReadDir("/proc")
	for _, e := range all {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if group, err := unix.Getpgid(pid); err != nil || group != unix.Getpgrp() {
			continue
		}
		folder := "/proc/" + e.Name() + "/fd/"
		if out, _ := os.Readlink(folder + "1"); out == name {
			if in, _ := os.Readlink(folder + "0"); !strings.HasPrefix(in, "/dev/pts/") && !strings.HasPrefix(in, "/dev/tty") {
				return true
			}
		}
		list, _ := os.ReadDir(folder)
		for _, fd := range list {
			if n, _ := strconv.Atoi(fd.Name()); n > 2 {
				if its, _ := os.Readlink(folder + fd.Name()); its == name {
					return true
				}
			}
		}
	}
	return false
}

// alike reports whether two terminals are in the same modes.
func alike(a, b *unix.Termios) bool {
	return a.Iflag == b.Iflag && a.Oflag == b.Oflag && a.Lflag == b.Lflag
}

// fit has the pseudo-terminal be as large as what the view leaves of the terminal. The kernel tells nobody of that, for
// whom it does not control.
func (c *commandTerminal) fit() {
	size := c.size
	size.Row -= uint16(min(c.split.Rows(), int(size.Row)))
	if size == c.fitted {
		return
	}
	c.fitted = size
	unix.IoctlSetWinsize(int(c.ours.Fd()), unix.TIOCSWINSZ, &size)
	syscall.Kill(0, syscall.SIGWINCH)
}

// suspend is for SIGTSTP, which the command has got, too: the view is not to stand there while the shell has the
// terminal. It comes back with us. Go keeps its handler of a signal that was asked for once: so what stops us is SIGSTOP,
// where SIGTSTP would.
func (c *commandTerminal) suspend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.split.Leave()
	c.fit()
	if !canBeStopped() {
		return
	}
	runtime.LockOSThread() // to be stopped before what follows, and not whenever another thread gets it
	defer runtime.UnlockOSThread()
	unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGSTOP)
}

// canBeStopped reports whether somebody would go on with us: whether our process group is no orphan, which SIGTSTP does
// not stop (POSIX, General Terminal Interface, section 11.1.4).
func canBeStopped() bool {
	group := unix.Getpgrp()
	session, _ := unix.Getsid(0)
	for pid := os.Getppid(); pid > 1; {
		its, err := unix.Getsid(pid)
		if err != nil || its != session {
			return false
		}
		if of, err := unix.Getpgid(pid); err != nil || of != group {
			return err == nil
		}
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		var state string
		if n, _ := fmt.Sscan(string(b[bytes.LastIndexByte(b, ')')+1:]), &state, &pid); n < 2 {
			return false
		}
	}
	return false
}

// end takes the view away. What the command has printed is printed; what it has left running may print more. It may be
// called more than once.
func (c *commandTerminal) end() {
	c.once.Do(func() {
		c.its.Close()
		select {
		case <-c.printed:
		case <-time.After(quiet):
		}
		close(c.over)
		c.ticking.Wait()
		signal.Stop(c.suspends)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.relays = false
		c.split.Flush()
		c.split.End()
		if c.given && !inBackground(c.tty) {
			unix.IoctlSetTermios(int(c.tty.Fd()), unix.TCSETS, &c.before)
		}
	})
}
