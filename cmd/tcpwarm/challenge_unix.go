//go:build unix

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"tcpwarm/analyze"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture"
	"tcpwarm/capture/filter"
	"tcpwarm/capture/segment"
	"tcpwarm/cmd/tcpwarm/internal/challenge"
	"tcpwarm/pcaps/scenario"
)

// clientPatience is how long a command may take.
var clientPatience = scenario.Patience{First: 10 * time.Second, Next: 3 * time.Second, Then: 500 * time.Millisecond,
	End: 10 * time.Second}

// playTime is how long a command may take in all.
const playTime = 30 * time.Second

// mostHung is how often a command may have to be ended before the rest is left out.
const mostHung = 3

// settleTime is how long last packets are waited for at most.
const settleTime = 2 * time.Second

// A scenarioRun is one scenario and what came of its command.
type scenarioRun struct {
	server *scenario.Server
	ran    challenge.Ran
	left   string // why it was not played, "" if it was
}

// A session is all scenarios as they were played, and what there is to judge them by.
type session struct {
	runs  []*scenarioRun
	spool *spool
	rec   *recording // nil: nothing could be captured
	noRec error      // why
	err   error      // why not all were played to their end
	ended error      // what ended the capture before its time
}

// run plays the scenarios, judges them, and writes what came of them.
func (x *examination) run(ctx context.Context, s *streams, chosen []*scenario.Scenario, args []string) error {
	played, err := x.play(ctx, chosen, args)
	if err != nil {
		return err
	}
	defer played.close()
	result := &examined.Report{Schema: examined.Schema, Args: x.output.shownArgs(args), Evidence: examined.OnTheWire}
	if played.rec == nil {
		result.Evidence = examined.ServersView
		if played.noRec != nil {
			result.Because = "sudo or --isolated judges on the wire; " + x.output.shown(played.noRec)
		}
	}
	failed := cmp.Or(played.err, played.ended)
	if failed != nil {
		result.Problem = x.output.shown(failed)
	}
	for _, p := range played.runs {
		row, err := x.judge(context.WithoutCancel(ctx), p, played.rec, played.ended)
		if err != nil {
			return &codedError{exitInput, err}
		}
		result.Rows = append(result.Rows, row)
	}
	challenge.Advise(result.Rows)
	result.Conclude()
	if err := x.write(s.out, result); err != nil {
		return &codedError{exitInput, err}
	}
	var start *startError
	switch {
	case errors.As(failed, &start):
		return &codedError{exitCommand, failed}
	case failed != nil:
		return &codedError{exitInput, failed}
	case result.Outcome == verdict.Failed:
		return &codedError{exitFinding, nil}
	case result.Outcome == verdict.Undecided:
		return &codedError{exitUnknown, nil}
	}
	return nil
}

func (s *session) close() {
	if s.rec != nil {
		s.rec.src.Close()
	}
	s.spool.close()
}

// play plays the scenarios, captured if they can be. Nothing is left running, and root is given
// up under sudo.
func (x *examination) play(ctx context.Context, chosen []*scenario.Scenario, args []string) (s *session, err error) {
	signals := catchEndings() // before there is anything to leave behind
	defer signal.Stop(signals)
	signal.Reset(syscall.SIGPIPE) // a command may close its input
	s = new(session)
	defer func() {
		var coded *codedError
		if err != nil && !errors.As(err, &coded) {
			err = &codedError{exitInput, err}
		}
		if err != nil && s.spool != nil {
			s.close()
		}
	}()
	if x.isolated {
		if err := loopbackUp(); err != nil {
			return s, err
		}
	}
	owner, err := invoker()
	if err != nil {
		return s, err
	}
	if x.asRoot {
		owner = nil
	}
	if s.spool, err = newSpool(""); err != nil {
		return s, err
	}
	authority, caFile, err := newAuthority()
	if err != nil {
		return s, err
	}
	defer os.RemoveAll(filepath.Dir(caFile))
	var ports []string
	for _, one := range chosen {
		server, err := scenario.Start(one, authority)
		if err != nil {
			return s, err
		}
		defer server.Stop()
		s.runs = append(s.runs, &scenarioRun{server: server})
		ports = append(ports, portFilter(server))
	}
	if x.evidence.value != "server" {
		l := live{ifaces: []string{loopbackName()}, noPromisc: true}
		if s.rec, s.noRec = l.record(strings.Join(ports, " or "), s.spool, nil); s.noRec != nil && x.evidence.value == "wire" {
			return s, s.noRec
		}
	}
	s.err = x.playAll(ctx, &surroundings{owner: owner}, s.runs, args, caFile, signals)
	if s.rec != nil {
		s.rec.watch.settle(settleTime, signals)
		s.ended, _ = s.rec.stop()
	}
	os.RemoveAll(filepath.Dir(caFile)) // as root, whose it is
	if owner != nil {                  // what is left needs no rights, and reads what strangers have sent
		return s, dropRoot("")
	}
	return s, nil
}

