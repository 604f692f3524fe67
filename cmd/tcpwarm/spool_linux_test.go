package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tcpwarm/analyze/report"
)

// A stage is where a command runs as root's guest: a folder for temporary files, one
// of the caller's own, and a canary of root's that the caller must not get at.
type stage struct {
	binary, tmp, own, canary string
}

const callerID = 65534 // nobody's

// newStage skips where there is no root.
func newStage(t *testing.T, binary string) *stage {
	t.Helper()
	rooted(t)
	// Not below t.TempDir, whose folders nobody else may search.
	base, err := os.MkdirTemp("/var/tmp", "stage-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	s := &stage{binary, filepath.Join(base, "tmp"), filepath.Join(base, "own"), filepath.Join(base, "roots", "canary")}
	modes := map[string]fs.FileMode{base: 0o755, s.tmp: 0o777 | fs.ModeSticky, s.own: 0o755, filepath.Dir(s.canary): 0o755}
	for dir, mode := range modes {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(s.own, callerID, callerID); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.canary, []byte("canary"), 0o640); err != nil {
		t.Fatal(err)
	}
	return s
}

// verify prepares a run under sudo of a shell script, which finds the stage's folders
// in its environment.
func (s *stage) verify(script string, args ...string) *exec.Cmd {
	all := append([]string{"verify", "-i", "lo", "--settle", "100ms", "--format", "json"}, args...)
	cmd := exec.Command(s.binary, append(all, "--", "sh", "-c", script)...)
	cmd.Dir = s.own
	cmd.Env = append(os.Environ(), "SUDO_UID=65534", "SUDO_GID=65534", "SUDO_USER=nobody",
		"TMPDIR="+s.tmp, "OWN="+s.own, "CANARY="+s.canary)
	return cmd
}

// runToEnd runs it, but not for ever, and returns the exit code and what it said.
func runToEnd(t *testing.T, cmd *exec.Cmd) (code int, out, errs string) {
	t.Helper()
	var outb, errb bytes.Buffer
	cmd.Stdout, cmd.Stderr = &outb, &errb
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer stop.Stop()
	cmd.Wait()
	if cmd.ProcessState.ExitCode() < 0 {
		t.Errorf("%v: %v\n%s", cmd.Args[7:], cmd.ProcessState, errb.String())
	}
	return cmd.ProcessState.ExitCode(), outb.String(), errb.String()
}

// untouched checks that the canary is as it was, and nothing is beside it.
func (s *stage) untouched(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile(s.canary)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Lstat(s.canary)
	if err != nil {
		t.Fatal(err)
	}
	sys := st.Sys().(*syscall.Stat_t)
	if string(b) != "canary" || st.Mode() != 0o640 || sys.Uid != 0 || sys.Gid != 0 {
		t.Errorf("the canary is now %q, %v, of %d:%d", b, st.Mode(), sys.Uid, sys.Gid)
	}
	if all, _ := os.ReadDir(filepath.Dir(s.canary)); len(all) != 1 {
		t.Errorf("beside the canary: %v", all)
	}
}

// left returns what lies in the folder for temporary files.
func (s *stage) left(t *testing.T) (names []string) {
	t.Helper()
	all, err := os.ReadDir(s.tmp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

// Whatever the command does to the files that root writes meanwhile, it gets at
// nothing of root's.
func TestCommandGetsNoFileOfRoots(t *testing.T) {
	binary := liveBinary(t)
	const traffic = "curl -s http://127.0.0.1:1/; " // a SYN and its RST; where there is no curl, nothing
	for what, c := range map[string]struct {
		script string
		args   []string
	}{
		"the packets": {script: `cd $(dirname $SSLKEYLOGFILE)
			for f in packets packets.pcapng packets.pcapng.partial; do rm -f $f; ln -s $CANARY $f; done`},
		"the packets' new name": {script: `cd $(dirname $SSLKEYLOGFILE); for i in 1 2 3 4 5; do
			rm -f packets.pcapng; ln -s $CANARY packets.pcapng.partial; sleep 0.02; done`},
		"the key log": {script: `rm -f $SSLKEYLOGFILE; ln -s $CANARY $SSLKEYLOGFILE; true`},
		"the key log's folder": {script: `d=$(dirname $SSLKEYLOGFILE)
			mv $d $d.moved; ln -s $(dirname $CANARY) $d; true`},
		"-w": {script: `rm -f out out.partial; ln -s $CANARY out; ln -s $CANARY out.partial`,
			args: []string{"-w", "out"}},
		"-w, a link that was there": {script: `true`, args: []string{"-w", "planted"}},
		"-w, its folder": {script: `mv sub sub.moved; ln -s $(dirname $CANARY) sub`,
			args: []string{"-w", "sub/canary"}},
		"--report":    {script: `ln -s $CANARY out`, args: []string{"--report", "json=out"}},
		"--series":    {script: `ln -s $CANARY out`, args: []string{"--series", "out"}},
		"--keep-keys": {script: `ln -s $CANARY out`, args: []string{"--keep-keys", "out"}},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStage(t, binary)
			if err := os.Mkdir(filepath.Join(s.own, "sub"), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"planted", "planted.partial"} {
				os.Symlink(s.canary, filepath.Join(s.own, name))
			}
			for _, name := range []string{"sub", "planted", "planted.partial"} {
				os.Lchown(filepath.Join(s.own, name), callerID, callerID)
			}
			_, _, errs := runToEnd(t, s.verify(traffic+c.script, c.args...))
			t.Log(errs)
			s.untouched(t)
		})
	}
}

// The command can log its keys, and the packets become its user's: only he can read
// them.
func TestCallerGetsKeysAndPackets(t *testing.T) {
	s := newStage(t, liveBinary(t))
	keys := filepath.Join(s.own, "keys")
	const line = "CLIENT_RANDOM 0000 0000"
	cmd := s.verify(`echo `+line+` >>$SSLKEYLOGFILE; ls -ln $SSLKEYLOGFILE >&2`,
		"--keep-keys", keys, "-w", filepath.Join(s.own, "packets"))
	code, out, errs := runToEnd(t, cmd)
	if code != exitUnknown || !strings.Contains(out, `"command"`) || !strings.Contains(errs, "-rw-------") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
	if b, err := os.ReadFile(keys); err != nil || string(b) != line+"\n" {
		t.Errorf("keys %q, %v", b, err)
	}
	for _, name := range []string{"keys", "packets"} {
		st, err := os.Lstat(filepath.Join(s.own, name))
		if err != nil {
			t.Error(err)
		} else if sys := st.Sys().(*syscall.Stat_t); st.Mode() != 0o600 || sys.Uid != callerID || sys.Gid != callerID {
			t.Errorf("%s: %v, of %d:%d", name, st.Mode(), sys.Uid, sys.Gid)
		}
	}
	if left := s.left(t); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// A kept key log is nobody else's to read, whatever was there before: neither by its
// mode nor through what had been opened.
func TestKeptKeysAreNobodyElses(t *testing.T) {
	s := newStage(t, liveBinary(t))
	keys := filepath.Join(s.own, "keys")
	if err := os.WriteFile(keys, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	os.Chmod(keys, 0o666)
	os.Chown(keys, callerID, callerID)
	before, err := os.Open(keys)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	runToEnd(t, s.verify(`echo CLIENT_RANDOM 00 00 >>$SSLKEYLOGFILE`, "--keep-keys", keys))
	if st, err := os.Lstat(keys); err != nil || st.Mode() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	if b, _ := os.ReadFile(keys); string(b) != "CLIENT_RANDOM 00 00\n" {
		t.Errorf("%q", b)
	}
	b := make([]byte, 100)
	if n, _ := before.Read(b); string(b[:n]) != "old" {
		t.Errorf("who had it open reads %q", b[:n])
	}
}

// A FIFO where a file is expected ends nothing up waiting: as the key log, or as the
// file of the packets.
func TestFIFODoesNotHang(t *testing.T) {
	s := newStage(t, liveBinary(t))
	for _, asRoot := range []bool{false, true} { // as root the command can replace the key log
		args := []string{"--settle", "100ms"}
		if asRoot {
			args = append(args, "--as-root")
		}
		code, _, errs := runToEnd(t, s.verify(`rm -f $SSLKEYLOGFILE; mkfifo $SSLKEYLOGFILE; true`, args...))
		if code != exitUnknown {
			t.Errorf("exit code %d, said %q", code, errs)
		}
	}
	fifo := filepath.Join(s.own, "fifo")
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	os.Chown(fifo, callerID, callerID)
	code, _, errs := runToEnd(t, s.verify(`true`, "-w", fifo))
	if code != exitInput || !strings.Contains(errs, "fifo") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d, said %q", code, errs)
	}
	if st, err := os.Lstat(fifo); err != nil || st.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the FIFO is now %v, %v", st, err)
	}
	// As a log that the environment names, which the command may replace too.
	cmd := s.verify(`true`)
	cmd.Env = append(cmd.Env, "SSLKEYLOGFILE="+fifo)
	if code, _, errs := runToEnd(t, cmd); code != exitInput || !strings.Contains(errs, "fifo") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
}

// Whatever signal ends us, what is known is reported, the command and all that it has
// started are ended, and neither keys nor packets are left.
func TestSignalsLeaveNothingBehind(t *testing.T) {
	binary := liveBinary(t)
	for _, sig := range endings {
		t.Run(sig.String(), func(t *testing.T) {
			s := newStage(t, binary)
			var out, errs bytes.Buffer
			cmd := s.verify(`sleep 300 & echo $$ $! >$OWN/pids; echo CLIENT_RANDOM 00 00 >>$SSLKEYLOGFILE; sleep 300`,
				"-w", filepath.Join(s.own, "packets"))
			cmd.Stdout, cmd.Stderr = &out, &errs
			cmd.WaitDelay = time.Second
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // as under a supervisor, without a terminal
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			stop := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
			defer stop.Stop()
			var pids []byte
			for range 100 {
				time.Sleep(50 * time.Millisecond)
				if pids, _ = os.ReadFile(filepath.Join(s.own, "pids")); len(pids) > 0 {
					break
				}
			}
			time.Sleep(200 * time.Millisecond)
			cmd.Process.Signal(sig)
			cmd.Wait()
			code := cmd.ProcessState.ExitCode()
			if code != exitInput || !strings.Contains(errs.String(), "interrupted: "+sig.String()) {
				t.Errorf("%v, said %q", cmd.ProcessState, errs.String())
			}
			var r report.Report
			if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Command == nil || r.Command.Signal == "" {
				t.Errorf("%v: report %q", err, out.String())
			}
			var shell, sleep int
			fmt.Sscan(string(pids), &shell, &sleep)
			for _, pid := range []int{shell, sleep} {
				if pid == 0 || alive(pid) {
					t.Errorf("process %d of the command lives on", pid)
					syscall.Kill(pid, syscall.SIGKILL)
				}
			}
			if left := s.left(t); len(left) > 0 {
				t.Errorf("left %v", left)
			}
			if _, err := os.Stat(filepath.Join(s.own, "packets.partial")); err == nil {
				t.Error("packets are left in their temporary file")
			}
			if _, err := os.Stat(filepath.Join(s.own, "packets")); err != nil {
				t.Error("the packets that were asked for:", err)
			}
		})
	}
}

// alive reports whether a process runs; one that waits to be asked after does not.
func alive(pid int) bool {
	for range 20 {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(b), ") Z ") {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}

// Root makes temporary files only where nobody else can rename them.
func TestTempPlaceIsRoots(t *testing.T) {
	s := newStage(t, "")
	none := filepath.Join(s.own, "none")
	for dir, want := range map[string]bool{s.tmp: true, s.own: false, filepath.Dir(s.canary): true, none: false} {
		t.Setenv("TMPDIR", dir)
		got, err := tempPlace(0o001)
		if err != nil || (got == dir) != want {
			t.Errorf("%s: %s, %v", filepath.Base(dir), got, err)
		}
	}
	os.Chmod(filepath.Dir(s.canary), 0o700)
	t.Setenv("TMPDIR", filepath.Dir(s.canary))
	for search, want := range map[fs.FileMode]bool{0: true, 1: false} {
		if got, err := tempPlace(search); err != nil || (got == filepath.Dir(s.canary)) != want {
			t.Errorf("search %v: %s, %v", search, got, err)
		}
	}
}
