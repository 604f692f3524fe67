package main

import (
	"errors"
	"syscall"
	"testing"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
)

// Of a command's run, what became of the command comes before what became of the capture, that before what was expected,
// and that before too little evidence; an interruption comes first, for it is why the command failed.
func TestWhichExitCodeCounts(t *testing.T) {
	interrupted := &codedError{exitInput, &interruptedError{syscall.SIGTERM}}
	unwritten := &codedError{exitInput, errors.New("disk full")}
	for _, x := range []struct {
		fails   bool // the command does
		err     error
		outcome verdict.Outcome
		want    int
	}{
		{false, nil, verdict.Passed, exitOK},
		{false, nil, verdict.Failed, exitFinding},
		{false, nil, verdict.Undecided, exitUnknown},
		{false, unwritten, verdict.Passed, exitInput},
		{false, unwritten, verdict.Failed, exitInput},
		{false, unwritten, verdict.Undecided, exitInput},
		{true, nil, verdict.Passed, exitCommand},
		{true, nil, verdict.Failed, exitCommand},
		{true, nil, verdict.Undecided, exitCommand},
		{true, unwritten, verdict.Failed, exitCommand},
		{true, interrupted, verdict.Failed, exitInput},
		{false, interrupted, verdict.Passed, exitInput},
	} {
		became := &report.Command{}
		if x.fails {
			became.Exit = 7
		}
		err := judged(&report.Report{Outcome: x.outcome}, became, x.err)
		got := exitOK
		if coded := (&codedError{}); errors.As(err, &coded) {
			got = coded.code
		} else if err != nil {
			t.Errorf("%+v: %v", x, err)
		}
		if got != x.want {
			t.Errorf("%+v: exit code %d", x, got)
		}
	}
}
