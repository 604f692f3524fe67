//go:build unix

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"tcpwarm/analyze"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture"
	"tcpwarm/capture/process"
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
	f.BoolVar(&t.isolated, "isolated", false, "run the command in a network namespace of its own, with loopback only; needs no root")
	f.DurationVar(&t.settle, "settle", 2*time.Second, "longest `time` to wait for last packets after the command has ended")
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
	dir, err := os.MkdirTemp("", "tcpwarm-")
	if err != nil {
		return nil, &codedError{exitInput, err}
	}
	defer os.RemoveAll(dir)
	src, err := t.open(o.filter)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	spool := t.packets
	if spool == "" {
		spool = filepath.Join(dir, "packets.pcapng")
	}
	w := capture.NewWriter(capture.WriteOptions{Name: spool, Perm: 0o600})
	if err := w.Open(); err != nil {
		return nil, &codedError{exitInput, err}
	}
	src.Tee(w.Write)
	watch := newPump(src)

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, s.err, s.err
	if f, ok := s.err.(*os.File); !ok || f != os.Stderr {
		cmd.Stdin = s.in
	}
	keyLog := filepath.Join(dir, "keys")
	if err := t.prepare(cmd, dir, keyLog); err != nil {
		src.Stop()
		return nil, &codedError{exitInput, err}
	}
	var group *process.Watch
	scope := "every connection of the command's own network namespace"
	if !t.isolated {
		var err error
		if group, err = process.New(); err != nil {
			scope = fmt.Sprintf("every connection that was captured, because nothing tells the command's from others': %v", err)
		} else {
			group.Enter(cmd.SysProcAttr)
			scope = "the command's connections, told by its control group"
		}
	}
	became, runErr := runCommand(ctx, cmd)
	watch.settle(t.settle)
	if runErr != nil { // there is a report all the same, for whoever waits for one
		if o.redact { // the rest is its name
			for err := runErr; err != nil; err = errors.Unwrap(err) {
				runErr = err
			}
		}
		became = &report.Command{Exit: notStarted, Error: runErr.Error()}
	}
	t.became = became
	src.Stop()
	// Whatever ended the capture before its time, what was caught until then is judged.
	endErr := watch.wait()
	if err := w.Close(); err != nil {
		endErr = cmp.Or(endErr, error(&segment.WriteError{Err: err}))
		spool += ".partial"
	}
	var made map[process.Connection]bool
	if group != nil {
		var err error
		if made, err = group.Connections(); err != nil {
			return nil, &codedError{exitInput, err}
		}
		group.Close()
	}
	// What is left needs no rights, and reads what strangers have sent.
	if err := t.leaveRoot(spool); err != nil {
		return nil, &codedError{exitInput, err}
	}
	if became.Args, became.Scope = args, scope; o.redact {
		became.Args = []string{filepath.Base(args[0])}
	}
	demands.Command = true
	opts := analyze.Options{Demands: demands}
	switch {
	case group != nil:
		shown := make(map[process.Connection]bool, len(made))
		for c := range made {
			shown[process.Connection{Client: o.redactor().Endpoint(c.Client), Server: o.redactor().Endpoint(c.Server)}] = true
		}
		opts.Judged = func(client, server segment.Endpoint) bool {
			return shown[process.Connection{Client: client, Server: server}]
		}
	case !t.isolated && o.filter == "" && demands.Server == "":
		demands.Doubt = "the connections may be another program's: narrow them by -f or --server, or use --isolated"
	}
	opts.Keys, err = t.keys(o, keyLog)
	switch {
	case opts.Keys == nil:
		return nil, &codedError{exitInput, err}
	case err != nil: // --keep-keys
		endErr = cmp.Or(endErr, error(&segment.WriteError{Err: err}))
	}
	var saved input = &nothingRead{src.Totals().Files, io.EOF}
	if file, err := capture.Open(spool); err == nil {
		saved = file
	} else if endErr == nil {
		return nil, &codedError{exitInput, err}
	}
	defer saved.Close()
	counted := &countedSource{input: saved, live: src.Totals()}
	if became.Interrupted || ctx.Err() != nil {
		endErr = cmp.Or(endErr, error(&analyze.Interrupted{Packets: counted.live.Packets, Share: -1, Err: context.Canceled}))
		ctx = context.WithoutCancel(ctx)
	}
	if endErr != nil {
		counted.ended = []segment.Problem{segment.ProblemOf(endErr)}
	}
	r, err := o.analyze(ctx, s, counted, opts, func(r *report.Report) { r.Ran(became) })
	if err == nil && endErr != nil {
		err = &codedError{exitInput, endErr}
	}
	return r, err
}

