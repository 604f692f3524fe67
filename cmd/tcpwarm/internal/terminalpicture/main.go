package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"
)

// errSkipped says that this is not the place to take a picture.
var errSkipped = errors.New("skipped")

func main() {
	binary := pflag.String("binary", "./tcpwarm", "what is shown")
	folder := pflag.String("folder", "cmd/tcpwarm/internal/liveview", "where the pictures go")
	pflag.Parse()
	switch err := take(*binary, *folder); {
	case errors.Is(err, errSkipped):
		fmt.Println("terminal-picture:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "terminal-picture:", err)
		os.Exit(1)
	}
}
