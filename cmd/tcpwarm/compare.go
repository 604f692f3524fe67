package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tcpwarm/analyze"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/analyze/report/text"
)

func newCompare(s *streams) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use:   "compare [flags] BEFORE AFTER",
		Short: "Say what has changed between two captures, or JSON reports",
		Long: `Each of the two is a capture, or a report as --format json writes it. The avoidable
connections for each request decide. Exit code 0: better or the same; 1: worse;
4: one of the two does not say.`,
		Example: `  tcpwarm compare before.pcap after.pcap
  tcpwarm compare baseline.json today.pcap`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, files []string) error {
			before, berr := o.load(cmd.Context(), s, files[0])
			if before == nil {
				return berr
			}
			after, aerr := o.load(cmd.Context(), s, files[1])
			if after == nil {
				return aerr
			}
			c := compare.Between(before, after)
			err := text.WriteComparison(s.out, c, text.Options{Width: width(s.out), Color: o.colored(s.out)})
			switch err := cmp.Or(berr, aerr, err); {
			case err != nil:
				return &codedError{exitInput, err}
			case c.Change == compare.Worse:
				return &codedError{exitFinding, nil}
			case c.Change == compare.Undecided:
				return &codedError{exitUnknown, nil}
			}
			return nil
		},
	}
	o.readFlags(c.Flags())
	return c
}

// load reads a report, or makes one of a capture: of a broken one as far as it goes,
// with its error.
func (o *output) load(ctx context.Context, s *streams, name string) (*report.Report, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &codedError{exitInput, err}
		}
		first, _ := bufio.NewReader(f).Peek(1)
		if bytes.Equal(first, []byte("{")) {
			defer f.Close()
			r, err := readReport(name, f)
			if err != nil {
				return nil, &codedError{exitInput, err}
			}
			return r, nil
		}
		f.Close()
	}
	src, err := o.open(ctx, s, []string{name})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	opts, err := o.options(analyze.Options{})
	if err != nil {
		return nil, err
	}
	p := newProgress(src, s.err)
	defer p.clear()
	return analyze.Run(ctx, p, opts)
}

// readReport reads what --format json has written.
func readReport(name string, f *os.File) (*report.Report, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r, err := jsonreport.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