// leaveRoot becomes the user who called sudo, who gets the packets.
func (t *trial) leaveRoot(spool string) error {
	who, err := invoker()
	if err != nil || who == nil || t.asRoot {
		return err
	}
	if err := os.Chown(spool, who.uid, who.gid); err != nil {
		return err
	}
	return dropRoot("")
}

// prepare gives the command its user, its environment and its key log.
func (t *trial) prepare(cmd *exec.Cmd, dir, keyLog string) error {
	f, err := os.OpenFile(keyLog, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	env := os.Environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: false}
	who, err := invoker()
	if err != nil {
		return err
	}
	if who != nil && !t.asRoot {
		groups := make([]uint32, len(who.groups))
		for i, g := range who.groups {
			groups[i] = uint32(g)
		}
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid), Groups: groups}
		for _, name := range []string{dir, keyLog} {
			if err := os.Chown(name, who.uid, who.gid); err != nil {
				return err
			}
		}
		env = append(env, "USER="+who.name, "LOGNAME="+who.name)
		if who.home != "" {
			env = append(env, "HOME="+who.home)
		}
	}
	options := strings.TrimSpace(os.Getenv("NODE_OPTIONS") + " --tls-keylog=" + keyLog)
	cmd.Env = append(env, "SSLKEYLOGFILE="+keyLog, "NODE_OPTIONS="+options)
	return nil
}

// keys reads what the command has logged, beside what was given.
func (t *trial) keys(o *output, keyLog string) (*tls.Keys, error) {
	keys, err := o.keyLogs()
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(keyLog)
	if err != nil {
		return nil, err
	}
	keys.Add(strings.NewReader(string(b))) // a line cut off at the end costs only itself
	if t.keepKeys != "" {
		return keys, os.WriteFile(t.keepKeys, b, 0o600)
	}
	return keys, nil
}

// runCommand runs cmd to its end. A signal that ends us goes to it first; its end
// is ours.
func runCommand(ctx context.Context, cmd *exec.Cmd) (*report.Command, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	// A terminal sends Ctrl-C to both of us; others send a signal to us alone.
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(terms)
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var err error
	interrupted := false
	for ended := false; !ended; {
		select {
		case err = <-done:
			ended = true
		case sig := <-terms:
			interrupted = true
			cmd.Process.Signal(sig)
		case <-ctx.Done():
			interrupted = true
			cmd.Process.Signal(syscall.SIGTERM)
			select {
			case err = <-done:
			case <-time.After(5 * time.Second):
				cmd.Process.Kill()
				err = <-done
			}
			ended = true
		}
	}
	became := &report.Command{Interrupted: interrupted}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	if became.Exit = cmd.ProcessState.ExitCode(); became.Exit < 0 {
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			became.Signal = status.Signal().String()
		}
	}
	return became, nil
}

// A pump reads a live capture, for its Tee's sake.
type pump struct {
	src  *capture.Live
	last chan time.Time // has the time of the latest packet
	done chan error
}

func newPump(src *capture.Live) *pump {
	p := &pump{src, make(chan time.Time, 1), make(chan error, 1)}
	p.last <- time.Now()
	go func() {
		var b segment.Batch
		for {
			err := src.Fill(&b)
			if len(b.Segments) > 0 {
				<-p.last
				p.last <- time.Now()
			}
			if err != nil {
				if errors.Is(err, io.EOF) {
					err = nil
				}
				p.done <- err
				return
			}
		}
	}()
	return p
}

// settle waits until no packet has come for a while, but no longer than most.
func (p *pump) settle(most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		last := <-p.last
		p.last <- last
		if time.Since(last) > quiet {
			return
		}
	}
}

func (p *pump) wait() error { return <-p.done }

// A countedSource is a saved capture with the problems of the live one it was
// saved from.
type countedSource struct {
	input
	live  segment.Totals
	ended []segment.Problem // what ended it before its time
}

// Totals returns the sums of the file, and what the kernel dropped.
func (c *countedSource) Totals() segment.Totals {
	t := c.input.Totals()
	t.Files = c.live.Files
	for _, p := range c.live.Problems {
		if p.Kind == segment.KernelDropped {
			t.Problems = append(t.Problems, p)
		}
	}
	t.Problems = append(t.Problems, c.ended...)
	return t
}
