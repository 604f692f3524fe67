//go:build !linux

package process

import (
	"errors"
	"syscall"
)

// A Watch is not to be had on this system.
type Watch struct{}

// New returns an error: no Watch is to be had.
func New() (*Watch, error) {
	return nil, errors.New("only Linux tells which connections a command has opened")
}

// Enter does nothing.
func (w *Watch) Enter(*syscall.SysProcAttr) {}

// Connections returns nothing.
func (w *Watch) Connections() (all map[Connection]bool, lost int64, err error) { return nil, 0, nil }

// Kill does nothing.
func (w *Watch) Kill() error { return nil }

// Close does nothing.
func (w *Watch) Close() error { return nil }
