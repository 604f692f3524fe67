package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// interruptedRead gives a command the sample by a pipe, but for its last bytes, then
// nothing more, and at last a signal. It returns what the command has written, and its
// exit code.
func interruptedRead(t *testing.T, sig os.Signal, args ...string) (out, errs string, code int) {
	t.Helper()
	content, err := os.ReadFile(sharedAgent)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tcpwarm", args...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	read, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer pipe.Close()
	cmd.Stdin = read
	if err := cmd.Start(); err != nil {
		t.Skip("the command cannot be started here:", err)
	}
	late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer late.Stop()
	pipe.Write(content[:len(content)-5])
	for left := 1; left > 0; time.Sleep(50 * time.Millisecond) { // until it has read all, and a little
		if left, err = unix.IoctlGetInt(int(pipe.Fd()), unix.TIOCINQ); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Process.Signal(sig)
	cmd.Wait()
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// A signal ends the reading of a pipe that keeps us waiting: the report is of what was
// read, says so in every format, and passes nowhere.
func TestSignalsInterruptReading(t *testing.T) {
	for _, x := range []struct {
		sig  os.Signal
		args []string
		says []string
	}{
		{os.Interrupt, []string{"verify", "-r", "-", "--expect", "connections<=1"}, []string{"UNDECIDED   ", "!  interrupted after 16 packets"}},
		{syscall.SIGTERM, []string{"verify", "-r", "-", "--expect", "connections<=1"}, []string{"UNDECIDED   ", "!  interrupted after 16 packets"}},
		{syscall.SIGHUP, []string{"verify", "-r", "-"}, []string{"UNDECIDED   ", "!  interrupted after 16 packets"}},
		{os.Interrupt, []string{"analyze", "-"}, []string{"REUSED   ", "!  interrupted after 16 packets"}},
		{os.Interrupt, []string{"analyze", "--format", "json", "-"}, []string{`"kind": "interrupted"`}},
		{os.Interrupt, []string{"analyze", "--format", "ndjson", "-"}, []string{`"kind":"interrupted"`}},
		{os.Interrupt, []string{"analyze", "--format", "junit", "-"}, []string{`name="interrupted"`, "<error"}},
		{os.Interrupt, []string{"analyze", "--format", "github", "-"}, []string{"::error title=tcpwarm%3A interrupted::interrupted after 16 packets"}},
		{os.Interrupt, []string{"compare", sharedAgent, "-"}, []string{"UNDECIDED   ", "!  after: interrupted after 16 packets"}},
	} {
		out, errs, code := interruptedRead(t, x.sig, x.args...)
		if code != exitInput || strings.Contains(out, "PASS") || !strings.Contains(errs, "tcpwarm: interrupted after 16 packets") {
			t.Errorf("%v %v: exit code %d, said %q\n%s", x.sig, x.args, code, errs, out)
		}
		for _, says := range x.says {
			if !strings.Contains(out, says) {
				t.Errorf("%v %v: does not say %q\n%s", x.sig, x.args, says, out)
			}
		}
	}
}

// A pipe by name that nobody writes to keeps nobody waiting either.
func TestSignalsInterruptOpening(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := exec.Command("mkfifo", fifo).Run(); err != nil {
		t.Skip("mkfifo is not here")
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	var out, errs bytes.Buffer
	code := run(ctx, []string{"verify", "--format", "json", "-r", fifo}, strings.NewReader(""), &out, &errs)
	var r report.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	if code != exitInput || r.Outcome != verdict.Undecided || !interruptedReport(&r) {
		t.Errorf("exit code %d, %s, %+v", code, r.Outcome, r.Capture.Problems)
	}
}

func interruptedReport(r *report.Report) bool {
	for _, p := range r.Capture.Problems {
		if p.Kind == segment.Interrupted {
			return true
		}
	}
	return false
}

// cancelling is a reader that cancels a context once so many bytes were read.
type cancelling struct {
	io.Reader
	left   int
	cancel func()
}

func (c *cancelling) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if c.left -= n; c.left <= 0 {
		c.cancel()
	}
	return n, err
}

// The reading of a pipe that keeps giving ends too, between two blocks.
func TestInterruptedBetweenBlocks(t *testing.T) {
	path, _ := benchCapture(t, 20_000, 10)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	code := run(ctx, []string{"verify", "--format", "json", "-r", "-", "--expect", "connections>=1"}, &cancelling{f, 3 << 20, cancel}, &out, &errs)
	var r report.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	if code != exitInput || r.Outcome != verdict.Undecided || !interruptedReport(&r) || r.Totals.Connections == 0 || r.Totals.Connections >= 20_000 {
		t.Errorf("exit code %d, %s, %d connections, %+v", code, r.Outcome, r.Totals.Connections, r.Capture.Problems)
	}
}

// Ctrl-C ends all who are in the foreground. It is the end of a trial also where the command's end is known before our
// own signal is; but no signal of ours is that of a command that ends itself.
func TestSharedSignal(t *testing.T) {
	for name, x := range map[string]struct {
		script string
		after  time.Duration // from the command's end to our signal; negative: there is none
		own    bool          // the command has a group of its own
		want   os.Signal
	}{
		"ours comes later":         {"kill -INT $$", time.Millisecond, false, os.Interrupt},
		"ours is there":            {"exit 130", 0, false, os.Interrupt},
		"it has ended itself":      {"kill -INT $$", -1, false, nil},
		"it has ended by an exit":  {"exit 7", time.Hour, false, nil},
		"a group that is its own":  {"kill -INT $$", time.Hour, true, nil},
		"whatever group, at once":  {"kill -INT $$", 0, true, os.Interrupt},
		"it has ended as it ought": {"exit 0", -1, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &child{cmd: exec.Command("sh", "-c", x.script)}
			c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: x.own}
			if c.cmd.Run() == nil && x.script != "exit 0" {
				t.Fatal("the command has not failed")
			}
			signals := make(chan os.Signal, 1)
			switch {
			case x.after == 0:
				signals <- os.Interrupt
			case x.after > 0:
				time.AfterFunc(x.after, func() { signals <- os.Interrupt })
			}
			if sig := c.sharedSignal(signals); sig != x.want {
				t.Errorf("%v, want %v", sig, x.want)
			}
		})
	}
}
