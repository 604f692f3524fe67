package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"tcpwarm/analyze"
	"tcpwarm/analyze/nearest"
	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/redact"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/github"
	"tcpwarm/analyze/report/growth"
	"tcpwarm/analyze/report/html"
	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/analyze/report/junit"
	"tcpwarm/analyze/report/perfetto"
	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/report/timesequence"
	"tcpwarm/analyze/transaction"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture"
	"tcpwarm/capture/filter"
	"tcpwarm/capture/outfile"
	"tcpwarm/capture/segment"
)

// output says how a report is shown.
type output struct {
	format  choice
	color   choice
	workers int
	memory  memorySize
	keys    []string // key logs
	filter  string
	reports []string // KIND=FILE
	series  string   // file
	server  string   // only pools of it are looked at
	pick    timeRange
	size    *pflag.FlagSet // has top and all; nil: they were not asked about
	top     int
	all     bool

	ignore    patterns
	oneClient bool
	redaction
	recorded html.Recorded  // for a page, if one is wanted
	kernel   *kernelWindows // asked while capturing, nil: it was not

	again    func() (*capture.Reader, error) // opens all the packets that were read once more; nil: they are gone
	unplaced int64                           // packets without room for their comments
}

// A redaction is whether stand-ins are put for addresses and names, and which.
type redaction struct {
	redact   bool
	standIns *redact.Redactor // of this run, nil: not made yet, or not wanted
}

// patterns is a flag that picks transactions, given several times.
type patterns struct{ list transaction.Patterns }

// String is the value that help shows as the default: none.
func (p *patterns) String() string { return "" }

// Type names the flag's values in help.
func (p *patterns) Type() string { return "FIELD=VALUE" }

// Set takes one more.
func (p *patterns) Set(s string) error {
	one, err := transaction.ParsePattern(s)
	p.list = append(p.list, one)
	return err
}

var _ pflag.Value = (*patterns)(nil)

// A choice is a flag that takes one of a few words.
type choice struct {
	value string
	words []string
	files []string // words that --report takes beside these
	given bool     // by the user
}

// String returns the word chosen.
func (c *choice) String() string { return c.value }

// Type names the flag's values in help.
func (c *choice) Type() string { return "word" }

// Set takes one of the words.
func (c *choice) Set(s string) error {
	for _, w := range c.words {
		if s == w {
			c.value, c.given = s, true
			return nil
		}
	}
	return fmt.Errorf("must be one of %s%s", strings.Join(c.words, ", "), nearest.Suggest(s, c.words))
}

var _ pflag.Value = (*choice)(nil)

func (o *output) flags(f *pflag.FlagSet) {
	o.readFlags(f)
	o.serverFlag(f)
	o.sizeFlags(f)
	o.formatFlag(f, "text", "json", "ndjson", "junit", "github", "html")
	f.StringVar(&o.series, "series", "", "write how congestion windows grow to this CSV `file`; to - in place of the report")
	f.StringArrayVar(&o.reports, "report", nil, "also write a report: `KIND=FILE`, kinds as for --format but ndjson, and "+
		"pcapng (the packets again, with comments for Wireshark) and perfetto (a trace); to - it is the same as --format (repeatable)")
	o.format.files = []string{pcapngKind, "perfetto"}
}

// serverFlag is which pools are looked at.
func (o *output) serverFlag(f *pflag.FlagSet) {
	f.StringVar(&o.server, "server", "", "look only at connections to this `HOST[:PORT]`; * stands for anything: *.example.com")
}

// sizeFlags are how much of it text tells.
func (o *output) sizeFlags(f *pflag.FlagSet) {
	o.size = f
	f.IntVar(&o.top, "top", text.DefaultLimit, "list and tell at most `N` destinations, the worst first")
	f.BoolVar(&o.all, "all", false, "tell of all destinations, those too that are fine, and of all that is known of windows")
}

// look returns demands, which may be nil, with the server that was asked for.
func (o *output) look(demands *verdict.Demands) *verdict.Demands {
	if o.server == "" {
		return demands
	}
	if demands == nil {
		demands = &verdict.Demands{Look: true}
	}
	demands.Server = o.server
	return demands
}

