//go:build unix

package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// inBackground reports whether tty is the terminal that controls us, and another group of processes has it now:
// whoever asks it for keys is stopped by SIGTTIN then.
func inBackground(tty *os.File) bool {
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group != unix.Getpgrp()
}

// sameTerminal reports whether all of in and out, which are files, are of one terminal.
func sameTerminal(in io.Reader, out ...io.Writer) bool {
	var first, other unix.Stat_t
	f, ok := in.(*os.File)
	if !ok || unix.Fstat(int(f.Fd()), &first) != nil {
		return false
	}
	for _, w := range out {
		f, ok := w.(*os.File)
		if !ok || terminal(f) < 0 || unix.Fstat(int(f.Fd()), &other) != nil || other.Rdev != first.Rdev {
			return false
		}
	}
	return true
}
