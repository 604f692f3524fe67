package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tcpwarm/analyze/nearest"
	"tcpwarm/analyze/verdict"
	"tcpwarm/analyze/verdict/explain"
	"tcpwarm/capture"
	"tcpwarm/capture/filter"
)

// flagError says which flag may have been meant by one that c does not have.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	typed := unknown.GetSpecifiedName()
	if group := unknown.GetSpecifiedShortnames(); group != "" { // one dash too few, perhaps
		typed = group
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && len(typed) > 1 { // one letter is near to nothing
			names = append(names, f.Name)
		}
	})
	suggestion := nearest.SuggestAs(typed, names, "--")
	if suggestion == "" {
		suggestion = otherCommands(c, unknown.GetSpecifiedName())
	}
	if suggestion == "" {
		suggestion = "; " + c.CommandPath() + " --help lists the flags"
	}
	return &suggested{err, suggestion}
}

// otherCommands names the commands that have a flag which c does not have: by its name, or its letter.
func otherCommands(c *cobra.Command, flag string) string {
	var paths []string
	for _, other := range c.Root().Commands() {
		f := other.Flags().Lookup(flag)
		if len(flag) == 1 {
			f = other.Flags().ShorthandLookup(flag)
		}
		if f != nil && !f.Hidden && other != c {
			paths = append(paths, other.CommandPath())
		}
	}
	if len(paths) == 0 {
		return ""
	}
	last := len(paths) - 1
	if last == 0 {
		return "; it is a flag of " + paths[0]
	}
	return "; it is a flag of " + strings.Join(paths[:last], ", ") + " and " + paths[last]
}

// A suggested is an error with a suggestion behind it.
type suggested struct {
	error
	suggestion string
}

func (e *suggested) Error() string { return e.error.Error() + e.suggestion }
func (e *suggested) Unwrap() error { return e.error }

// forbiddable returns the IDs that --forbid and --allow take: of causes and findings.
func forbiddable() []string {
	var ids []string
	for _, e := range explain.Entries() {
		if e.Kind == explain.IsCause || e.Kind == explain.IsFinding {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// interfaceNames returns what can be captured on, as far as the system tells.
func interfaceNames() []string {
	names := []string{capture.Any}
	all, err := net.Interfaces()
	if err != nil {
		return names
	}
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}

// orListed ends a message about an ID that is not known: with the nearest one, else with
// where they are listed.
func orListed(id string, ids []string) string {
	if s := nearest.Suggest(id, ids); s != "" {
		return s
	}
	return "; tcpwarm explain lists all"
}

// complete has the shell complete the values of one of c's flags, if it has it.
func complete(c *cobra.Command, flag string, values func() []string, directive cobra.ShellCompDirective) {
	if c.Flags().Lookup(flag) == nil {
		return
	}
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return values(), directive
	})
	if err != nil {
		panic(err) // registered twice
	}
}

// completions has the shell complete the values of c's flags that take words.
func completions(c *cobra.Command) {
	for _, name := range []string{"format", "color", "live"} {
		if f := c.Flags().Lookup(name); f != nil {
			complete(c, name, func() []string { return f.Value.(*choice).words }, cobra.ShellCompDirectiveNoFileComp)
		}
	}
	complete(c, "report", func() []string {
		var list []string
		for _, kind := range reportKinds(c.Flags().Lookup("format").Value.(*choice)) {
			list = append(list, kind+"=")
		}
		return list
	}, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp)
	complete(c, "forbid", forbiddable, cobra.ShellCompDirectiveNoFileComp)
	complete(c, "allow", forbiddable, cobra.ShellCompDirectiveNoFileComp)
	if c.Name() != "challenge" { // whose metrics are a scenario's
		complete(c, "expect", func() []string { return slices.Clone(verdict.Metrics) },
			cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp)
	}
	complete(c, "interface", interfaceNames, cobra.ShellCompDirectiveNoFileComp)
	complete(c, "ignore", func() []string { return []string{"target=", "method="} },
		cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp)
}

// parseFilter reads an expression; where a word in it may be mistyped its error says what was meant.
func parseFilter(expression string) (*filter.Expr, error) {
	e, err := filter.Parse(expression)
	var bad *filter.Error
	if errors.As(err, &bad) && bad.Word != "" && !strings.Contains(bad.What, "Wireshark") {
		return nil, &suggested{err, nearest.Suggest(bad.Word, filter.Words())}
	}
	return e, err
}

// notAFilter refuses a filter's words among files, which capture takes there and analyze does not.
func notAFilter(files []string) error {
	for i, name := range files {
		if _, err := os.Stat(name); name == "-" || !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		rest := strings.Join(files[i:], " ")
		_, err := filter.Parse(rest)
		var bad *filter.Error
		switch {
		case err == nil:
			return fmt.Errorf("there is no file %q; a filter goes to -f: -f '%s'", name, rest)
		case errors.As(err, &bad) && strings.Contains(bad.What, "Wireshark"):
			return fmt.Errorf("there is no file %q; a filter goes to -f: %w", name, err)
		}
		return nil
	}
	return nil
}

// isCapture reports whether a word that is to be something else names a file that nobody can
// execute: a capture, most likely. A word that is a filter, or a command, is that first, whatever
// files are called so.
func isCapture(word string) bool {
	f, err := os.Stat(word)
	if err != nil || !f.Mode().IsRegular() || f.Mode().Perm()&0o111 != 0 {
		return false
	}
	_, notFilter := filter.Parse(word)
	_, notCommand := exec.LookPath(word)
	return notFilter != nil && notCommand != nil
}

// similarFile suggests a file beside one that is not there.
func similarFile(name string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir, base := filepath.Split(name)
	entries, lerr := os.ReadDir(cmp.Or(dir, "."))
	if lerr != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return &suggested{err, nearest.SuggestAs(base, names, dir)}
}
