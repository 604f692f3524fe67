//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// inBackground reports whether tty is the terminal that controls us, and another group of processes has it now:
// whoever asks it for keys is stopped by SIGTTIN then.
func inBackground(tty *os.File) bool {
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group != unix.Getpgrp()
}
