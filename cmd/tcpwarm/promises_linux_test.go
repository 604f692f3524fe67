package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The command's key log is for its user alone, Node gets it beside its other options, and it is gone in the end with its
// folder, whatever became of the command; where it is to be kept, it is in a file that only its owner can read.
func TestKeyLogIsGoneInTheEnd(t *testing.T) {
	binary := liveBinary(t)
	for _, x := range []struct {
		kept string
		ends string
		code int
	}{{"", "0", exitUnknown}, {"", "7", exitCommand}, {"kept", "7", exitCommand}} {
		dir := t.TempDir()
		args := []string{"verify", "--isolated", "--settle", "50ms"}
		if x.kept != "" {
			args = append(args, "--keep-keys", x.kept)
		}
		const script = `echo "$SSLKEYLOGFILE" >told; echo "$NODE_OPTIONS" >options; stat -c %a "$SSLKEYLOGFILE" >mode
			echo CLIENT_RANDOM 00 00 >>"$SSLKEYLOGFILE"; exit `
		cmd := exec.Command(binary, append(args, "--", "sh", "-c", script+x.ends)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "NODE_OPTIONS=--no-warnings", "SSLKEYLOGFILE=", "TMPDIR="+dir)
		out, _ := cmd.CombinedOutput()
		if strings.Contains(string(out), "forbids user namespaces") {
			t.Skip("this system forbids user namespaces")
		}
		said := func(name string) string {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Error(err)
			}
			return strings.TrimSpace(string(b))
		}
		name := said("told")
		if code := cmd.ProcessState.ExitCode(); code != x.code || name == "" || said("mode") != "600" ||
			said("options") != "--no-warnings --tls-keylog="+name {
			t.Errorf("%+v: exit code %d; log %q of mode %s, Node's options %q\n%s", x, code, name, said("mode"), said("options"), out)
		}
		if _, err := os.Stat(filepath.Dir(name)); filepath.Dir(name) != dir && !os.IsNotExist(err) {
			t.Errorf("%+v: the log's folder is left: %v", x, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 3+len(x.kept)/4 {
			t.Errorf("%+v: left are %v", x, left)
		}
		if x.kept == "" {
			continue
		}
		st, err := os.Stat(filepath.Join(dir, x.kept))
		if err != nil || st.Mode() != 0o600 || said(x.kept) != "CLIENT_RANDOM 00 00" {
			t.Errorf("kept is %v, %v: %q", st, err, said(x.kept))
		}
	}
}

// stranger has a command run by a user who has no rights.
func stranger(cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: callerID, Gid: callerID}}
	return cmd
}

// Who may not capture is told how to, with the exit code of a capture that could not be made; samples are judged all the
// same.
func TestWithoutTheRightToCapture(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for args, want := range map[string]int{"capture -i lo": exitInput, "verify -i lo -- true": exitInput, "demo": exitOK} {
		cmd := stranger(exec.Command(binary, strings.Fields(args)...))
		out, _ := cmd.CombinedOutput()
		const remedy = "lo: no permission to capture: sudo, or once: sudo setcap cap_net_raw+ep "
		if code := cmd.ProcessState.ExitCode(); code != want || strings.Contains(string(out), remedy) != (want != exitOK) {
			t.Errorf("%s: exit code %d, want %d\n%s", args, code, want, out)
		}
	}
}

// Where nothing tells the command's connections from those of others, as with file capabilities alone, nothing passes
// unless it is said which they are.
func TestOthersConnectionsPassNowhere(t *testing.T) {
	built := liveBinary(t)
	rooted(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "tcpwarm") // t.TempDir is root's alone
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	os.Chmod(dir, 0o755)
	binary, client := filepath.Join(dir, "tcpwarm"), filepath.Join(dir, "client")
	for from, to := range map[string]string{built: binary, self: client} {
		if out, err := exec.Command("cp", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		os.Chmod(to, 0o755)
	}
	if out, err := exec.Command("setcap", "cap_net_raw+ep", binary).CombinedOutput(); err != nil {
		t.Skipf("no file capabilities here: %v %s", err, out)
	}
	for flags, want := range map[string]int{"": exitUnknown, "--server 127.0.0.1": exitOK, "-f tcp": exitOK} {
		args := "verify -i lo --settle 50ms --expect connections<=4 " + flags + " -- env TCPWARM_SCENARIO=shared " + client
		cmd := stranger(exec.Command(binary, strings.Fields(args)...))
		out, _ := cmd.CombinedOutput()
		told := strings.Contains(string(out), "the connections may be another program's")
		passed := strings.Contains(string(out), "PASS ")
		if code := cmd.ProcessState.ExitCode(); code != want || told != (want != exitOK) || passed == told {
			t.Errorf("%q: exit code %d, want %d\n%s", flags, code, want, out)
		}
	}
}

// A live capture for a server that was not there is nothing known, and what it keeps with --redact are the packets as they
// were.
func TestCaptureKeepsWhatItRedacts(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	line := `(while ! grep -qs listening e; do test -e done && exit; sleep 0.02; done; TCPWARM_SCENARIO=shared $SELF) &
		$BIN capture -i lo -c 12 --redact --server nosuch.example -w private --format json 2>e; c=$?; touch done; wait
		$BIN private --format json >&2; exit $c`
	r, code, plain := liveReport(t, binary, "", line)
	if code != exitUnknown || !strings.HasPrefix(r.Unjudged, "no server matches the one asked for; there was ") || r.Capture.Packets != 12 {
		t.Errorf("exit code %d, %q, %d packets", code, r.Unjudged, r.Capture.Packets)
	}
	shown, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"127.0.0.1", "Go-http-client", "private"} {
		if strings.Contains(string(shown), secret) || !strings.Contains(plain, secret) {
			t.Errorf("%s is told, or not kept:\n%s\nkept:\n%s", secret, shown, plain)
		}
	}
	if !strings.Contains(plain, `"packets": 12,`) {
		t.Errorf("kept are other packets:\n%s", plain)
	}
}

