package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"tcpwarm/analyze/report"
)

// watchedVerify is verify --live always of a shell script on a terminal. The script finds this program's client in
// $SELF; cmd's folder is where it runs.
func watchedVerify(t *testing.T, binary, script string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, append(append([]string{"verify", "-i", "lo", "--live", "always"}, args...), "--", "sh", "-c", script)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "SELF="+self)
	return cmd
}

// came is all that has come to the terminal.
func (s *seat) came() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

// controls are sequences for a terminal.
var controls = regexp.MustCompile(`\x1b\[[0-9;?]*[a-z]`)

// afterView is what has come to the terminal after a view was left, without looks.
func (s *seat) afterView() string {
	all := s.came()
	all = all[strings.LastIndex(all, "\x1b[?1049l")+1:]
	return strings.ReplaceAll(controls.ReplaceAllString(all, ""), "\r\n", "\n")
}

const (
	untilDone  = "while ! test -e done; do sleep 0.02; done; "
	fourOnFour = "TCPWARM_SCENARIO='client each' $SELF; "
)

// While verify runs a command, a terminal of three sizes shows its connections, and nobody else's; what the command
// prints comes afterwards, all of it, then the report that there is without a view.
func TestVerifyShowsWhatGoesOn(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for _, size := range [][2]int{{60, 20}, {100, 30}, {200, 60}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			port, request, _ := eachItsOwn(t)
			s := newSeat(t, size[0], size[1])
			before := s.modes()
			cmd := watchedVerify(t, binary, "echo one; echo two >&2; "+fourOnFour+"printf 'what now?\\007'; "+untilDone+
				"echo; seq 1 3000; exit 0", "--expect", "connections<=4")
			s.start(cmd)
			s.until("at first", "tcpwarm on lo", "Ctrl-C end")
			request() // is not the command's
			s.until("after requests", "4 requests on 4 connections: 1 needed, ", "lanes of 127.0.0.1", "  first, certain",
				"q leave  Ctrl-C end", "the command has printed 2 lines")
			if size[0] > 80 {
				s.until("the last line", `the last: what now?\x07`)
			}
			if !s.altScreen() || strings.Contains(s.shown(), ":"+port) || strings.Contains(s.came(), "\ntwo") {
				t.Errorf("not on a screen of its own, with another's connections, or with what is printed:\n%s", s.shown())
			}
			s.press("s")
			s.until("sorted", "sorted by: requests")
			if err := os.WriteFile(filepath.Join(cmd.Dir, "done"), nil, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			s.isBack(before)
			s.until("the report", "seen ")
			after := s.afterView()
			if i := strings.Index(after, "one\ntwo\nwhat now?\a\n1\n2\n3\n"); i < 0 || strings.Count(after, "\n3000\n") != 1 ||
				strings.Index(after, "\nPASS   4 requests used 4 connections") < strings.Index(after, "\n3000\n") {
				t.Errorf("%q", after)
			}
		})
	}
}

// A command that is watched has no terminal to read from, and does not wait for it; keys are the view's. What comes
// from elsewhere it can read, and keys are nobody's then.
func TestVerifyWatchedReads(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for what, x := range map[string]struct{ input, foot, says string }{
		"the terminal":  {"", "q leave  Ctrl-C end", "read: ()\n"},
		"what is piped": {"some\n", "Ctrl-C end", "read: (some)\n"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSeat(t, 100, 30)
			before := s.modes()
			cmd := watchedVerify(t, binary, `read line; echo "read: ($line)"; cat </dev/tty || echo none; `+fourOnFour+untilDone, "--expect", "connections<=4")
			if x.input != "" {
				cmd.Stdin = strings.NewReader(x.input)
			}
			s.start(cmd)
			s.until("at first", "4 requests on 4 connections: 1 needed", x.foot)
			s.press("x")
			os.WriteFile(filepath.Join(cmd.Dir, "done"), nil, 0o666)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			s.isBack(before)
			s.until("the report", "seen ")
			after := s.afterView()
			if !strings.Contains(after, x.says) || !strings.Contains(after, "none\n") || !strings.Contains(after, "PASS") {
				t.Errorf("%q", after)
			}
		})
	}
}

