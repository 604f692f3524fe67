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
	"time"

	"tcpwarm/cmd/tcpwarm/internal/liveview"
)

// gcPercent lets the heap grow to four times what is in use before it is swept:
// memory is bounded by limits of our own, and time is what users wait for.
// GOGC overrides it.
const gcPercent = 400

// sameSignal is how long signals are taken for one: a terminal that is closed, and timeout(1),
// send each to the process and to its group.
const sameSignal = 300 * time.Millisecond

func main() { os.Exit(program()) }

// program is the process: run, and the signals that end it.
func program() int {
	if liveview.Guard() {
		return exitOK
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	surviveFullFiles()
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup(1) has it
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	go func() { // the second signal kills
		<-ctx.Done()
		time.Sleep(sameSignal)
		stop()
	}()
	defer stop()
	return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}