// A capture that goes into files by size has as many as were wanted at most, each whole and no larger than said, but for
// the packet that fills it.
func TestCaptureRotatesBySize(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	line := `(while ! grep -qs listening e; do test -e done && exit; sleep 0.02; done; for i in 1 2 3; do TCPWARM_SCENARIO=unread $SELF; done; sleep 0.1; kill -INT $(cat pid)) &
		sh -c 'echo $$ >pid; exec $BIN capture -i lo -C 1 -W 2 -w k.pcapng --format json' 2>e; c=$?; touch done; wait
		for f in k.*; do $BIN $f >&2; stat -c 'size %s %n' $f >&2; done; exit $c`
	r, code, errs := liveReport(t, binary, "", line)
	sizes := regexp.MustCompile(`(?m)^size (\d+) k\.pcapng[01]$`).FindAllStringSubmatch(errs, -1)
	if code != exitOK || len(sizes) != 2 || strings.Count(errs, "\nsize ") != 2 || strings.Count(errs, " packets, none lost") != 2 {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	for _, s := range sizes {
		if n, _ := strconv.Atoi(s[1]); n > 1_000_000+1<<17 {
			t.Errorf("a file has %d bytes", n)
		}
	}
	if r.Totals.Transactions != 12 {
		t.Errorf("%d transactions are judged", r.Totals.Transactions)
	}
}

// A live capture writes to a pipe that somebody reads, and waits for nobody: without a reader it says what to do first.
func TestCaptureWritesToAReadPipe(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for reader, want := range map[string]int{"": exitInput, "cat pipe >got & ": exitOK} {
		cmd := exec.Command("sh", "-c", reader+binary+" capture -i lo --duration 100ms -w pipe; c=$?; wait; exit $c")
		cmd.Dir = dir
		code, _, errs := runToEnd(t, cmd)
		told := strings.Contains(errs, "pipe: nobody reads this pipe; start its reader first")
		if code != want || told != (want == exitInput) || told == strings.Contains(errs, "listening") {
			t.Errorf("%q: exit code %d, said %q", reader, code, errs)
		}
	}
	if out, err := exec.Command(binary, filepath.Join(dir, "got")).CombinedOutput(); err != nil {
		t.Errorf("what was read is no capture: %v\n%s", err, out)
	}
	if st, err := os.Lstat(pipe); err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is now %v, %v", st, err)
	}
}

// A challenge that a signal ends says so, passes nothing, and ends the command with its process group.
func TestSignalEndsAChallenge(t *testing.T) {
	binary := liveBinary(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			const script = "sleep 300 & echo $$ $! >pids.new; mv pids.new pids; sleep 300"
			cmd := exec.Command(binary, "challenge", "--evidence", "server", "--only", "chunked,head", "--report", "junit=out.xml", "--", "sh", "-c", script)
			cmd.Dir = dir
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			stop := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
			defer stop.Stop()
			for range 1000 {
				time.Sleep(10 * time.Millisecond)
				if _, err := os.Stat(filepath.Join(dir, "pids")); err == nil {
					break
				}
			}
			cmd.Process.Signal(sig)
			cmd.Wait()
			said := out.String()
			if code := cmd.ProcessState.ExitCode(); code != exitInput || !strings.Contains(said, "tcpwarm: interrupted: "+sig.String()) ||
				!strings.HasPrefix(said, "NOT KNOWN ") {
				t.Errorf("exit code %d\n%s", code, said)
			}
			if b, err := os.ReadFile(filepath.Join(dir, "out.xml")); err != nil || strings.Contains(string(b), `errors="0"`) {
				t.Errorf("%v\n%s", err, b)
			}
			pids, _ := os.ReadFile(filepath.Join(dir, "pids"))
			for _, field := range strings.Fields(string(pids)) {
				if pid, err := strconv.Atoi(field); err != nil || alive(pid) {
					t.Errorf("process %s of the command lives on", field)
					syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		})
	}
}