// loopbackName is what the system calls the interface of 127.0.0.1.
func loopbackName() string {
	all, _ := net.Interfaces()
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name
		}
	}
	return "lo"
}

// newAuthority makes certificates, and the file of the one that clients have to trust, in a
// folder of its own that any user may search.
func newAuthority() (*scenario.Authority, string, error) {
	a, err := scenario.NewAuthority()
	if err != nil {
		return nil, "", err
	}
	place, err := tempPlace(1)
	if err != nil {
		return nil, "", err
	}
	dir, err := os.MkdirTemp(place, "tcpwarm-")
	if err != nil {
		return nil, "", err
	}
	file := filepath.Join(dir, "ca.pem")
	if err = os.WriteFile(file, a.PEM, 0o644); err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		os.RemoveAll(dir)
	}
	return a, file, err
}

func portFilter(s *scenario.Server) string { return fmt.Sprintf("tcp port %d", s.Port()) }

// scenarioPackets narrows all to the packets of s: those of its port while it listened. Before and
// after that the port may be another program's.
func scenarioPackets(all *capture.Reader, s *scenario.Server) error {
	e, err := filter.Parse(portFilter(s))
	if err != nil {
		return err
	}
	all.Filter(e)
	from, to := s.Ran()
	all.Between(func(segment.Time) (segment.Time, segment.Time) {
		return segment.Time(from.UnixNano()), segment.Time(to.UnixNano())
	})
	return nil
}

// A startError is that the command could not be started.
type startError struct{ error }

func (e *startError) Unwrap() error { return e.error }

// playAll runs the command for each scenario. One that reads all of its input before it
// fetches anything gets no pauses any more.
func (x *examination) playAll(ctx context.Context, e *surroundings, plays []*scenarioRun, args []string, caFile string,
	signals <-chan os.Signal) error {
	inArgs := slices.ContainsFunc(args, func(a string) bool { return strings.Contains(a, urlsMark) })
	atEnd, hung := false, 0
	for i, p := range plays {
		if hung == mostHung {
			p.left = "not played: the command did not end before, several times"
			continue
		}
		if (inArgs || atEnd) && p.server.Scenario.Pauses() {
			p.left = "needs pauses, and all URLs are given at once"
			if atEnd {
				p.left = "needs pauses, and the command fetches nothing before its input ends"
			}
			continue
		}
		p.ran.Expected = len(x.expect[p.server.Scenario.Name]) > 0
		p.ran.AtOnce = inArgs || atEnd
		err := p.run(ctx, e, args, caFile, signals)
		if x.output.redact { // what a command says may name anything
			p.ran.Said = ""
		}
		p.server.Stop()
		atEnd = atEnd || !inArgs && p.ran.AtOnce
		if p.ran.TooLong {
			hung++
		}
		if err != nil {
			for _, rest := range plays[i+1:] {
				rest.left = "not played: " + x.output.shown(err)
			}
			return err
		}
	}
	return nil
}

// urlsMark stands for the URLs in a command line.
const urlsMark = "{urls}"

// withURLs puts the URLs in the place of the mark: of an argument of its own as many as there
// are, within another one behind each other, for a shell.
func withURLs(args, urls []string) (all []string) {
	for _, a := range args {
		if a == urlsMark {
			all = append(all, urls...)
		} else {
			all = append(all, strings.ReplaceAll(a, urlsMark, strings.Join(urls, " ")))
		}
	}
	return all
}

// environment has what a command has to know, and no proxy, which would stand between it and
// the server.
func environment(env []string, name, caFile string) (all []string) {
	for _, v := range env {
		variable, _, _ := strings.Cut(v, "=")
		if n := strings.ToLower(variable); n != "http_proxy" && n != "https_proxy" && n != "all_proxy" {
			all = append(all, v)
		}
	}
	all = append(all, "TCPWARM_SCENARIO="+name, "TCPWARM_USER="+scenario.User, "TCPWARM_PASSWORD="+scenario.Password)
	for _, variable := range []string{"TCPWARM_CA", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"} {
		all = append(all, variable+"="+caFile)
	}
	return all
}

