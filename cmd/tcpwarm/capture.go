package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/net/bpf"

	"tcpwarm/analyze"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/nearest"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/text"
	"tcpwarm/capture"
	"tcpwarm/capture/filter"
	"tcpwarm/capture/segment"
	"tcpwarm/cmd/tcpwarm/internal/liveview"
)

// live says how to capture, by tcpdump's letters.
type live struct {
	ifaces      []string
	snapLen     int
	ringKiB     int
	noPromisc   bool
	user        string
	fileMB      int64
	files       int
	everySecond int
	unbuffered  bool
	write       string
	count       int64
	duration    time.Duration
	every       time.Duration
	screen      screen
}

func (l *live) flags(f *pflag.FlagSet) {
	f.StringSliceVarP(&l.ifaces, "interface", "i", []string{capture.Any},
		"interface to capture on, by its `name` (repeatable); any is all of them")
	f.IntVarP(&l.snapLen, "snapshot-length", "s", 0, "`bytes` kept of a packet (0: 262144)")
	f.IntVarP(&l.ringKiB, "buffer-size", "B", 0, "`KiB` of kernel memory for packets (0: 32768)")
	f.BoolVarP(&l.noPromisc, "no-promiscuous-mode", "p", false, "take only what is for this machine")
}

// open begins to capture what expression lets through.
func (l *live) open(expression string) (*capture.Live, error) {
	o := capture.LiveOptions{Interfaces: l.ifaces, SnapLen: l.snapLen, RingBytes: l.ringKiB << 10, Promiscuous: !l.noPromisc}
	e, err := parseFilter(expression)
	if err != nil {
		return nil, err
	}
	if expression != "" || l.snapLen > 0 { // the kernel keeps no more of a packet than its filter says
		o.Filter = func(link uint32) ([]bpf.RawInstruction, error) {
			return e.Compile(filter.Target{Link: link, Any: link == capture.LinkAny,
				Kernel: capture.FiltersInKernel, SnapLen: l.snapLen})
		}
	}
	src, err := capture.OpenLive(o)
	if err != nil {
		if names := interfaceNames(); len(names) > 1 {
			for _, i := range l.ifaces {
				if s := nearest.Suggest(i, names); s != "" && !slices.Contains(names, i) {
					err = &suggested{err, s}
				}
			}
		}
		return nil, &codedError{exitInput, err}
	}
	return src, nil
}

func newCapture(s *streams) *cobra.Command {
	var o output
	var l live
	c := &cobra.Command{
		Use:   "capture [flags] [filter expression]",
		Short: "Judge connections as they happen, until Ctrl-C",
		Long: `Captures on an interface, says for each connection why it was opened as soon as
that is certain, and reports at the end: at Ctrl-C, after -c packets, or after
--duration. The filter is tcpdump's language.

On a terminal it shows meanwhile pools, the connections of one of them in time, and
why they were opened; the keys are named there, q or Ctrl-C end the capture. Where
standard output is the same terminal the report follows. --live never has lines instead.

Needs the right to capture: sudo, or once
  sudo setcap cap_net_raw+ep $(command -v tcpwarm)
Under sudo, root is given up once the interface is open (-Z).`,
		Example: `  sudo tcpwarm capture -i eth0 'tcp port 443'
  sudo tcpwarm capture -i lo -w keep.pcapng tcp port 8080`,
		RunE: func(cmd *cobra.Command, words []string) error {
			if err := l.check(); err != nil {
				return err
			}
			if len(words) == 1 && isCapture(words[0]) {
				return fmt.Errorf("capture: %s is a file; tcpwarm analyze reads it", words[0])
			}
			if len(words) > 0 && o.filter != "" {
				return errors.New("capture: two filters, one by -f and one in words; name one")
			}
			return l.run(cmd.Context(), s, &o, strings.Join(words, " "))
		},
	}
	f := c.Flags()
	o.flags(f)
	f.Lookup("filter").Hidden = true
	l.flags(f)
	f.StringVarP(&l.write, "write", "w", "", "keep the packets in this pcapng `file`; - is standard output")
	f.Int64VarP(&l.count, "count", "c", 0, "end after so many `packets`")
	f.DurationVar(&l.duration, "duration", 0, "end after this `time`, such as 30s")
	f.DurationVar(&l.every, "every", 10*time.Second,
		"with text that is not for a terminal: say how all stands every so much `time`; 0: never")
	l.screen.flag(f, "unless lines come there: NDJSON, or through a pipe")
	f.Int64VarP(&l.fileMB, "file-size", "C", 0, "with -w: begin another file after so many millions of `bytes`")
	f.IntVarP(&l.files, "file-count", "W", 0, "begin again with the first after so many `files` of -C; without -C: end after so many of -G")
	f.IntVarP(&l.everySecond, "rotate-seconds", "G", 0,
		"with -w: begin another file every so many `seconds`; its name is a pattern of strftime")
	f.BoolVarP(&l.unbuffered, "packet-buffered", "U", false, "with -w: write each packet at once")
	f.StringVarP(&l.user, "relinquish-privileges", "Z", "",
		"`user` to become once the interface is open (default: the one who called sudo)")
	f.BoolP("list-interfaces", "D", false, "list the interfaces and leave")
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, words []string) error {
		if list, _ := cmd.Flags().GetBool("list-interfaces"); list {
			return listInterfaces(s)
		}
		return run(cmd, words)
	}
	return c
}

