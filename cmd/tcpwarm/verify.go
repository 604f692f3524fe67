package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/analyze/verdict/explain"
	"tcpwarm/capture/segment"
)

// A verification is what verify was asked to do.
type verification struct {
	o         output
	t         trial
	file      string // the saved capture that is judged, "": a command is run
	demands   verdict.Demands
	expect    []string       // texts of demands.Expect
	ofCommand *pflag.FlagSet // how a command is run and captured
}

func newVerify(s *streams) *cobra.Command {
	v := verification{ofCommand: pflag.NewFlagSet("", pflag.ContinueOnError)}
	c := &cobra.Command{
		Use:   "verify [flags] -- COMMAND [ARG...]\n  tcpwarm verify [flags] -r FILE",
		Short: "Hold a client, or a saved capture, against expectations",
		Long:  verifyLong,
		Example: `  sudo tcpwarm verify -- node client.js
  tcpwarm verify --isolated -- npm test
  sudo tcpwarm verify -i eth0 -f 'tcp port 443' --expect 'connections<=2' -- ./client
  tcpwarm verify -r capture.pcap --server api.example.com --forbid header-lies --allow undrained`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := v.check(args); err != nil {
				return err
			}
			return v.verify(cmd.Context(), s, args)
		},
	}
	f := c.Flags()
	f.SetInterspersed(false)
	v.o.flags(f)
	v.t.flags(v.ofCommand)
	f.AddFlagSet(v.ofCommand)
	f.StringVarP(&v.file, "read", "r", "", "capture to judge: a `file`; - is standard input")
	f.StringArrayVar(&v.expect, "expect", nil, "what must hold: `METRIC OP VALUE`, such as connections<=2 (repeatable)")
	f.StringArrayVar(&v.demands.Forbid, "forbid", nil, "cause or finding with this `ID` must not be there (repeatable)")
	f.StringArrayVar(&v.demands.Allow, "allow", nil, "cause with this `ID` is no fault (repeatable)")
	f.Lookup("server").Usage = "judge only connections to this `HOST[:PORT]`; * stands for anything: *.example.com"
	v.o.pick.flags(f)
	return c
}

// verifyLong is the command's help.
const verifyLong = `Runs COMMAND, watches the wire while it runs, and ends with a report and an exit
code. What the command writes goes to standard error, the report to standard
output. Under sudo the command runs as the user who called it. Its TLS keys are
logged by SSLKEYLOGFILE, and Node's option --tls-keylog, and used.
What was captured is analysed once the command has ended and root is given up.

On a terminal its last lines show meanwhile pools, the connections of one of them in
time, and why they were opened; what the command prints comes above. The terminal is
the command's: the view takes no keys, begins about a second after the command, and goes
away for good when the command takes keys one by one, a password, or the whole screen.
--live always shows the same on the whole screen instead, with keys, as capture does;
then the command has no terminal: what it prints comes once the view is left, and
standard input is empty unless it comes from elsewhere. --live never has no view. The
report is the same.

Without --expect: at least one transaction that could be reused, and no avoidable
connection. client-idle-timeout is allowed by default.

Exit codes: 0 every expectation held, 1 one failed, 2 usage, 3 the capture could
not be made or read to its end, 4 not enough evidence to judge, 5 the command
itself failed.`

// check refuses what makes no sense together, and reads what is expected.
func (v *verification) check(args []string) (err error) {
	if (v.file == "") == (len(args) == 0) {
		return fmt.Errorf("verify: name either a capture with -r or a command after --")
	}
	if len(args) == 1 && isCapture(args[0]) {
		return fmt.Errorf("verify: %s is no command; a capture goes to -r", args[0])
	}
	if v.file == "" && v.o.pick.given() {
		return errors.New("verify: --since and --until are for a saved capture, with -r")
	}
	if v.file != "" {
		if err := onlyForCommand(v.ofCommand); err != nil {
			return err
		}
	}
	if v.demands.Expect, err = parseExpectations(v.expect); err != nil {
		return err
	}
	if err := known(append(v.demands.Forbid, v.demands.Allow...)); err != nil {
		return err
	}
	if err := v.o.check(); err != nil {
		return err
	}
	return v.o.refuseSameFiles(v.t.packets, v.t.keepKeys)
}

// verify judges the saved capture, or runs args and judges that; its error has the exit code.
func (v *verification) verify(ctx context.Context, s *streams, args []string) error {
	o, t := &v.o, &v.t
	o.look(&v.demands)
	if v.file == "" && isViewer() {
		return t.view(ctx, s, o)
	}
	if err := t.screen.place(s); err != nil {
		return err
	}
	var r *report.Report
	var err error
	switch {
	case v.file != "":
		r, err = analyzeFiles(ctx, s, []string{v.file}, o, &v.demands)
	case t.isolated && !isIsolated():
		return runIsolated(s)
	default:
		if t.isolated {
			t.ifaces = []string{"lo"}
			if err := loopbackUp(); err != nil {
				return &codedError{exitInput, err}
			}
		}
		r, err = t.run(ctx, s, o, &v.demands, args)
	}
	return judged(r, t.became, err)
}

// parseExpectations reads what --expect was given.
func parseExpectations(texts []string) (list []verdict.Expectation, err error) {
	for _, text := range texts {
		e, err := verdict.ParseExpectation(text)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// onlyForCommand refuses flags of how a command is run and captured, for a saved capture.
func onlyForCommand(f *pflag.FlagSet) error {
	var given []string
	f.VisitAll(func(f *pflag.Flag) { // Visit knows only of what f itself has parsed
		if f.Changed {
			given = append(given, "--"+f.Name)
		}
	})
	if len(given) == 0 {
		return nil
	}
	return fmt.Errorf("verify: -r judges what was captured; %s: for a command after -- only", strings.Join(given, ", "))
}

// An interruptedError is the signal that ended a trial before its command had ended.
type interruptedError struct{ signal os.Signal }

func (e *interruptedError) Error() string { return fmt.Sprintf("interrupted: %v", e.signal) }

// Problem returns e as a problem.
func (e *interruptedError) Problem() segment.Problem {
	return segment.Problem{Kind: segment.Interrupted, Count: 1,
		Text: fmt.Sprintf("interrupted by a signal (%v) before the command had ended", e.signal)}
}

// known refuses names of causes and findings that do not exist: a misspelt
// --forbid would never fail.
func known(ids []string) error {
	for _, id := range ids {
		if e, ok := explain.Lookup(id); !ok || e.Kind != explain.IsCause && e.Kind != explain.IsFinding {
			return fmt.Errorf("verify: no cause or finding is called %q%s", id, orListed(id, forbiddable()))
		}
	}
	return nil
}

// runIsolated runs this program once more, in a namespace of its own.
func runIsolated(s *streams) error {
	code, err := isolate(s)
	if err != nil {
		return &codedError{exitInput, err}
	}
	if code != exitOK {
		return &codedError{code, nil}
	}
	return nil
}
