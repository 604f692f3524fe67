package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/verdict/explain"
)

func newExplain(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [ID]",
		Short: "Say what a cause, finding or word means, and what to do about it",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return explain.Words(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				var list strings.Builder
				for _, e := range explain.Entries() {
					fmt.Fprintf(&list, "%-24s %s\n", e.ID, e.Title)
				}
				return s.print(list.String())
			}
			e, ok := explain.Lookup(args[0])
			if !ok {
				return fmt.Errorf("explain: nothing is called %q%s", args[0], orListed(args[0], explain.Words()))
			}
			if err := text.WriteEntry(s.out, e, width(s.out)); err != nil {
				return &codedError{exitInput, err}
			}
			return nil
		},
	}
}
