package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"tcpwarm/analyze"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/outfile"
	"tcpwarm/cmd/tcpwarm/internal/liveview"
)

// A screen is whether a capture is shown on a terminal while it goes on, and how.
type screen struct {
	want choice
	in   *os.File
	out  *os.File
	view *liveview.View // nil: it is not shown

	beside bool // the terminal is a command's, too
}

// flag is --live. auto says, in help, where it is shown.
func (c *screen) flag(f *pflag.FlagSet, auto string) {
	c.want = choice{value: "auto", words: []string{"auto", "always", "never"}}
	f.Var(&c.want, "live", "show on the terminal what goes on: auto ("+auto+"), always or never")
}

// possible reports whether there is a terminal to show it on, which is that of standard error, and which
// has the keys.
func (c *screen) possible(s *streams) bool {
	out, ok1 := s.err.(*os.File)
	in, ok2 := s.in.(*os.File)
	if !ok1 || !ok2 || terminal(out) < 0 || terminal(in) < 0 || os.Getenv("TERM") == "dumb" || inBackground(in) {
		return false
	}
	c.in, c.out = in, out
	return true
}

// place finds the terminal for a view of what a command does, if one is wanted: it may have no keys.
func (c *screen) place(s *streams) error {
	if c.want.value == "never" {
		return nil
	}
	if c.want.value == "auto" {
		c.beside = c.possible(s) && os.Getenv("TERM") != "" && sameTerminal(s.in, s.out, s.err)
		if c.in = nil; !c.beside {
			c.out = nil
		}
		return nil
	}
	for _, w := range []io.Writer{s.err, s.out} {
		if f, ok := w.(*os.File); ok && c.out == nil && terminal(f) >= 0 {
			c.out = f
		}
	}
	if f, ok := s.in.(*os.File); ok && terminal(f) >= 0 {
		c.in = f
	}
	if c.out == nil || os.Getenv("TERM") == "dumb" || inBackground(c.out) {
		return errors.New("--live always: standard error, or standard output, must be a terminal, and this its foreground job")
	}
	return nil
}

// wanted reports whether it is to be shown; auto is what --live auto means here.
func (c *screen) wanted(s *streams, auto bool) (bool, error) {
	switch c.want.value {
	case "never":
		return false, nil
	case "always":
		if !c.possible(s) {
			return false, errors.New("--live always: standard input and standard error must be a terminal, and this its foreground job")
		}
		return true, nil
	}
	return auto && c.possible(s), nil
}

// isPipe reports whether w is a pipe: its reader may write to the terminal, as tee and grep do.
func isPipe(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeNamedPipe != 0
}

// show begins to show what opts' analysis sees. end ends the capture.
func (c *screen) show(w *liveview.Watch, o *output, title string, end func()) (err error) {
	c.view, err = liveview.Show(w, liveview.Options{Title: title, In: c.in, Out: c.out, Color: o.colored(c.out),
		End: end, Save: saveScreen})
	return err
}

// watched lets w watch what is analysed with opts.
func watched(w *liveview.Watch, opts *analyze.Options) {
	opts.Happened = w.Happened
	if stands := opts.Standing; stands != nil {
		opts.Standing = func(j *pool.Judge, found verdict.Counts) { stands(j, found); w.Standing(j, found) }
	} else {
		opts.Standing = w.Standing
	}
	opts.Watch = both(opts.Watch, w.Decided)
	opts.Samples = sampled(opts.Samples, w.Samples)
}

// both calls f, if it is not nil, and g.
func both(f, g func(*pool.Decision)) func(*pool.Decision) {
	if f == nil {
		return g
	}
	return func(d *pool.Decision) { f(d); g(d) }
}

// A sampler is what analyze.Options.Samples is.
type sampler = func(connection int64, byClient bool, list []tcp.Sample)

// sampled calls f, if it is not nil, and g.
func sampled(f, g sampler) sampler {
	if f == nil {
		return g
	}
	return func(connection int64, byClient bool, list []tcp.Sample) {
		f(connection, byClient, list)
		g(connection, byClient, list)
	}
}

// endsWith closes the view when ctx ends, before a second signal may kill.
func (c *screen) endsWith(ctx context.Context) {
	context.AfterFunc(ctx, c.view.Close)
}

// saveScreen writes a new file in the current folder.
func saveScreen(text string) (name string, err error) {
	name = "tcpwarm-" + time.Now().Format("20060102-150405.000") + ".txt"
	f, err := outfile.Create(name, outfile.Options{Perm: 0o666, Replace: true})
	if err != nil {
		return "", err
	}
	defer f.Discard()
	if _, err := f.Write([]byte(text)); err != nil {
		return "", err
	}
	return name, f.Commit()
}

// captureTitle says what is captured.
func captureTitle(ifaces []string, expression string) string {
	return strings.TrimSpace("tcpwarm on " + strings.Join(ifaces, ", ") + "  " + expression)
}
