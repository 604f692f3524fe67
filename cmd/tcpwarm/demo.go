package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"tcpwarm/analyze"
	"tcpwarm/capture"
	"tcpwarm/pcaps"
)

func newDemo(s *streams) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use:   "demo",
		Short: "Judge two embedded captures, one of them reusing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for i, sample := range pcaps.Demo() {
				src, err := capture.OpenReader(sample.Name, bytes.NewReader(sample.Data))
				if err != nil {
					return &codedError{exitInput, err}
				}
				r, err := analyze.Run(cmd.Context(), src, analyze.Options{Workers: o.workers})
				if err != nil {
					return &codedError{exitInput, err}
				}
				if o.format.value == "text" {
					if i > 0 {
						fmt.Fprintln(s.out)
					}
					fmt.Fprintf(s.out, "== %s: %s\n\n", sample.Name, sample.About)
				}
				if err := o.write(s.out, r); err != nil {
					return &codedError{exitInput, err}
				}
			}
			return nil
		},
	}
	o.commonFlags(c.Flags())
	o.formatFlag(c.Flags(), "text", "json", "ndjson", "junit", "github")
	return c
}
