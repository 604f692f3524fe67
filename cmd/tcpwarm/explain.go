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
		Use:   "explain [WORD]",
		Short: "Say what a word of a report means, and what to do about it",
		Example: `  tcpwarm explain
  tcpwarm explain missed
  tcpwarm explain on a used connection`,
		Args: cobra.ArbitraryArgs,
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
			word := strings.Join(args, " ") // reports have words of several
			e, ok := explain.Lookup(word)
			if !ok {
				return fmt.Errorf("explain: nothing is called %q%s", word, orListed(word, explain.Words()))
			}
			if err := text.WriteEntry(s.out, e, width(s.out)); err != nil {
				return &codedError{exitInput, err}
			}
			return nil
		},
	}
}
