//go:build !unix

package main

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/pcaps/scenario"
)

// A trial runs a command while capturing: not on this system.
type trial struct {
	live
	isolated bool
	keepKeys string
	packets  string
	became   *report.Command
}

func (t *trial) flags(*pflag.FlagSet) {}

func (t *trial) view(context.Context, *streams, *output) error { return nil }

func isViewer() bool { return false }

func (t *trial) run(context.Context, *streams, *output, *verdict.Demands, []string) (*report.Report, error) {
	return nil, errors.New("verify: a command cannot be watched on this system; capture with another tool and use -r")
}

func (x *examination) run(context.Context, *streams, []*scenario.Scenario, []string) error {
	return &codedError{exitInput, errors.New("challenge: a command cannot be run to be examined on this system")}
}
