package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit codes. Scripts depend on them.
const (
	exitOK      = 0
	exitFinding = 1 // the capture was read and an expectation failed
	exitUsage   = 2
	exitInput   = 3 // the capture could not be read to its end
	exitUnknown = 4 // not enough evidence to judge
	exitCommand = 5 // verify: the command itself failed
)

// A codedError ends the command with its own exit code. Its text, if any, has
// one line.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *codedError) Unwrap() error { return e.err }

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run is the command without the process around it.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	root := newRoot(&streams{in, out, errw})
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(errw, "tcpwarm: %s\n", text)
	}
	var coded *codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	return exitUsage
}

func newRoot(s *streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "tcpwarm",
		Short: "Does my HTTP client really reuse its TCP connections?",
		Long: `tcpwarm reads captured packets and says, per client and authority, how many
connections the transactions used, how many an ideal client would have needed,
why each other one was opened, and what it rests on: packet numbers. It never
believes the Connection header.`,
		Example: `  tcpwarm analyze capture.pcap
  tcpwarm analyze --format json *.pcapng
  gzip -dc big.pcap.gz | tcpwarm analyze -
  sudo tcpwarm capture -i eth0 'tcp port 443'
  sudo tcpwarm verify -- node client.js
  tcpwarm verify -r capture.pcap --expect 'connections<=2'
  tcpwarm compare before.pcap after.pcap
  tcpwarm explain undrained`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newAnalyze(s), newCapture(s), newVerify(s), newCompare(s), newInterfaces(s), newExplain(s), newDemo(s), newMan())
	return root
}