func (o *output) formatFlag(f *pflag.FlagSet, formats ...string) {
	o.format = choice{value: "text", words: formats}
	last := len(formats) - 1
	f.Var(&o.format, "format", strings.Join(formats[:last], ", ")+" or "+formats[last]+", to standard output")
}

// commonFlags are those of every command that judges, whatever it judges.
func (o *output) commonFlags(f *pflag.FlagSet) {
	o.color = choice{value: "auto", words: []string{"auto", "always", "never"}}
	f.Var(&o.color, "color", "auto, always or never; NO_COLOR is respected")
	o.memory.flag(f)
	f.IntVarP(&o.workers, "workers", "j", 0, "`N` goroutines follow connections; 0: one a processor (never changes the result)")
}

// readFlags are those of how captures are read and judged.
func (o *output) readFlags(f *pflag.FlagSet) {
	o.commonFlags(f)
	f.StringArrayVar(&o.keys, "tls-keys", nil, "key `log` that opens TLS, as SSLKEYLOGFILE writes it "+
		"(repeatable; default: the file that SSLKEYLOGFILE names, if it is there)")
	f.Var(&o.ignore, "ignore", "do not judge requests of this target or method, where they can be read: "+
		"target=/healthz, target=/static/*, method=OPTIONS (repeatable)")
	f.BoolVar(&o.oneClient, "one-client", false, "take all client addresses, and whoever is behind them, "+
		"for one client: behind a balancer, or with IPv4 and IPv6")
	o.redactFlag(f)
	f.StringVarP(&o.filter, "filter", "f", "", "use only packets that this `expression` lets through, in tcpdump's language")
	f.CountP("numeric", "n", "look up no names of addresses: none ever are, and tcpdump's -n is taken for its users' sake")
	f.Lookup("numeric").Hidden = true
}

func (o *output) redactFlag(f *pflag.FlagSet) {
	f.BoolVar(&o.redact, "redact", false, "put stand-ins for addresses and names, other ones in each run, and leave out what was asked for")
}

// shown is what a report says of an error: with --redact without what names files, programs and
// addresses, which the wrapping errors do.
func (o *output) shown(err error) string {
	for inner := err; o.redact && inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}

// hideWritten leaves out, with --redact, what files that could not be written are called, as it is with
// those that were read: only the reason stays, which comes last.
func (o *output) hideWritten(c *report.Capture) {
	for i := range c.Problems {
		if p := &c.Problems[i]; o.redact && p.Kind == segment.NotWritten {
			p.Text = "a file: " + p.Text[strings.LastIndex(": "+p.Text, ": "):]
		}
	}
}

// shownArgs is what a report says of a command line.
func (o *output) shownArgs(args []string) []string {
	if o.redact {
		return []string{filepath.Base(args[0])}
	}
	return args
}

func newAnalyze(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "analyze [flags] FILE...",
		Short: "Judge saved captures",
		Long: `Reads pcap and pcapng files, gzip, zstd or bzip2 around them or not; - is standard input.
Several files are taken for one rotated set and read in order of their first packets; where
they overlap in time the report says so, and nothing passes. -r FILE is the same as FILE.
A report that --format json has written can be shown again, in another form.`,
		Example: `  tcpwarm analyze capture.pcap
  tcpwarm analyze --format json capture.pcapng | jq .verdict
  tcpwarm analyze --report html=report.html capture.pcap`,
	}
	analyzes(s, c)
	return c
}

// analyzes makes c a command that judges saved captures.
func analyzes(s *streams, c *cobra.Command) {
	var o output
	var files []string
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(cmd *cobra.Command, args []string) error {
		files := slices.Concat(files, args)
		if len(files) == 0 {
			return fmt.Errorf("%s: name a capture", cmd.Name())
		}
		if err := notAFilter(args); err != nil {
			return err
		}
		if err := o.check(); err != nil {
			return err
		}
		if len(files) == 1 && isReportFile(files[0]) {
			return o.reread(s, cmd, files[0])
		}
		return onlyAnalyzed(analyzeFiles(cmd.Context(), s, files, &o, nil))
	}
	o.flags(c.Flags())
	o.pick.flags(c.Flags())
	c.Flags().StringArrayVarP(&files, "read", "r", nil, "capture to judge, as any other `file` that is named (repeatable)")
}

