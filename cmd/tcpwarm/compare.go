package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tcpwarm/analyze"
	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/github"
	"tcpwarm/analyze/report/html"
	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/analyze/report/junit"
	"tcpwarm/analyze/report/text"
	"tcpwarm/capture/outfile"
	"tcpwarm/capture/segment"
)

func newCompare(s *streams) *cobra.Command {
	var o output
	var tolerance share
	var texts []string
	c := &cobra.Command{
		Use:   "compare [flags] BEFORE AFTER",
		Short: "Say what has changed between two captures, or JSON reports",
		Long: `Each of the two is a capture, or a report as --format json writes it. The avoidable
connections for each request decide. A report stays as it was made: flags of how a
capture is read and judged are for captures. Exit code 0: better or the same; 1:
worse; 4: one of the two does not say, or they have no server in common. With --expect
these decide instead: each is held against what a metric has changed by, after less before.`,
		Example: `  tcpwarm compare before.pcap after.pcap
  tcpwarm compare baseline.json today.pcap
  tcpwarm compare --format junit baseline.json today.pcap
  tcpwarm compare --expect 'avoidable<=0' --expect 'connections<=2' baseline.json today.pcap`,
		Args: func(_ *cobra.Command, files []string) error {
			if n := len(files); n != 2 {
				return fmt.Errorf("compare: name two captures or reports, BEFORE and AFTER; there %s %d", plural.Were(int64(n)), n)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if err := o.obeyed(cmd.Flags(), files); err != nil {
				return err
			}
			if err := o.refuseSameFiles(files...); err != nil {
				return err
			}
			expect, err := parseExpectations(texts)
			if err != nil {
				return err
			}
			before, berr := o.load(cmd.Context(), s, files[0])
			if before == nil {
				return berr
			}
			after, aerr := o.load(cmd.Context(), s, files[1])
			if after == nil {
				return aerr
			}
			c := compare.Between(before, after, compare.Tolerance(tolerance))
			c.Expect(expect)
			err = o.writeComparison(s.out, c)
			if err := cmp.Or(berr, aerr, err); err != nil {
				return &codedError{exitInput, err}
			}
			return compared(c)
		},
	}
	o.readFlags(c.Flags())
	o.format = choice{value: "text", words: []string{"text", "json", "junit", "github", "html"}}
	c.Flags().Var(&o.format, "format", "text, json, junit, github or html, to standard output")
	c.Flags().StringArrayVar(&o.reports, "report", nil,
		"also write what came of it: `KIND=FILE`, kinds as for --format; to - it is the same as --format (repeatable)")
	c.Flags().StringArrayVar(&texts, "expect", nil,
		"by how much a metric may have changed, after less before: `METRIC OP VALUE`, such as avoidable<=0 (repeatable)")
	c.Flags().Var(&tolerance, "tolerance", "take for the same what differs by no more avoidable connections "+
		"than this `share` of the requests: 5% or 0.05")
	o.serverFlag(c.Flags())
	o.sizeFlags(c.Flags())
	o.pick.flags(c.Flags())
	return c
}

// A share is a flag that takes a part of the requests.
type share compare.Tolerance

// String returns the value in percent.
func (s *share) String() string { return compare.Tolerance(*s).String() }

// Type names the flag's values in help.
func (s *share) Type() string { return "share" }

// Set takes a share.
func (s *share) Set(text string) error {
	t, err := compare.ParseTolerance(text)
	*s = share(t)
	return err
}

var _ pflag.Value = (*share)(nil)

// writeComparison writes c in the formats asked for: all that can be written, whatever else cannot. It returns the
// first error; what is written after it says so.
func (o *output) writeComparison(w io.Writer, c *compare.Comparison) (first error) {
	lack := func(err error) {
		if err != nil {
			c.After.Lack(segment.ProblemOf(&segment.WriteError{Err: err}))
			o.hideWritten(&c.After.Capture)
			first = cmp.Or(first, err)
		}
	}
	for _, where := range junitLast(o.reports) {
		kind, name, _ := strings.Cut(where, "=")
		f, err := outfile.Create(name, outfile.Options{Perm: 0o666})
		if err == nil {
			err = writeComparisonAs(kind, f, c, text.Options{Width: 80, Limit: o.top, All: o.all})
			if err == nil {
				err = f.Commit()
			}
			f.Discard()
		}
		if err != nil {
			lack(fmt.Errorf("%s: %w", name, err))
		}
	}
	if name := os.Getenv("GITHUB_STEP_SUMMARY"); name != "" && o.format.value == "github" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			err = cmp.Or(github.WriteComparisonSummary(f, c), f.Close())
		}
		lack(err)
	}
	as := text.Options{Width: width(w), Color: o.colored(w), Limit: o.top, All: o.all}
	return cmp.Or(first, writeComparisonAs(o.format.value, w, c, as))
}

func writeComparisonAs(kind string, w io.Writer, c *compare.Comparison, as text.Options) error {
	switch kind {
	case "json":
		return jsonreport.WriteComparison(w, c)
	case "junit":
		return junit.WriteComparison(w, c)
	case "github":
		return github.WriteComparison(w, c)
	case "html":
		return html.WriteComparison(w, c)
	}
	return text.WriteComparison(w, c, as)
}

// obeyed refuses flags that change nothing where both files are reports, and --redact where
// one is: its names would be shown.
func (o *output) obeyed(f *pflag.FlagSet, files []string) error {
	reports := 0
	for _, name := range files {
		is, err := isReport(name)
		if err != nil {
			return err
		}
		if is {
			reports++
		}
	}
	if o.redact && reports > 0 {
		return errors.New("compare: --redact is for captures; a report keeps the names that it was made with")
	}
	if reports < len(files) {
		return nil
	}
	return onlyForCaptures("compare", f, ofCaptures)
}

// isReport tells a report from a capture: JSON begins with a brace.
func isReport(name string) (bool, error) {
	if name == "-" {
		return false, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return false, &codedError{exitInput, similarFile(name, err)}
	}
	defer f.Close()
	var first [1]byte
	n, _ := f.Read(first[:])
	return n == 1 && first[0] == '{', nil
}

// load reads a report, or makes one of a capture: of a broken one as far as it goes,
// with its error.
func (o *output) load(ctx context.Context, s *streams, name string) (*report.Report, error) {
	is, err := isReport(name)
	if err != nil {
		return nil, err
	}
	if is {
		r, err := readReport(name)
		if err != nil {
			return nil, &codedError{exitInput, err}
		}
		return r, nil
	}
	src, err := o.open(ctx, s, []string{name})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	opts, err := o.options(ctx, analyze.Options{})
	if err != nil {
		return nil, err
	}
	p := newProgress(src, s.err)
	defer p.clear()
	return analyze.Run(ctx, p, opts)
}

// readReport reads what --format json has written.
func readReport(name string) (*report.Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := jsonreport.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
