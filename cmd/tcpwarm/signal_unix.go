//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// surviveFullFiles has a write beyond the limit of a file's size (RLIMIT_FSIZE) fail with
// EFBIG, as setrlimit(2) says it does where the signal is caught, and not end the process.
// To ignore the signal would do as much, but a command that is run would inherit that.
func surviveFullFiles() { signal.Notify(make(chan os.Signal, 1), syscall.SIGXFSZ) }
