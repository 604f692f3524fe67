// Command tcpwarm answers, from packets alone: was this TCP connection really
// reused, why not, and was it still warm?
//
//	tcpwarm analyze capture.pcap
//	tcpwarm verify -r capture.pcap --expect 'connections<=2'
//	tcpwarm explain missed
//	tcpwarm demo
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// gcPercent lets the heap grow to four times what is in use before it is swept:
// memory is bounded by limits of our own, and time is what users wait for.
// GOGC overrides it.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() { // the second signal kills
		<-ctx.Done()
		stop()
	}()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
