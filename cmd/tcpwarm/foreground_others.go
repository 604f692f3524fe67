//go:build !unix

package main

import (
	"io"
	"os"
)

func inBackground(*os.File) bool { return false }

func sameTerminal(io.Reader, ...io.Writer) bool { return false }
