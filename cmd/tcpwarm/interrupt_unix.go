//go:build unix

package main

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tcpwarm/capture/process"
)

// endings are the signals that ask a program to end, and would end it at once with
// all that it has left lying about.
var endings = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGPIPE, syscall.SIGTERM}

// catchEndings has signals that would end us sent to a channel. Those that we were
// started to ignore, as by nohup, stay ignored.
func catchEndings() chan os.Signal {
	c := make(chan os.Signal, len(endings))
	for _, sig := range endings {
		if !signal.Ignored(sig) {
			signal.Notify(c, sig)
		}
	}
	return c
}

// signalDelay is how long a signal that was sent to us takes at most until we know of it, with room for a busy machine.
const signalDelay = 100 * time.Millisecond

// grace is how long a command that was asked to end may take.
const grace = 5 * time.Second

// A child is a command, with all that it has started.
type child struct {
	cmd   *exec.Cmd
	group *process.Watch // nil: not known
}

// inForeground reports whether we have a terminal. Then the command has to stay in our
// process group: only the one in the foreground may read from it, and gets its Ctrl-C.
// Otherwise it gets a group of its own, to be ended as a whole.
func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// ownGroup reports whether the command leads a process group of its own.
func (c *child) ownGroup() bool { return c.cmd.SysProcAttr.Setpgid || c.cmd.SysProcAttr.Setsid }

// signal sends a signal to the command's process group, or to it alone where it has
// none of its own, and reports whether anybody was there.
func (c *child) signal(sig syscall.Signal) bool {
	if c.ownGroup() {
		return syscall.Kill(-c.cmd.Process.Pid, sig) == nil
	}
	return c.cmd.Process.Signal(sig) == nil
}

// wait waits for the command's end, which is cmd.Wait's error. A signal that would end
// us, or the end of ctx, ends the command: the signal goes to its group, and after a
// while whatever is left of that is killed.
func (c *child) wait(ctx context.Context, signals <-chan os.Signal) (os.Signal, error) {
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	var why os.Signal
	select {
	case err := <-done:
		return c.sharedSignal(signals), err
	case why = <-signals:
	case <-ctx.Done():
		select {
		case why = <-signals: // the same signal has ended ctx
		case <-time.After(signalDelay):
			why = syscall.SIGTERM
		}
	}
	c.signal(why.(syscall.Signal))
	end := time.Now().Add(grace)
	select {
	case err := <-done:
		c.signal(syscall.SIGTERM) // what a shell has started in the background ignores INT and QUIT
		for c.ownGroup() && c.signal(0) && time.Now().Before(end) {
			time.Sleep(10 * time.Millisecond)
		}
		c.kill()
		return why, err
	case <-time.After(grace):
		c.kill()
		return why, <-done
	}
}

// sharedSignal returns the signal that has ended the command and would end us, nil for none. Ctrl-C goes to all who are
// in the foreground, and the command's end may be known before our own signal is.
func (c *child) sharedSignal(signals <-chan os.Signal) os.Signal {
	late := time.Duration(0)
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && !c.ownGroup() {
		late = signalDelay
	}
	select {
	case sig := <-signals:
		return sig
	case <-time.After(late):
	}
	select { // both may have been there
	case sig := <-signals:
		return sig
	default:
		return nil
	}
}

func (c *child) kill() {
	c.signal(syscall.SIGKILL)
	if c.group != nil {
		c.group.Kill()
	}
}
