package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tcpwarm/analyze/nearest"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/report/html"
	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/analyze/report/junit"
	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/outfile"
	"tcpwarm/pcaps/scenario"
)

// An examination runs a command once for each scenario.
type examination struct {
	output   output
	only     []string
	expect   map[string][]verdict.Expectation // by scenario
	evidence choice
	isolated bool
	asRoot   bool
}

func newChallenge(s *streams) *cobra.Command {
	x := &examination{expect: map[string][]verdict.Expectation{}}
	p := new(choices)
	c := &cobra.Command{
		Use:   "challenge [flags] -- COMMAND [ARG...]",
		Short: "Examine any HTTP client, with a server full of traps",
		Long: `Starts a server on loopback, runs COMMAND once for each scenario, and prints a table:
how many connections it opened, how many an ideal client would have, and why.

COMMAND gets URLs on standard input, a line each, and fetches them as they come, until
the input ends. Lines that come together may be fetched together; pauses are the
challenge's. It reads each body to its end, but where TCPWARM_SCENARIO begins with
"unread": there it looks at the status only. --list says what else a scenario asks for;
a command that does not do it declines the scenario, which is no failure. Where {urls}
stands in the command line, all URLs take its place, and scenarios that need pauses are
left out.

The environment has TCPWARM_SCENARIO, and for TLS the CA's file in TCPWARM_CA,
SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, CURL_CA_BUNDLE and REQUESTS_CA_BUNDLE; for the scenario
that asks for credentials TCPWARM_USER and TCPWARM_PASSWORD. What COMMAND writes to
standard output is thrown away.

Scenarios:
` + index() + `
Judged on the wire where tcpwarm may capture (root, or --isolated), else by what the
server saw, which the table says.

Exit codes: 0 all passed, but for what was declined or left out; 1 a scenario failed, 2
usage, 3 it could not be played to its end, 4 of a scenario, or of all, too little is
known; 5 the command could not be started.`,
		Example: `  tcpwarm challenge -- curl -s {urls}
  tcpwarm challenge --isolated -- node client.js
  tcpwarm challenge --only 'idle*' --expect 'idle-below-announced.connections<=1' -- ./client
  tcpwarm challenge --list`,
		RunE: func(cmd *cobra.Command, args []string) error { return x.begin(cmd.Context(), s, p, args) },
	}
	x.flags(c, p)
	return c
}

// choices say what is to be played, and what is expected of it, in the words of the flags.
type choices struct {
	expect                  []string
	http1, http2, tls, list bool
}

// flags declares the flags of c.
func (x *examination) flags(c *cobra.Command, p *choices) {
	f := c.Flags()
	f.SetInterspersed(false)
	x.output.commonFlags(f)
	x.output.redactFlag(f)
	x.output.format = choice{value: "text", words: []string{"text", "json", "junit", "html"}}
	f.Var(&x.output.format, "format", "text, json, junit or html, to standard output")
	f.StringArrayVar(&x.output.reports, "report", nil,
		"also write what came of it: `KIND=FILE`, kinds as for --format; to - it is the same as --format (repeatable)")
	x.evidence = choice{value: "auto", words: []string{"auto", "wire", "server"}}
	f.Var(&x.evidence, "evidence", "judge by captured packets (wire), by what the server saw (server), or by the best there is (auto)")
	f.StringSliceVar(&x.only, "only", nil, "play only scenarios that this `glob` names (repeatable)")
	f.StringArrayVar(&p.expect, "expect", nil, "what must hold: `SCENARIO.METRIC OP VALUE`, such as one-after-another.connections<=1; "+
		"instead of what the scenario is held against otherwise (repeatable)")
	f.BoolVar(&p.http1, "http1", false, "play the scenarios of HTTP/1.1 in clear")
	f.BoolVar(&p.tls, "tls", false, "play those of HTTP/1.1 in TLS")
	f.BoolVar(&p.http2, "http2", false, "play those of HTTP/2")
	f.BoolVar(&p.list, "list", false, "list the scenarios, with what each does and asks for, and leave")
	f.BoolVar(&x.isolated, "isolated", false, "run all in a network namespace of its own, where it may capture; needs no root")
	f.BoolVar(&x.asRoot, "as-root", false, "under sudo: run the command as root all the same")
	complete(c, "only", scenario.Names, cobra.ShellCompDirectiveNoFileComp)
	complete(c, "evidence", func() []string { return x.evidence.words }, cobra.ShellCompDirectiveNoFileComp)
	complete(c, "expect", expectable, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp)
}