// Text draws few connections: to keep more in full would only cost time.
const (
	textConnections  = 5000
	textTransactions = 10_000
)

// largeCapture is from how many bytes on hugePages is worth its time.
const largeCapture = 64 << 20

// analyzeFiles reads files, reports, and returns the report. An unreadable
// capture is reported as far as it goes, then comes its error. demands may be nil. o has been
// checked.
func analyzeFiles(ctx context.Context, s *streams, files []string, o *output, demands *verdict.Demands) (*report.Report, error) {
	if err := o.readAgain(files); err != nil {
		return nil, err
	}
	if err := o.refuseSameFiles(files...); err != nil {
		return nil, err
	}
	src, err := o.open(ctx, s, files)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	if _, size := src.Progress(); size >= largeCapture {
		hugePages()
	}
	p := newProgress(src, s.err)
	if o.format.value == "ndjson" { // its lines come meanwhile, perhaps on the same terminal
		p.to = nil
	}
	opts := analyze.Options{Demands: demands}
	if areFiles(files) {
		opts.Again = func() (analyze.Source, error) { return o.open(ctx, s, files) }
	}
	return o.analyze(ctx, s, p, opts, func(*report.Report) { p.clear() })
}

// areFiles reports whether all of names are regular files: these can be read once more.
func areFiles(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		info, err := os.Stat(name)
		return err != nil || !info.Mode().IsRegular()
	})
}

// open opens files, with the filter that was asked for.
func (o *output) open(ctx context.Context, s *streams, files []string) (input, error) {
	var e *filter.Expr
	if o.filter != "" {
		var err error
		if e, err = parseFilter(o.filter); err != nil {
			return nil, err
		}
	}
	return openInput(ctx, files, s.in, func(src *capture.Reader) {
		if e != nil {
			src.Filter(e)
		}
		if o.pick.given() {
			src.Between(o.pick.bounds)
		}
	})
}

// filterShown is the filter as a report may show it, and what part of the time is looked at.
func (o *output) filterShown() string {
	shown := o.filter
	if o.redact && o.filter != "" {
		shown = "(left out)"
	}
	return strings.TrimPrefix(shown+o.pick.String(), "; ")
}

// redactor returns what makes the stand-ins of this run, nil for none.
func (o *output) redactor() *redact.Redactor {
	if o.redact && o.standIns == nil {
		o.standIns = redact.New()
	}
	return o.standIns
}

// options sets those of opts that the flags know.
func (o *output) options(ctx context.Context, opts analyze.Options) (analyze.Options, error) {
	opts.Demands = o.look(opts.Demands)
	if opts.Demands == nil && o.filterShown() != "" { // one that lets nothing through is no look at anything
		opts.Demands = &verdict.Demands{Look: true}
	}
	opts.Workers, opts.Ignore, opts.OneClient, opts.Redact = o.workers, o.ignore.list, o.oneClient, o.redactor()
	if d := opts.Demands; d != nil {
		d.Redact, d.Filter = opts.Redact, o.filterShown()
	}
	if opts.Keys == nil {
		var err error
		if opts.Keys, err = o.keyLogs(ctx); err != nil {
			return opts, &codedError{exitInput, err}
		}
	}
	return opts, nil
}