// q leaves the view alone; Ctrl-C, and signals to us, end the command, too: with its report. However the view ends, the
// terminal is as it was, and the command goes on.
func TestVerifyWatchedEnds(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for name, x := range map[string]struct {
		end  func(s *seat, cmd *exec.Cmd)
		goes bool // on
	}{
		"q":         {func(s *seat, cmd *exec.Cmd) { s.press("q") }, true},
		"is killed": {func(s *seat, cmd *exec.Cmd) { syscall.Kill(viewerOf(cmd), syscall.SIGKILL) }, true},
		"Ctrl-C":    {func(s *seat, cmd *exec.Cmd) { s.press("\x03") }, false},
		"SIGINT":    {func(s *seat, cmd *exec.Cmd) { cmd.Process.Signal(syscall.SIGINT) }, false},
		"SIGTERM":   {func(s *seat, cmd *exec.Cmd) { cmd.Process.Signal(syscall.SIGTERM) }, false},
		"SIGHUP":    {func(s *seat, cmd *exec.Cmd) { cmd.Process.Signal(syscall.SIGHUP) }, false},
		"is stopped": {func(s *seat, cmd *exec.Cmd) {
			syscall.Kill(viewerOf(cmd), syscall.SIGSTOP)
			time.Sleep(300 * time.Millisecond)
			cmd.Process.Signal(syscall.SIGTERM)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSeat(t, 100, 30)
			before := s.modes()
			out, err := os.Create(filepath.Join(t.TempDir(), "report"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			cmd := watchedVerify(t, binary, "echo first; "+fourOnFour+untilDone+"echo last", "--expect", "connections<=4", "--format", "json")
			cmd.Stdout = out
			s.start(cmd)
			s.until("at first", "4 requests on 4 connections: 1 needed")
			x.end(s, cmd)
			if x.goes {
				s.until("what was printed", "first")
				s.isBack(before)
				os.WriteFile(filepath.Join(cmd.Dir, "done"), nil, 0o666)
			}
			err = cmd.Wait()
			s.until("what was printed", "first")
			if x.goes {
				s.until("what was printed later", "last")
			}
			s.isBack(before)
			code, b := cmd.ProcessState.ExitCode(), readAll(t, out.Name())
			var r report.Report
			if jerr := json.Unmarshal(b, &r); jerr != nil || r.Totals.Transactions != 4 || (code == exitOK) != x.goes || !x.goes && code != exitInput {
				t.Errorf("exit code %d, %v, %v, %+v", code, err, jerr, r.Command)
			}
		})
	}
}

// viewerOf is the process that shows what verify does: of its children the one whose environment says so.
func viewerOf(verify *exec.Cmd) (pid int) {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range all {
		b, _ := os.ReadFile(name)
		var one, parent int
		var state string
		fmt.Sscanf(string(b[bytes.LastIndexByte(b, ')')+1:]), " %s %d", &state, &parent)
		fmt.Sscanf(name, "/proc/%d/stat", &one)
		env, _ := os.ReadFile(filepath.Dir(name) + "/environ")
		if parent == verify.Process.Pid && bytes.Contains(env, []byte(viewer+"=1")) {
			pid = one
		}
	}
	return pid
}

// Under sudo what reads strangers' packets for the view has given root up; the command, which runs as the same user, can
// neither look into it nor get its descriptors; and the packets it can only read.
func TestViewerHasNoRights(t *testing.T) {
	s := newStage(t, liveBinary(t))
	at := newSeat(t, 100, 30)
	cmd := s.verify(fourOnFour+untilDone, "--live", "always", "--expect", "connections<=4")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self) // which lies in a folder that the caller may not enter
	if err != nil {
		t.Fatal(err)
	}
	client := filepath.Join(filepath.Dir(s.own), "client")
	if err := os.WriteFile(client, b, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "SELF="+client)
	at.start(cmd)
	at.until("at first", "4 requests on 4 connections: 1 needed")
	proc := fmt.Sprintf("/proc/%d/", viewerOf(cmd))
	status, err := os.ReadFile(proc + "status")
	if err != nil || !bytes.Contains(status, []byte("Uid:\t65534\t65534\t65534\t65534\n")) || !bytes.Contains(status, []byte("CapEff:\t0000000000000000\n")) {
		t.Errorf("%v: %s", err, status)
	}
	var flags uint
	info, err := os.ReadFile(fmt.Sprint(proc, "fdinfo/", viewerPackets))
	if _, after, ok := strings.Cut(string(info), "flags:\t"); err != nil || !ok {
		t.Errorf("%v: %s", err, info)
	} else if fmt.Sscanf(after, "%o", &flags); flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		t.Errorf("the packets are open with %o", flags)
	}
	look := exec.Command("ls", proc+"fd/")
	look.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: callerID, Gid: callerID}}
	if out, err := look.CombinedOutput(); err == nil {
		t.Errorf("the caller sees its descriptors: %s", out)
	}
	os.WriteFile(filepath.Join(s.own, "done"), nil, 0o666)
	if err := cmd.Wait(); err != nil {
		t.Error(err, at.afterView())
	}
	s.untouched(t)
	if left := s.left(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func readAll(t *testing.T, name string) []byte {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Without a terminal, there is no view, which is said before anything is captured.
func TestVerifyLiveNeedsATerminal(t *testing.T) {
	binary := liveBinary(t)
	cmd := exec.Command(binary, "verify", "--live", "always", "--", "true")
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitUsage || !bytes.Contains(out, []byte("must be a terminal")) {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// Who sets what says that a process is a viewer runs no command, and none has passed.
func TestNoViewerPasses(t *testing.T) {
	none, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	cmd := exec.Command(liveBinary(t), "verify", "--", "true")
	cmd.Env, cmd.ExtraFiles = append(os.Environ(), viewer+"=1"), []*os.File{none, none}
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitInput || !bytes.Contains(out, []byte(viewer)) {
		t.Errorf("exit code %d: %s", code, out)
	}
}
