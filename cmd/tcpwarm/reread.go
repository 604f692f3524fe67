package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ofCaptures are flags of how a capture is read and judged: a report stays as it was made.
var ofCaptures = []string{"filter", "ignore", "one-client", "tls-keys", "server", "since", "until"}

// onlyForCaptures refuses flags of how a capture is read and judged, where there is none.
func onlyForCaptures(command string, f *pflag.FlagSet, names []string) error {
	for _, name := range names {
		if f.Changed(name) {
			return fmt.Errorf("%s: --%s is for captures; a report stays as it was made", command, name)
		}
	}
	return nil
}

// isReportFile tells a report from a capture. What is no file is not looked into: that can be read only once.
func isReportFile(name string) bool {
	st, err := os.Stat(name)
	if err != nil || !st.Mode().IsRegular() {
		return false
	}
	is, err := isReport(name)
	return err == nil && is
}

// reread shows a report again. One of a part says so once more.
func (o *output) reread(s *streams, c *cobra.Command, name string) error {
	if o.wants(pcapngKind) {
		return errors.New("--report pcapng: a report has no packets; name the capture")
	}
	if err := onlyForCaptures(c.Name(), c.Flags(), append([]string{"redact", "series"}, ofCaptures...)); err != nil {
		return err
	}
	if err := o.refuseSameFiles(name); err != nil {
		return err
	}
	r, err := readReport(name)
	if err != nil {
		return &codedError{exitInput, err}
	}
	missing := r.Setbacks()
	if err := o.write(s.out, r); err != nil {
		return &codedError{exitInput, err}
	}
	if len(missing) > 0 {
		return &codedError{exitInput, fmt.Errorf("%s: %s", name, missing[0].Text)}
	}
	return onlyAnalyzed(r, nil)
}