// analyze analyses src and writes the report, to which amend may add. Options that
// o, which has been checked, knows are set.
func (o *output) analyze(ctx context.Context, s *streams, src analyze.Source, opts analyze.Options,
	amend func(*report.Report)) (*report.Report, error) {
	opts, err := o.options(ctx, opts)
	if err != nil {
		return nil, err
	}
	switch {
	case o.draws():
		opts.Limits.KeptConnections, opts.Limits.KeptTransactions = textConnections, textTransactions
	case o.format.value == "ndjson":
		opts.Final = func(c *report.Connection) error {
			if o.kernel.attach(c); o.series != "" {
				o.kernel.note(c)
			}
			return jsonreport.WriteConnection(s.out, c)
		}
	}
	opts.Limits.Memory = int64(o.memory)
	o.memory.obey()
	if o.writesHTML() {
		o.recorded = html.Recorded{Windows: new(growth.Recorder), Sequences: new(timesequence.Recorder)}
		opts.Samples = sampled(opts.Samples, o.recorded.Windows.Add)
		opts.Steps = o.recorded.Sequences.Add
	}
	lines, seriesErr := o.openSeries(s.out)
	if lines != nil {
		defer lines.Discard()
		opts.Series = lines
	}
	r, readErr := analyze.Run(ctx, src, opts)
	o.kernel.close()
	o.kernel.attachAll(r)
	if lines != nil {
		err := cmp.Or(o.kernel.writeSeries(lines, r), lines.Commit())
		if err != nil && readErr == nil { // else it is among the report's problems
			seriesErr = &segment.WriteError{Err: fmt.Errorf("%s: %w", o.series, err)}
		}
	}
	if seriesErr != nil {
		r.Lack(segment.ProblemOf(seriesErr))
	}
	r.Capture.Filter = o.filterShown()
	if amend != nil {
		amend(r)
	}
	writeErr := o.write(s.out, r)
	if o.unplaced > 0 {
		fmt.Fprintf(s.err, "tcpwarm: %s without room for comments: simple packet blocks\n", plural.Count(o.unplaced, "packet"))
	}
	if err := cmp.Or(readErr, seriesErr, writeErr); err != nil {
		return r, &codedError{exitInput, err}
	}
	return r, nil
}

// A seriesFile takes the series, and is kept or thrown away as a whole.
type seriesFile interface {
	io.Writer
	Commit() error
	Discard()
}

// seriesKind is what a format is called where the series has standard output instead of a report.
const seriesKind = "series"

// A shownSeries goes to standard output: what was written there has been read, perhaps.
type shownSeries struct{ io.Writer }

func (shownSeries) Commit() error { return nil }
func (shownSeries) Discard()      {}

// openSeries creates the file for the series, if one is asked for; "-" is w, standard output.
func (o *output) openSeries(w io.Writer) (seriesFile, error) {
	switch o.series {
	case "":
		return nil, nil
	case "-":
		return shownSeries{w}, nil
	}
	f, err := outfile.Create(o.series, outfile.Options{Perm: 0o666})
	if err != nil {
		return nil, &segment.WriteError{Err: fmt.Errorf("%s: %w", o.series, err)}
	}
	return f, nil
}

// draws reports whether all that is asked for are reports for people, who look at few connections.
func (o *output) draws() bool {
	drawn := []string{"text", "html"}
	other := func(where string) bool {
		kind, _, _ := strings.Cut(where, "=")
		return !slices.Contains(drawn, kind)
	}
	return slices.Contains(drawn, o.format.value) && !slices.ContainsFunc(o.reports, other)
}

// writesHTML reports whether a page is asked for.
func (o *output) writesHTML() bool {
	page := func(where string) bool { return strings.HasPrefix(where, "html=") }
	return o.format.value == "html" || slices.ContainsFunc(o.reports, page)
}

// A destination is a file that a report goes to.
type destination struct {
	name  string
	file  io.Writer
	done  func() error
	write func(io.Writer, *report.Report) error
}

// write shows r in the formats asked for: all that can be written, whatever else cannot.
// It returns the first error. Files are opened before any is written, and JUnit, where
// green is all that is looked at, is written after the others: so each report says which
// of the others are missing.
func (o *output) write(w io.Writer, r *report.Report) (first error) {
	lack := func(name string, err error) {
		if err != nil {
			err = &segment.WriteError{Err: fmt.Errorf("%s: %w", name, err)}
			r.Lack(segment.ProblemOf(err))
			o.hideWritten(&r.Capture)
			first = cmp.Or(first, err)
		}
	}
	o.hideWritten(&r.Capture)
	var to []destination
	for _, where := range junitLast(o.reports) {
		kind, name, _ := strings.Cut(where, "=")
		f, err := outfile.Create(name, fileOptions(kind))
		if lack(name, err); err == nil {
			defer f.Discard()
			to = append(to, destination{name, f, f.Commit, func(w io.Writer, r *report.Report) error {
				return o.writeAs(kind, w, r, text.Options{Width: 80, Limit: o.top, All: o.all})
			}})
		}
	}
	if name := os.Getenv("GITHUB_STEP_SUMMARY"); name != "" && o.format.value == "github" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if lack(name, err); err == nil {
			to = append(to, destination{name, f, f.Close, github.WriteSummary})
		}
	}
	for _, d := range to {
		err := d.write(d.file, r)
		if err == nil {
			err = d.done()
		}
		lack(d.name, err)
	}
	switch o.format.value {
	case "ndjson":
		return cmp.Or(first, jsonreport.WriteLines(w, r)) // the connections have been written
	case seriesKind: // it has been written
		return first
	}
	return cmp.Or(first, o.writeAs(o.format.value, w, r, text.Options{Width: width(w), Color: o.colored(w), Limit: o.top, All: o.all}))
}

