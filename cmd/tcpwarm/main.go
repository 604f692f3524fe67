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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
