package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

// errSkipped says that this is not the place to soak.
var errSkipped = errors.New("skipped")

func main() {
	binary := pflag.String("binary", "./tcpwarm", "what is to capture")
	long := pflag.Duration("for", 20*time.Minute, "how long")
	rate := pflag.Int("rate", 200, "connections a second")
	// Memory is flat once what the capture may keep is full: that is to be within the first
	// third of two minutes.
	memory := pflag.String("memory", "64MiB", "what the capture may take for connections")
	pflag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := soak(ctx, *binary, *memory, *long, *rate)
	stop()
	switch {
	case errors.Is(err, errSkipped):
		fmt.Println("soak:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
