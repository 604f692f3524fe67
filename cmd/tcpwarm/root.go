package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"tcpwarm/analyze/nearest"
	"tcpwarm/analyze/report/printable"
)

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// print writes text to standard output: on a full disk it must not look written.
func (s *streams) print(text string) error {
	if _, err := io.WriteString(s.out, text); err != nil {
		return &codedError{exitInput, err}
	}
	return nil
}

// A checked writer keeps the first error: cobra ignores those of help and completion.
type checked struct {
	io.Writer
	err error
}

func (c *checked) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.err = cmp.Or(c.err, err)
	return n, err
}

// run is the command without the process around it.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	help := &checked{Writer: out}
	root := newRoot(&streams{in, out, errw}, help)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetErr(errw)
	err := root.ExecuteContext(ctx)
	if help.err != nil {
		err = &codedError{exitInput, help.err}
	}
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(errw, "tcpwarm: %s\n", cleaned(text, args))
	}
	var coded *codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	return exitUsage
}

// cleaned makes an error safe for a terminal: a file's name is in it, and may hold anything. A line break is the
// error's own, but for one of the arguments'.
func cleaned(text string, args []string) string {
	for _, arg := range args {
		if _, value, is := strings.Cut(arg, "="); is && strings.HasPrefix(arg, "-") {
			arg = value
		}
		if strings.Contains(arg, "\n") {
			text = strings.ReplaceAll(text, arg, printable.Clean(arg))
		}
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable.Clean(line)
	}
	return strings.Join(lines, "\n")
}

// newRoot returns the command with all others; its help and completion scripts go to help.
func newRoot(s *streams, help io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "tcpwarm [flags] FILE...",
		Short: "Does my HTTP client really reuse its TCP connections?",
		Long: `tcpwarm reads captured packets and says, per client and authority, how many
connections the transactions used, how many an ideal client would have needed,
why each other one was opened, and what it rests on: packet numbers. It never
believes the Connection header.

Without a command the files are analysed, as tcpwarm analyze does.`,
		Example: `  tcpwarm capture.pcap
  tcpwarm analyze --format json *.pcapng
  gzip -dc big.pcap.gz | tcpwarm analyze -
  sudo tcpwarm capture -i eth0 'tcp port 443'
  sudo tcpwarm verify -- node client.js
  tcpwarm verify -r capture.pcap --expect 'connections<=2'
  tcpwarm compare before.pcap after.pcap
  tcpwarm explain undrained`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault // files, beside the commands
		},
	}
	root.SetVersionTemplate("tcpwarm {{.Version}}\n")
	root.Flags().Bool("version", false, "say which build this is")
	root.SetFlagErrorFunc(flagError)
	root.SetUsageFunc(s.usage)
	analyzes(s, root)
	analyze := root.RunE
	root.RunE = func(cmd *cobra.Command, files []string) error {
		if len(files) == 0 && cmd.Flags().NFlag() == 0 {
			return cmd.Help()
		}
		if err := noCommand(cmd, files); err != nil {
			return err
		}
		return analyze(cmd, files)
	}
	root.AddCommand(newAnalyze(s), newCapture(s), newVerify(s), newChallenge(s), newCompare(s), newInterfaces(s), newExplain(s),
		newDemo(s), newMan(), newVersion(s))
	root.InitDefaultHelpCmd()
	root.SetOut(help) // before completion is made, which keeps where it writes to
	root.InitDefaultCompletionCmd()
	for _, c := range append(root.Commands(), root) {
		completions(c)
		switch c.Name() {
		case "help":
			refuseOthers(root, c)
		case "completion":
			onlyShells(c)
		}
	}
	return root
}

// newVersion is --version for those who type it as a command, as Go's own tool has it.
func newVersion(s *streams) *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Say which build this is", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return s.print("tcpwarm " + version() + "\n") }}
}

// commandLike is a word that is no file's name as captures have them.
var commandLike = regexp.MustCompile(`^[A-Za-z][A-Za-z-]*$`)

// refuseOthers has help refuse what is no command: cobra's shows the help of the whole instead, as if it were.
func refuseOthers(root, help *cobra.Command) {
	show := help.Run
	help.Run, help.RunE = nil, func(cmd *cobra.Command, words []string) error {
		if _, rest, err := root.Find(words); err != nil || len(rest) > 0 {
			return fmt.Errorf("help: there is no command %q; tcpwarm --help lists the commands", strings.Join(words, " "))
		}
		show(cmd, words)
		return nil
	}
}

// onlyShells has completion refuse a shell that it does not know, for which cobra's shows help, as if all were well.
func onlyShells(completion *cobra.Command) {
	completion.RunE = func(c *cobra.Command, words []string) error {
		if len(words) == 0 {
			return c.Help()
		}
		var shells []string
		for _, one := range c.Commands() {
			shells = append(shells, one.Name())
		}
		return fmt.Errorf("completion: there is none for %q, but for %s%s", words[0], strings.Join(shells, ", "),
			nearest.Suggest(words[0], shells))
	}
	completion.Args = cobra.ArbitraryArgs
}

// noCommand refuses what was meant for a command and is none.
func noCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 || !commandLike.MatchString(args[0]) {
		return nil
	}
	if _, err := os.Stat(args[0]); err == nil {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	suggestion := nearest.Suggest(args[0], names)
	if suggestion == "" {
		suggestion = "; tcpwarm --help lists the commands"
	}
	return fmt.Errorf("there is no command %q, and no such file%s", args[0], suggestion)
}