// junitLast returns reports with those in JUnit behind the others, which these say are missing.
func junitLast(reports []string) []string {
	junit := func(where string) bool { return strings.HasPrefix(where, "junit=") }
	notJUnit := func(where string) bool { return !junit(where) }
	return slices.Concat(only(reports, notJUnit), only(reports, junit))
}

// only returns those of list that keep holds for.
func only(list []string, keep func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !keep(s) })
}

func (o *output) writeAs(kind string, w io.Writer, r *report.Report, as text.Options) error {
	switch kind {
	case pcapngKind:
		return o.writePackets(w, r)
	case "perfetto":
		return perfetto.Write(w, r)
	case "json":
		return jsonreport.Write(w, r)
	case "junit":
		return junit.Write(w, r)
	case "github":
		return github.Write(w, r)
	case "html":
		page := html.Options{All: as.All}
		if o.size != nil && o.size.Changed("top") { // a page takes more than text does, where nobody says how many
			page.Top = as.Limit
		}
		return html.Write(w, r, o.recorded, page)
	}
	return text.Write(w, r, as)
}

// reportKinds are those of formats that --report takes: NDJSON comes while connections end, so
// it is no second report.
func reportKinds(formats *choice) []string {
	return slices.Concat(only(formats.words, func(kind string) bool { return kind != "ndjson" }), formats.files)
}

// check refuses reports of kinds that there are none of, and more than one to standard
// output. One that goes there is the format.
func (o *output) check() error {
	switch {
	case o.size != nil && o.top < 1:
		return fmt.Errorf("--top %d: at least one is needed", o.top)
	case o.workers < 0:
		return fmt.Errorf("-j %d: must be 0 (one for each processor) or more", o.workers)
	case o.redact && strings.ContainsAny(o.server, "*?"):
		return fmt.Errorf("--server %q: with --redact names are stand-ins, which no pattern meets; name the host", o.server)
	}
	files, kinds := o.reports[:0:0], reportKinds(&o.format)
	for _, where := range o.reports {
		kind, name, ok := strings.Cut(where, "=")
		if known := slices.Contains(kinds, kind); !ok || !known || name == "" {
			suggestion := ""
			if !known && kind != "ndjson" {
				suggestion = nearest.Suggest(kind, kinds)
			}
			last := len(kinds) - 1
			return fmt.Errorf("--report %q: it is KIND=FILE, with %s or %s%s",
				where, strings.Join(kinds[:last], ", "), kinds[last], suggestion)
		}
		if name != "-" {
			files = append(files, where)
			continue
		}
		if o.format.given {
			return fmt.Errorf("--report %q: two reports to standard output", where)
		}
		o.format.value, o.format.given = kind, true
	}
	o.reports = files
	if o.series == "-" && o.format.value != seriesKind {
		if o.format.given {
			return errors.New("--series -: two reports to standard output")
		}
		o.format.value, o.format.given = seriesKind, true
	}
	if err := o.checkPackets(); err != nil {
		return err
	}
	return o.refuseSameFiles()
}

// colored decides on colour: the flag, then NO_COLOR, then whether anybody sees
// it.
func (o *output) colored(w io.Writer) bool {
	switch o.color.value {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && terminal(w) >= 0
}

// terminal returns w's file descriptor if it is a terminal, else -1.
func terminal(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return -1
	}
	return int(f.Fd())
}

// width returns how many columns w has: the terminal's, else $COLUMNS, else 80.
func width(w io.Writer) int {
	if fd := terminal(w); fd >= 0 {
		if n, _, err := term.GetSize(fd); err == nil && n > 0 {
			return n
		}
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	return 80
}
