//go:build unix

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"tcpwarm/analyze"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture"
	"tcpwarm/capture/outfile"
	"tcpwarm/capture/segment"
)

// A trial runs a command while capturing and judges its packets. They are written
// to a file of their own first: so nothing is lost while they are analysed, and
// TLS keys that the command logs are all there before they are needed.
type trial struct {
	live
	asRoot   bool
	isolated bool
	settle   time.Duration
	keepKeys string
	packets  string // keep the packets in this file

	became *report.Command // once it has ended, nil before
}

func (t *trial) flags(f *pflag.FlagSet) {
	t.live.flags(f)
	f.BoolVar(&t.asRoot, "as-root", false, "under sudo: run the command as root all the same")
	f.BoolVar(&t.isolated, "isolated", false,
		"run the command in a network namespace of its own, with loopback only; needs no root, and no binary with setcap")
	f.DurationVar(&t.settle, "settle", 2*time.Second, "longest `time` to wait for last packets after the command has ended")
	t.screen.want = choice{value: "auto", words: []string{"auto", "always", "never"}}
	f.Var(&t.screen.want, "live",
		"show on the terminal what goes on: auto (below what the command prints), always (instead; it has no terminal then) or never")
	f.StringVar(&t.keepKeys, "keep-keys", "", "keep the TLS keys that the command logs in this `file`")
	f.StringVarP(&t.packets, "write", "w", "", "keep the packets in this pcapng `file`")
}

// notStarted is the exit code of a command that could not be started, as a shell has it
// (POSIX, Shell Command Language, section 2.8.2).
const notStarted = 127

// quiet is how long no packet must come for the capture to be over.
const quiet = 300 * time.Millisecond

// run captures, runs args, judges, and returns the report and what became of the
// command.
func (t *trial) run(ctx context.Context, s *streams, o *output, demands *verdict.Demands, args []string) (*report.Report, error) {
	signals := catchEndings() // before there is anything to leave behind
	defer signal.Stop(signals)
	if err := notThere(args[0]); err != nil {
		return t.notThere(ctx, s, o, demands, args, err)
	}
	e, err := t.enter()
	if err != nil {
		return nil, &codedError{exitInput, err}
	}
	defer e.leave()
	o.kernel = askKernel(o.redactor())
	defer o.kernel.close()
	rec, err := t.record(o.filter, e.packets, o.kernel)
	if err != nil {
		return nil, err
	}
	defer rec.src.Close()
	seen, err := t.show(s, e, rec, o, func() {
		select {
		case signals <- os.Interrupt:
		default:
		}
	})
	if err != nil {
		return nil, &codedError{exitInput, err}
	}

	cmd := s.command(args)
	e.prepare(cmd)
	seen.detach(cmd)
	own := t.own()
	defer own.close()
	own.enter(cmd)
	defer seen.close()
	seen.follow(own.group)
	became, ended, runErr := runCommand(ctx, &child{cmd, own.group}, signals)
	if sig := rec.watch.settle(t.settle, signals); ended == nil {
		ended = sig
	}
	if runErr != nil { // there is a report all the same, for whoever waits for one
		became = &report.Command{Exit: notStarted, Error: o.shown(runErr)}
	}
	t.became = became
	seen.close()
	endErr, whole := rec.stop()
	o.kernel.close()
	if err := own.collect(); err != nil {
		return nil, &codedError{exitInput, err}
	}
	logged, err := e.finish(whole)
	if logged == nil {
		return nil, &codedError{exitInput, err}
	}
	endErr = cmp.Or(endErr, err)
	signal.Stop(signals) // nothing is left behind any more
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	became.Args, became.Scope = o.shownArgs(args), own.scope
	return t.judge(ctx, s, o, demands, &captured{rec, own, logged, ended, endErr})
}

// What was captured while a command ran.
type captured struct {
	rec    *recording
	own    *ownConns         // which of the connections are the command's
	logged *io.SectionReader // its TLS keys
	ended  os.Signal         // that ended it before its time, nil: none did
	endErr error             // of the capture, nil: it is whole
}

