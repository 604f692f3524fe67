package main

import (
	"errors"
	"fmt"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/verdict"
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

// judged turns a report and an error into the exit code. Where several apply: an
// interruption, the command's failure, the capture's, an expectation's, too little
// evidence. became is what became of the command, nil if there was none.
func judged(r *report.Report, became *report.Command, err error) error {
	var ended *interruptedError
	switch {
	case errors.As(err, &ended): // the command failed because it was ended
		return err
	case became != nil && became.Exit != 0:
		failed := errors.New(became.Failed())
		if err != nil {
			failed = fmt.Errorf("%w; and %w", failed, err)
		}
		return &codedError{exitCommand, failed}
	case err != nil: // what was read may have failed already, but an unread rest weighs more
		return err
	case r.Outcome == verdict.Failed:
		return &codedError{exitFinding, nil}
	case r.Outcome == verdict.Undecided:
		return &codedError{exitUnknown, nil}
	}
	return nil
}

// onlyAnalyzed turns a report and an error into the exit code, where nothing is demanded: only that there
// was nothing of what was asked for is no success.
func onlyAnalyzed(r *report.Report, err error) error {
	if err == nil && r.Unjudged != "" {
		return &codedError{exitUnknown, nil}
	}
	return err
}

// compared turns what has come of a comparison into the exit code.
func compared(c *compare.Comparison) error {
	failed, unknown := c.Change == compare.Worse, c.Change == compare.Undecided
	if outcome := c.Outcome(); outcome != "" {
		failed, unknown = outcome == verdict.Failed, outcome == verdict.Undecided
	}
	switch {
	case failed:
		return &codedError{exitFinding, nil}
	case unknown:
		return &codedError{exitUnknown, nil}
	}
	return nil
}