// begin plays what p says, with the command args, or lists it.
func (x *examination) begin(ctx context.Context, s *streams, p *choices, args []string) error {
	var families []scenario.Family
	for family, wanted := range map[scenario.Family]bool{scenario.HTTP1: p.http1, scenario.TLS: p.tls, scenario.HTTP2: p.http2} {
		if wanted {
			families = append(families, family)
		}
	}
	chosen, err := scenario.Choose(x.only, families)
	if err != nil {
		return fmt.Errorf("challenge: %w", err)
	}
	if p.list {
		return s.print(listing(chosen))
	}
	if len(args) == 0 {
		return errors.New("challenge: name a command after --")
	}
	if len(chosen) == 0 {
		return errors.New("challenge: --only names no scenario of these families")
	}
	if err := x.expected(p.expect, chosen); err != nil {
		return err
	}
	if err := x.output.check(); err != nil {
		return err
	}
	if x.isolated && !isIsolated() {
		return runIsolated(s)
	}
	return x.run(ctx, s, chosen, args)
}

// expectable are the metrics of all scenarios.
func expectable() (all []string) {
	for _, name := range scenario.Names() {
		for _, metric := range verdict.Metrics {
			all = append(all, name+"."+metric)
		}
	}
	return all
}

// index names all scenarios by family.
func index() string {
	var b strings.Builder
	for _, family := range []scenario.Family{scenario.HTTP1, scenario.TLS, scenario.HTTP2, scenario.H2C} {
		var names []string
		for i := range scenario.All {
			if s := &scenario.All[i]; s.Family == family {
				names = append(names, s.Name)
			}
		}
		for i, line := range wrapped(strings.Join(names, ", "), 70) {
			if i > 0 {
				family = ""
			}
			fmt.Fprintf(&b, "  %-6s %s\n", family, line)
		}
	}
	return b.String()
}

// listing describes scenarios.
func listing(all []*scenario.Scenario) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "%s  (%s)\n", s.Name, s.Family)
		text := s.About
		if s.Asks != "" {
			text += " It asks for: " + s.Asks + "."
		}
		for _, line := range wrapped(text, 76) {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	return b.String()
}

// wrapped breaks text into lines of at most width characters.
func wrapped(text string, width int) (lines []string) {
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last < 0 || len(lines[last])+1+len(word) > width {
			lines = append(lines, word)
		} else {
			lines[last] += " " + word
		}
	}
	return lines
}

// expected reads expectations: SCENARIO.METRIC OP VALUE.
func (x *examination) expected(texts []string, chosen []*scenario.Scenario) error {
	var names []string
	for _, s := range chosen {
		names = append(names, s.Name)
	}
	for _, text := range texts {
		scenario, rest, ok := strings.Cut(text, ".")
		if !ok {
			return fmt.Errorf("expectation %q: it is SCENARIO.METRIC OP VALUE, such as one-after-another.connections<=1", text)
		}
		if scenario = strings.TrimSpace(scenario); !slices.Contains(names, scenario) {
			suggestion := nearest.Suggest(scenario, names)
			if suggestion == "" {
				suggestion = "; --list has them"
			}
			return fmt.Errorf("expectation %q: no scenario %q is played%s", text, scenario, suggestion)
		}
		e, err := verdict.ParseExpectation(rest)
		if err != nil {
			return err
		}
		x.expect[scenario] = append(x.expect[scenario], e)
	}
	return nil
}

// write writes what came of all scenarios: to files, then to w. One that cannot be written is
// a problem that the others say.
func (x *examination) write(w io.Writer, r *examined.Report) (first error) {
	for _, where := range junitLast(x.output.reports) {
		kind, name, _ := strings.Cut(where, "=")
		f, err := outfile.Create(name, outfile.Options{Perm: 0o666})
		if err == nil {
			err = writeExamined(kind, f, r, text.Options{Width: 80})
			if err == nil {
				err = f.Commit()
			}
			f.Discard()
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			r.Problem = cmp.Or(r.Problem, x.output.shown(err))
			r.Conclude()
			first = cmp.Or(first, err)
		}
	}
	err := writeExamined(x.output.format.value, w, r, text.Options{Width: width(w), Color: x.output.colored(w)})
	return cmp.Or(first, err)
}

func writeExamined(kind string, w io.Writer, r *examined.Report, as text.Options) error {
	switch kind {
	case "json":
		return jsonreport.WriteExamined(w, r)
	case "junit":
		return junit.WriteExamined(w, r)
	case "html":
		return html.WriteExamined(w, r)
	}
	return text.WriteExamined(w, r, as)
}