// judge reports on x by demands. Its error says what x lacks, too.
func (t *trial) judge(ctx context.Context, s *streams, o *output, demands *verdict.Demands, x *captured) (
	*report.Report, error) {
	demands.Command = true
	opts := analyze.Options{Demands: demands}
	switch {
	case x.own.group != nil:
		opts.Judged = x.own.judged(o)
	case !t.isolated && o.filter == "" && demands.Server == "":
		demands.Doubt = "the connections may be another program's: narrow them by -f or --server, or use --isolated"
	}
	var err error
	if opts.Keys, err = o.keyLogs(context.WithoutCancel(ctx)); err != nil {
		return nil, &codedError{exitInput, err}
	}
	opts.Keys.Add(x.logged) // a line cut off at the end costs only itself
	endErr := x.endErr
	if err := t.keep(x.logged); err != nil {
		endErr = cmp.Or(endErr, error(&segment.WriteError{Err: err}))
	}
	if x.ended != nil { // it weighs more than what else there is
		endErr = &interruptedError{x.ended}
		ctx = context.WithoutCancel(ctx)
	}
	var ran []segment.Problem
	if x.own.lost > 0 {
		ran = append(ran, ownerNotKnown(x.own.lost))
	}
	saved, err := x.rec.read(cmp.Or(t.packets, "packets"), func(*capture.Reader) error { return nil }, endErr, ran...)
	if err != nil {
		return nil, &codedError{exitInput, err}
	}
	defer saved.Close()
	o.again = func() (*capture.Reader, error) { return capture.OpenReader("packets", x.rec.spool.reader()) }
	opts.Again = func() (analyze.Source, error) { return o.again() }
	r, err := o.analyze(ctx, s, saved, opts, func(r *report.Report) { r.Ran(t.became) })
	if err == nil && endErr != nil || x.ended != nil {
		err = &codedError{exitInput, endErr}
	}
	return r, err
}

// command is what args name, with the streams of s.
func (s *streams) command(args []string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, s.err, s.err
	if f, ok := s.err.(*os.File); !ok || f != os.Stderr {
		cmd.Stdin = s.in
	}
	return cmd
}

// notThere returns why a command cannot even be tried: nothing has its name. What the hint is for is a saved
// capture that was mistyped.
func notThere(command string) error {
	_, err := exec.LookPath(command)
	if !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err = fmt.Errorf("%s: %w", command, errNotThere)
	if captureName.MatchString(command) {
		err = &suggested{err, "; a saved capture goes to -r: tcpwarm verify -r " + command}
	}
	return err
}

var errNotThere = errors.New("there is no such command")

// captureName is what saved captures are called.
var captureName = regexp.MustCompile(`\.(pcap|pcapng|cap|dmp)(\d|\.gz|\.zst|\.bz2)?$`)

// notThere is run for a command that is not there: nothing is captured for it. There is a report for whoever waits
// for one, which only a file or a format for programs does.
func (t *trial) notThere(ctx context.Context, s *streams, o *output, demands *verdict.Demands, args []string, why error) (
	*report.Report, error) {
	t.became = &report.Command{Args: o.shownArgs(args), Exit: notStarted, Error: o.shown(why)}
	if o.format.value == "text" && len(o.reports) == 0 {
		return nil, nil
	}
	demands.Command = true
	none := &nothingRead{t.ifaces, io.EOF}
	return o.analyze(ctx, s, none, analyze.Options{Demands: demands}, func(r *report.Report) { r.Ran(t.became) })
}

// ownerNotKnown returns the problem that n of the command's connections were not noted as its own.
func ownerNotKnown(n int64) segment.Problem {
	return segment.Problem{Kind: segment.OwnerNotKnown, Count: n,
		Text: "connections that the command opened beyond those that are told from others'; not judged"}
}

// keep writes what the command has logged to the file that was asked for. The file is
// always a new one: who has opened the old one, or may read it, must not get keys.
func (t *trial) keep(logged *io.SectionReader) error {
	if t.keepKeys == "" {
		return nil
	}
	f, err := outfile.Create(t.keepKeys, outfile.Options{Perm: 0o600, Replace: true})
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := io.Copy(f, io.NewSectionReader(logged, 0, logged.Size())); err != nil {
		return err
	}
	return f.Commit()
}

// runCommand runs a command to its end, or to that of our own: then the signal that
// ended both comes with it.
func runCommand(ctx context.Context, c *child, signals <-chan os.Signal) (*report.Command, os.Signal, error) {
	if err := c.cmd.Start(); err != nil {
		return nil, nil, err
	}
	return awaitCommand(ctx, c, signals)
}

// awaitCommand is runCommand for one that was started.
func awaitCommand(ctx context.Context, c *child, signals <-chan os.Signal) (*report.Command, os.Signal, error) {
	ended, err := c.wait(ctx, signals)
	became := &report.Command{}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, ended, err
	}
	if became.Exit = c.cmd.ProcessState.ExitCode(); became.Exit < 0 {
		if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			became.Signal = status.Signal().String()
		}
	}
	return became, ended, nil
}
