package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
)

// play is the client that is watched, with a server of its own: a scenario by name.
// It runs where there is nothing but loopback.
func play(scenario string) int {
	size, closes := 500, false
	switch scenario {
	case "unread":
		size = 1 << 20
	case "server closes":
		closes = true
	case "nothing":
		return 0
	case "fails":
		return 3
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 9
	}
	body := make([]byte, size)
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if closes {
			w.Header().Set("Connection", "close")
		}
		w.Write(body)
	}))
	get := func(c *http.Client, read bool) {
		resp, err := c.Get("http://" + l.Addr().String() + "/")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(9)
		}
		if read {
			io.Copy(io.Discard, resp.Body)
		}
		resp.Body.Close()
	}
	client := &http.Client{Transport: &http.Transport{}}
	switch scenario {
	case "one":
		get(client, true)
	case "many":
		for range 20_000 {
			get(client, true)
		}
	case "waits":
		get(client, true)
		get(client, true)
		time.Sleep(time.Minute)
	case "is killed":
		get(client, true)
		get(client, true)
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		time.Sleep(time.Minute)
	default:
		pause := 20 * time.Millisecond
		if scenario == "lasts" { // for many of the kernel's answers, also where the machine is busy
			pause = 250 * time.Millisecond
		}
		for range 4 {
			if scenario == "client each" {
				client = &http.Client{Transport: &http.Transport{}}
			}
			get(client, scenario != "unread")
			time.Sleep(pause)
		}
	}
	return 0
}

// isolatedVerify runs verify --isolated on a scenario.
func isolatedVerify(t *testing.T, binary, scenario string, args ...string) (*report.Report, int, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, append(append([]string{"verify", "--isolated", "--format", "json"}, args...), "--", self)...)
	cmd.Env = append(os.Environ(), "TCPWARM_SCENARIO="+scenario)
	var out, errw bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errw
	err = cmd.Run()
	if strings.Contains(errw.String(), "forbids user namespaces") {
		t.Skip("this system forbids user namespaces")
	}
	var r report.Report
	if jerr := json.Unmarshal(out.Bytes(), &r); jerr != nil {
		t.Fatalf("%v %v\n%s%s", jerr, err, out.String(), errw.String())
	}
	return &r, cmd.ProcessState.ExitCode(), errw.String()
}

func liveBinary(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("namespaces are Linux's")
	}
	if testing.Short() {
		t.Skip("short")
	}
	binary, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// builtFolder is where builtOnce has built, "" as long as it has not.
var builtFolder string

// builtOnce builds the command for all tests that run it as a process of its own.
var builtOnce = sync.OnceValues(func() (binary string, err error) {
	if builtFolder, err = os.MkdirTemp("", "tcpwarm-test-"); err != nil {
		return "", err
	}
	os.Chmod(builtFolder, 0o755) // some run it as somebody else
	binary = filepath.Join(builtFolder, "tcpwarm-live")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return binary, nil
})

// A cleaning runs all tests and removes what they have built for each other.
type cleaning struct{ *testing.M }

func (c cleaning) Run() int {
	if signal.Ignored(syscall.SIGHUP) { // under nohup(1): what is caught here is not ignored by what tests start
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	os.Setenv("COLUMNS", "80") // as wide as the README and the golden texts; not where we are the command itself
	defer func() { os.RemoveAll(builtFolder) }()
	return c.M.Run()
}

func TestVerifyRunsACommand(t *testing.T) {
	binary := liveBinary(t)
	for _, c := range []struct {
		scenario string
		code     int
		cause    pool.Cause
		args     []string
	}{
		{scenario: "shared", code: exitOK},
		{scenario: "client each", code: exitFinding, cause: pool.Missed},
		{scenario: "client each", code: exitOK, cause: pool.Missed, args: []string{"--expect", "connections<=4"}},
		{scenario: "unread", code: exitFinding, cause: pool.Undrained},
		{scenario: "server closes", code: exitUnknown, cause: pool.ServerSaidClose},
		{scenario: "one", code: exitUnknown},
		{scenario: "nothing", code: exitUnknown},
		{scenario: "fails", code: exitCommand},
		{scenario: "is killed", code: exitCommand, cause: pool.First},
	} {
		r, code, errs := isolatedVerify(t, binary, c.scenario, c.args...)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d\n%s", c.scenario, code, c.code, errs)
		}
		if c.cause != "" && r.Totals.Causes[c.cause] == 0 {
			t.Errorf("%s: causes %v, want %s", c.scenario, r.Totals.Causes, c.cause)
		}
		if r.Command == nil || (r.Command.Exit != 0) != (c.code == exitCommand) {
			t.Errorf("%s: command %+v", c.scenario, r.Command)
		}
	}
}

// Under sudo the command runs as the user who called it, in the namespace as elsewhere.
func TestIsolatedUnderSudo(t *testing.T) {
	binary := liveBinary(t)
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	cmd := exec.Command(binary, "verify", "--isolated", "--", "id", "-u")
	cmd.Env = append(os.Environ(), "SUDO_UID=65534", "SUDO_GID=65534", "SUDO_USER=nobody")
	var errw bytes.Buffer
	cmd.Stderr = &errw
	cmd.Run()
	if strings.Contains(errw.String(), "forbids user namespaces") {
		t.Skip("this system forbids namespaces")
	}
	if code := cmd.ProcessState.ExitCode(); code != exitUnknown || !strings.Contains(errw.String(), "65534") {
		t.Errorf("exit code %d, want %d\n%s", code, exitUnknown, errw.String())
	}
}