// check refuses flags of a file's parts where there is no such file.
func (l *live) check() error {
	switch {
	case l.write == "" && (l.fileMB != 0 || l.files != 0 || l.everySecond != 0 || l.unbuffered):
		return errors.New("capture: -C, -W, -G and -U are for the file that -w names; there is none")
	case l.files != 0 && l.fileMB == 0 && l.everySecond == 0:
		return errors.New("capture: -W counts the files that -C or -G begins; there is neither")
	case min(l.fileMB, int64(l.files), int64(l.everySecond)) < 0:
		return errors.New("capture: -C, -W and -G take no number below 0")
	case l.everySecond != 0:
		if err := capture.CheckPattern(l.write); err != nil {
			return fmt.Errorf("capture: with -G the name of -w is a pattern of strftime: %w", err)
		}
	}
	return nil
}

// refuse refuses outputs that make no sense together.
func (l *live) refuse(o *output) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := o.refuseSameFiles(l.write); err != nil {
		return err
	}
	return l.keeps(o)
}

// run captures what expression lets through, tells of it meanwhile, and reports.
func (l *live) run(ctx context.Context, s *streams, o *output, expression string) error {
	if expression == "" {
		expression = o.filter
	}
	if err := l.refuse(o); err != nil {
		return err
	}
	shown, err := l.screen.wanted(s, !isPipe(s.out) && (o.format.value != "ndjson" || terminal(s.out) < 0))
	if err != nil {
		return err
	}
	src, err := l.open(expression)
	if err != nil {
		return err
	}
	defer src.Close()
	o.kernel = askKernel(o.redactor())
	defer o.kernel.close()
	root := os.Geteuid() == 0
	if err := dropRoot(l.user); err != nil {
		return &codedError{exitInput, err}
	}
	packets, err := o.grown(src)
	if err != nil {
		return &codedError{exitInput, err}
	}
	o.filter = expression
	reports := s.out
	var kept *capture.Writer
	if l.write != "" {
		if kept, err = l.openWriter(root, o.wants(pcapngKind)); err != nil {
			return &codedError{exitInput, err}
		}
		defer kept.Release()
		o.again = kept.Read
		src.Tee(func(f *capture.Frame) error {
			err := kept.Write(f)
			if errors.Is(err, capture.ErrEnough) {
				src.Stop()
				return nil
			}
			return err
		})
		if l.write == "-" {
			reports = s.err
		}
	}
	src.Limit(l.count)
	if l.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.duration)
		defer cancel()
	}
	stopAtEnd := context.AfterFunc(ctx, src.Stop)
	defer stopAtEnd()
	fmt.Fprintf(s.err, "tcpwarm: listening on %s\n", strings.Join(l.ifaces, ", "))
	counted := &meter{Source: packets, live: src}
	opts, stands := l.tell(o, counted, s.err, reports, shown)
	if shown {
		if err := l.showLive(ctx, o, counted, &opts); err != nil {
			return &codedError{exitInput, err}
		}
		defer l.screen.view.Close()
	}
	// The context ends the source, which hands on what it has: so the analysis
	// itself is not cancelled.
	var keepErr error
	watched := &watchedSource{counted, o.kernel}
	r, err := o.analyze(context.WithoutCancel(ctx), &streams{s.in, reports, s.err}, watched, opts, func(r *report.Report) {
		stands.clear()
		l.screen.view.Close()
		keepErr = closeWriter(kept, r)
	})
	printCounters(s.err, src.Counters())
	if err == nil && keepErr != nil {
		err = &codedError{exitInput, keepErr}
	}
	return onlyAnalyzed(r, err)
}

// showLive shows on the terminal what m counts and what opts tells of.
func (l *live) showLive(ctx context.Context, o *output, m *meter, opts *analyze.Options) error {
	w := liveview.New(m.counts, l.looksAt(o))
	watched(w, opts)
	if err := l.screen.show(w, o, captureTitle(l.ifaces, o.filterShown()), m.live.Stop); err != nil {
		return err
	}
	l.screen.endsWith(ctx)
	return nil
}