// run runs the command for one scenario.
func (p *scenarioRun) run(ctx context.Context, e *surroundings, args []string, caFile string, signals <-chan os.Signal) error {
	args = withURLs(args, p.server.URLs())
	cmd := exec.Command(args[0], args[1:]...)
	e.prepare(cmd)
	cmd.SysProcAttr.Setpgid = true // its input is ours, and never a terminal's: it is ended as a whole
	cmd.Env = environment(cmd.Env, p.server.Scenario.Name, caFile)
	said := &lastLine{}
	cmd.Stderr = said
	cmd.WaitDelay = time.Second // what it has started may hold its output open
	limited, cancel := context.WithTimeout(ctx, playTime)
	defer cancel()
	var in io.WriteCloser
	if !p.ran.AtOnce || !strings.Contains(strings.Join(args, " "), p.server.URLs()[0]) {
		var err error
		if in, err = cmd.StdinPipe(); err != nil {
			return err
		}
	}
	if err := cmd.Start(); err != nil {
		return &startError{err}
	}
	if atWork := groupAtWork(cmd.Process.Pid); atWork != nil {
		p.server.Watch(atWork)
	}
	feeding := make(chan bool, 1)
	go func() { feeding <- in != nil && p.feedAll(limited, cancel, in) }()
	became, sig, err := awaitCommand(limited, &child{cmd, nil}, signals)
	p.ran.TooLong = limited.Err() != nil && ctx.Err() == nil
	cancel()
	p.ran.AtOnce = <-feeding || p.ran.AtOnce
	p.ran.Said = said.String()
	switch {
	case ctx.Err() != nil:
		return &interruptedError{cmp.Or(sig, os.Signal(syscall.SIGTERM))}
	case sig != nil && !p.ran.TooLong:
		return &interruptedError{sig}
	case err != nil:
		return err
	}
	p.ran.Exit = became.Exit
	return nil
}

// feedAll hands the URLs out, and gives the command up if it does not end then. It reports whether
// the command wanted all at once.
func (p *scenarioRun) feedAll(ctx context.Context, giveUp func(), in io.WriteCloser) (atOnce bool) {
	atOnce = p.feed(ctx, in)
	in.Close()
	select {
	case <-ctx.Done():
	case <-time.After(clientPatience.End):
		giveUp()
	}
	return atOnce
}

// feed hands the URLs out, all at once to a command that takes none before the last.
func (p *scenarioRun) feed(ctx context.Context, in interface{ Write([]byte) (int, error) }) bool {
	if p.ran.AtOnce {
		_, err := in.Write([]byte(strings.Join(p.server.URLs(), "\n") + "\n"))
		return err == nil
	}
	return p.server.Feed(ctx, in, clientPatience)
}

// A lastLine keeps the end of what a command says, of which one line is shown.
type lastLine struct{ b []byte }

// How much is kept, and how many columns are shown.
const (
	mostSaid  = 4096
	mostShown = 200
)

// Write is as io.Writer has it.
func (l *lastLine) Write(p []byte) (int, error) {
	l.b = append(l.b, p...)
	l.b = l.b[max(0, len(l.b)-mostSaid):]
	return len(p), nil
}

// String is the last line that speaks of an error, else the last that is not empty.
func (l *lastLine) String() string {
	lines := bytes.Split(bytes.TrimSpace(l.b), []byte("\n"))
	said := lines[len(lines)-1]
	for _, line := range lines {
		if bytes.Contains(bytes.ToLower(line), []byte("error")) {
			said = line
		}
	}
	return printable.Cut(printable.Clean(string(bytes.TrimSpace(said))), mostShown)
}

// judge analyses what the server or the wire has of a scenario.
func (x *examination) judge(ctx context.Context, p *scenarioRun, rec *recording, ended error) (*examined.Row, error) {
	name := p.server.Scenario.Name
	if p.left != "" {
		return &examined.Row{Scenario: name, Verdict: examined.LeftOut, Why: p.left}, nil
	}
	var src analyze.Source = p.server.Trace.Source()
	by := examined.ServersView
	if rec != nil {
		by = examined.OnTheWire
		saved, err := rec.read("packets", func(all *capture.Reader) error { return scenarioPackets(all, p.server) }, ended)
		if err != nil {
			return nil, err
		}
		defer saved.Close()
		src = saved
	}
	keys := tls.NewKeys()
	if err := keys.Add(p.server.Keys()); err != nil {
		return nil, err
	}
	var r *report.Report
	r, err := analyze.Run(ctx, src, analyze.Options{Workers: x.output.workers, Keys: keys, OneClient: true, Redact: x.output.redactor(),
		Demands: challenge.Demands(p.server.Scenario, x.expect[name])})
	if err != nil && ended == nil {
		return nil, err
	}
	return challenge.Judge(p.server, r, &p.ran, by), nil
}