// A command that sends nothing, or fails, or cannot be started, passes nowhere, whatever is
// expected of it.
func TestCommandWithoutEvidence(t *testing.T) {
	binary := liveBinary(t)
	for _, x := range []struct {
		scenario string
		code     int
		unjudged string
	}{
		{"nothing", exitUnknown, "the command opened no TCP connection that was captured; seen instead: 0 packets"},
		{"fails", exitCommand, "the command opened no TCP connection that was captured; seen instead: 0 packets"},
		{"is killed", exitCommand, ""},
	} {
		r, code, errs := isolatedVerify(t, binary, x.scenario, "--expect", "connections<=1", "--forbid", "missed")
		if code != x.code || r.Unjudged != x.unjudged || r.Outcome != verdict.Undecided {
			t.Errorf("%s: exit code %d, %s, %q\n%s", x.scenario, code, r.Outcome, r.Unjudged, errs)
		}
	}
	cmd := exec.Command(binary, "verify", "--isolated", "--format", "junit", "--expect", "connections<=1", "--", "./absent")
	out, _ := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != exitCommand || !strings.Contains(string(out), `errors="2"`) ||
		!strings.Contains(string(out), "the command could not be started") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// At full speed either nothing is lost, or it is said and no verdict given.
func TestNothingIsLostSilently(t *testing.T) {
	r, _, errs := isolatedVerify(t, liveBinary(t), "many")
	for _, p := range r.Capture.Problems {
		if p.Kind == "kernel-dropped" {
			t.Logf("%d packets dropped", p.Count)
			if r.Verdict != pool.NotKnown {
				t.Errorf("verdict %s all the same", r.Verdict)
			}
			return
		}
	}
	if r.Totals.Transactions != 20_000 || r.Totals.Connections != 1 || r.Verdict != pool.Reused {
		t.Errorf("%d transactions on %d connections, %s\n%s", r.Totals.Transactions, r.Totals.Connections, r.Verdict, errs)
	}
}

// A signal to us ends the command, and the report is written all the same.
func TestSignalsLoseNoReport(t *testing.T) {
	binary := liveBinary(t)
	isolatedVerify(t, binary, "nothing") // skips where it is forbidden
	self, _ := os.Executable()
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGPIPE, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, binary, "verify", "--isolated", "--format", "json", "--", self)
			cmd.Env = append(os.Environ(), "TCPWARM_SCENARIO=waits")
			var out bytes.Buffer
			cmd.Stdout = &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			// A terminal's Ctrl-C, and most supervisors, reach the whole tree; here it
			// is us alone.
			cmd.Process.Signal(sig)
			cmd.Wait()
			var r report.Report
			if err := json.Unmarshal(out.Bytes(), &r); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			if r.Totals.Transactions != 2 || r.Command == nil || r.Command.Exit == 0 || cmd.ProcessState.ExitCode() != exitInput {
				t.Errorf("%d transactions, command %+v, exit code %d", r.Totals.Transactions, r.Command, cmd.ProcessState.ExitCode())
			}
		})
	}
}

// nodeClient asks its own server four times: with one agent, or with one for each.
const nodeClient = `
const http = require('http');
const server = http.createServer((q, r) => r.end('ok')).listen(0, '127.0.0.1', async () => {
  const one = new http.Agent({keepAlive: true});
  for (let i = 0; i < 4; i++) {
    const agent = process.argv[1] === 'each' ? new http.Agent({keepAlive: true}) : one;
    await new Promise(done => http.get({port: server.address().port, host: '127.0.0.1', agent}, r => r.resume().on('end', () => setTimeout(done, 20))));
  }
  process.exit(0);
});`

// The misleading case: every request says keep-alive, and each has a connection.
func TestVerifyNode(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not here")
	}
	binary := liveBinary(t)
	for mode, want := range map[string]int{"shared": exitOK, "each": exitFinding} {
		cmd := exec.Command(binary, "verify", "--isolated", "--format", "json", "--", "node", "-e", nodeClient, mode)
		out, _ := cmd.Output()
		var r report.Report
		if err := json.Unmarshal(out, &r); err != nil {
			t.Skipf("%v: %s", err, out) // as where user namespaces are forbidden
		}
		if code := cmd.ProcessState.ExitCode(); code != want || r.Totals.Transactions != 4 || r.Totals.Promised != 4 {
			t.Errorf("%s: exit code %d, want %d; %+v", mode, code, want, r.Totals)
		}
		if mode == "each" {
			last := r.Connections[len(r.Connections)-1].OpenedBecause
			// On a busy machine node may wait with its request for longer than 50 ms: then its connection was open ahead of need.
			causes := r.Totals.Causes
			if causes[pool.Missed]+causes[pool.OpenedAhead] != 3 || last == nil || len(last.Packets) == 0 {
				t.Errorf("%s: causes %v, last %+v", mode, r.Totals.Causes, last)
			}
		}
	}
}