// printCounters says what the kernel has counted, in tcpdump's words.
func printCounters(w io.Writer, n capture.Counters) {
	fmt.Fprintf(w, "%d packets captured\n%d packets received by filter\n%d packets dropped by kernel\n",
		n.Captured, n.Received, n.Dropped)
}

// A watchedSource has the kernel asked about its sockets as messages begin.
type watchedSource struct {
	analyze.Source
	kernel *kernelWindows
}

// Fill is as analyze.Source has it.
func (w *watchedSource) Fill(b *segment.Batch) error {
	err := w.Source.Fill(b)
	w.kernel.look(b)
	return err
}

// looksAt returns whether a pool is one that was asked for, nil where all are.
func (l *live) looksAt(o *output) func(*pool.Pool) bool {
	demands := o.look(nil)
	if demands == nil {
		return nil
	}
	return func(p *pool.Pool) bool { return len(demands.Of([]*pool.Pool{p})) > 0 }
}

// tell has what becomes certain be told while the capture goes on: lines in text, and how all stands. Where all
// that is shown on the terminal, nothing else is told there.
func (l *live) tell(o *output, m *meter, errw, reports io.Writer, shown bool) (analyze.Options, *statusLine) {
	of := l.looksAt(o)
	opts := analyze.Options{Keys: tls.NewKeys()} // those of the logs come with the packets
	lines := o.format.value == "text" && !(shown && terminal(reports) >= 0)
	to := reports
	if !lines {
		to = nil
	}
	stands := newStatusLine(m, errw, to, l.every, of)
	if shown {
		stands.status = nil
	}
	opts.Standing = stands.look
	if !lines {
		return opts, stands
	}
	line := func(s string) {
		stands.clear()
		fmt.Fprintln(reports, s)
	}
	if of == nil { // an opening has no name by which it could be told whose it is
		opts.Watch = func(d *pool.Decision) { line(text.OpenedLine(d)) }
	}
	opts.VerdictChanged = func(p *pool.Pool, now segment.Time, was, is pool.Verdict) {
		if of == nil || of(p) {
			line(text.VerdictLine(p, now, was, is))
		}
	}
	return opts, stands
}

// keeps refuses the packets again as a report where they are not kept in one file.
func (l *live) keeps(o *output) error {
	switch {
	case !o.wants(pcapngKind):
	case l.write == "" || l.write == "-":
		return errors.New("capture: --report pcapng: the packets are read again for it; keep them in a file with -w")
	case l.fileMB != 0 || l.everySecond != 0:
		return errors.New("capture: --report pcapng: the packets are read again for it; keep them in one file, without -C and -G")
	}
	return nil
}

// openWriter opens the file that packets are kept in. wasRoot says that we could have
// written anywhere before root was given up, again that the file is to be read again.
func (l *live) openWriter(wasRoot, again bool) (*capture.Writer, error) {
	w := capture.NewWriter(capture.WriteOptions{Name: l.write, Bytes: l.fileMB * 1e6, Files: l.files,
		Every: time.Duration(l.everySecond) * time.Second, Unbuffer: l.unbuffered, Again: again})
	err := w.Open()
	if errors.Is(err, fs.ErrPermission) && wasRoot && os.Geteuid() != 0 {
		err = fmt.Errorf("%w; root was given up, and the folder is another's: -Z root keeps the right to write there", err)
	}
	return w, err
}

// closeWriter ends the file of w, which may be nil. If that fails, and no write has failed
// before, r says so.
func closeWriter(w *capture.Writer, r *report.Report) error {
	if w == nil {
		return nil
	}
	err := w.Close()
	if err == nil {
		return nil
	}
	err = &segment.WriteError{Err: err}
	p := segment.ProblemOf(err)
	if !slices.ContainsFunc(r.Capture.Problems, func(q report.Problem) bool { return segment.Problem(q) == p }) {
		r.Lack(p)
	}
	return err
}

func newInterfaces(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "interfaces",
		Short: "List what can be captured on",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return listInterfaces(s) },
	}
}

func listInterfaces(s *streams) error {
	all, err := net.Interfaces()
	if err != nil {
		return &codedError{exitInput, err}
	}
	var lines strings.Builder
	for _, i := range all {
		var addrs []string
		if list, err := i.Addrs(); err == nil {
			for _, a := range list {
				addrs = append(addrs, a.String())
			}
		}
		fmt.Fprintf(&lines, "%-16s %-30s %s\n", i.Name, i.Flags, strings.Join(addrs, " "))
	}
	fmt.Fprintf(&lines, "%-16s %s\n", capture.Any, "all of them")
	return s.print(lines.String())
}
