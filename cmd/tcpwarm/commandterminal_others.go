//go:build unix && !linux

package main

import (
	"errors"
	"os"

	"tcpwarm/cmd/tcpwarm/internal/liveview"
)

// A commandTerminal is for verify's command, which needs Linux.
type commandTerminal struct{ its *os.File }

func newCommandTerminal(*os.File, *account) (*commandTerminal, error) {
	return nil, errors.New("a terminal cannot be split on this system")
}

func (c *commandTerminal) show(*liveview.Frame) bool { return false }

func (c *commandTerminal) leave() {}

func (c *commandTerminal) isOver() bool { return true }

func (c *commandTerminal) terminalSize() (columns, rows int) { return 0, 0 }

func (c *commandTerminal) say(string) {}

func (c *commandTerminal) end() {}
