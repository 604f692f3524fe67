package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
)

func newVerify(s *streams) *cobra.Command {
	var o output
	var file string
	var demands verdict.Demands
	var expect []string
	c := &cobra.Command{
		Use:   "verify -r FILE [flags]",
		Short: "Hold a saved capture against expectations; the exit code is the answer",
		Long: `Without --expect: at least one transaction that could be reused, and no avoidable
connection. client-idle-timeout is allowed by default.

Exit codes: 0 every expectation held, 1 one failed, 2 usage, 3 the capture could
not be read to its end, 4 not enough evidence to judge.`,
		Example: `  tcpwarm verify -r capture.pcap
  tcpwarm verify -r capture.pcap --expect 'connections<=2' --forbid header-lies
  tcpwarm verify -r capture.pcap --server api.example.com --allow undrained`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return fmt.Errorf("verify: name a capture with -r")
			}
			for _, text := range expect {
				e, err := verdict.ParseExpectation(text)
				if err != nil {
					return err
				}
				demands.Expect = append(demands.Expect, e)
			}
			if err := known(append(demands.Forbid, demands.Allow...)); err != nil {
				return err
			}
			r, err := analyzeFiles(cmd.Context(), s, []string{file}, &o, &demands)
			if err != nil {
				// What was read may have failed already, but an unread rest
				// weighs more.
				return err
			}
			switch r.Outcome {
			case verdict.Failed:
				return &codedError{exitFinding, nil}
			case verdict.Undecided:
				return &codedError{exitUnknown, nil}
			}
			return nil
		},
	}
	f := c.Flags()
	o.flags(f)
	f.StringVarP(&file, "read", "r", "", "capture to judge; - is standard input")
	f.StringArrayVar(&expect, "expect", nil, "METRIC OP VALUE, such as connections<=2; repeatable")
	f.StringArrayVar(&demands.Forbid, "forbid", nil, "cause or finding that must not be there; repeatable")
	f.StringArrayVar(&demands.Allow, "allow", nil, "cause that is no fault; repeatable")
	f.StringVar(&demands.Server, "server", "", "judge only pools of this HOST[:PORT]")
	return c
}

// known refuses names of causes and findings that do not exist: a misspelt
// --forbid would never fail.
func known(ids []string) error {
	for _, id := range ids {
		if e, ok := report.Explain(id); !ok || e.Kind != report.IsCause && e.Kind != report.IsFinding {
			return fmt.Errorf("verify: no cause or finding is called %q; tcpwarm explain lists all", id)
		}
	}
	return nil
}
