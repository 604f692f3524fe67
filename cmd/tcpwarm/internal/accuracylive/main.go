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

// errSkipped says that this is not the place to measure.
var errSkipped = errors.New("skipped")

// A path is what lies between the two ends, and what is asked for over it.
type path struct {
	rtt       time.Duration
	rate      int // Mbit/s
	algorithm string
}

func main() {
	binary := pflag.String("binary", "./tcpwarm", "what is to capture")
	var p path
	pflag.DurationVar(&p.rtt, "rtt", 40*time.Millisecond, "round trip of the path")
	pflag.IntVar(&p.rate, "rate", 50, "Mbit/s that it carries")
	pflag.StringVar(&p.algorithm, "algorithm", "cubic", "congestion control of the sender")
	dir := pflag.String("record", "", "record transfers into this folder instead, with every event of the sender's kernel")
	only := pflag.String("only", "", "of these, those with this in their name")
	stretch := pflag.Float64("stretch", 1, "make the round trips so much longer, and the rates so much lower: other paths")
	pflag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if *dir != "" {
		err = record(ctx, *dir, *only, *stretch)
	} else {
		err = measure(ctx, *binary, p)
	}
	stop()
	switch {
	case errors.Is(err, errSkipped):
		fmt.Println("accuracy-live:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "accuracy-live:", err)
		os.Exit(1)
	}
}
