package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages into a directory",
		Example: `  tcpwarm man ~/.local/share/man/man1`,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("man: name one directory")
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return &codedError{exitInput, err}
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // what wrote them is of no use to a reader
			header := &doc.GenManHeader{Title: "TCPWARM", Section: "1", Source: "tcpwarm", Manual: "tcpwarm"}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return &codedError{exitInput, err}
			}
			return nil
		},
	}
}
