package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// rooted moves the test to a network namespace of its own with loopback up.
func rooted(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		t.Skip("no namespaces here:", err)
	}
	for _, args := range []string{"link set lo up", "link add in0 type veth peer name in1", "link set in0 up", "link set in1 up"} {
		if out, err := exec.Command("sh", "-c", "ip "+args).CombinedOutput(); err != nil {
			t.Skipf("ip %s: %v %s", args, err, out)
		}
	}
}

// Under sudo the command runs as the one who called it, with that user's groups and HOME.
func TestCommandRunsAsTheInvokingUser(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	nobody, err := user.LookupId("65534")
	if err != nil {
		t.Skip("no such user:", err)
	}
	groups, err := nobody.GroupIds()
	if err != nil || len(groups) != 1 || groups[0] != "65534" {
		t.Skipf("groups %v, %v", groups, err)
	}
	for args, want := range map[string]string{"": "65534 65534 at " + nobody.HomeDir + " of 65534\n", "--as-root": "0 0 at /roots of "} {
		cmd := exec.Command("sh", "-c", binary+" verify -i lo --settle 100ms "+args+" -- sh -c 'echo ids $(id -u) $(id -g) at $HOME of $(id -G)'")
		cmd.Env = append(os.Environ(), "SUDO_UID=65534", "SUDO_GID=65534", "SUDO_USER=nobody", "HOME=/roots")
		var errs bytes.Buffer
		cmd.Stderr = &errs
		cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != exitUnknown || !strings.Contains(errs.String(), "ids "+want) {
			t.Errorf("%q: exit code %d, said %q; want ids %s", args, code, errs.String(), want)
		}
	}
}

// An interface that goes away ends the capture: with its report, then the error.
func TestInterfaceThatGoesAwayLosesNoReport(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	cmd := exec.Command(binary, "capture", "-i", "in1", "--format", "json")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	if err := exec.Command("ip", "link", "del", "in1").Run(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	var r report.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	if code := cmd.ProcessState.ExitCode(); code != exitInput || !strings.Contains(errs.String(), "in1: network is down") {
		t.Errorf("exit code %d, said %q", code, errs.String())
	}
}

// liveReport runs a shell's command line, in which $BIN and $SELF are this program and
// the client that is watched, and reads the JSON report that comes out of it.
func liveReport(t *testing.T, binary, scenario, line string) (r *report.Report, code int, errs string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "BIN="+binary, "SELF="+self, "SCENARIO="+scenario)
	var out, errw bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errw
	cmd.Run()
	r = &report.Report{}
	if err := json.Unmarshal(out.Bytes(), r); err != nil {
		t.Errorf("%s: %v\n%s%s", line, err, out.String(), errw.String())
	}
	return r, cmd.ProcessState.ExitCode(), errw.String()
}

func hasProblem(r *report.Report, kind string) bool {
	return slices.ContainsFunc(r.Capture.Problems, func(p report.Problem) bool { return p.Kind == kind })
}

// What was seen before an interface went down, or away, is judged, and does not pass.
func TestInterfaceThatGoesAwayPassesNowhere(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for what, line := range map[string]string{
		"nothing":       "$BIN verify -i lo --format json -- env TCPWARM_SCENARIO=shared $SELF",
		"down":          "$BIN verify -i lo --format json -- sh -c 'TCPWARM_SCENARIO=shared $SELF; ip link set lo down; sleep 0.3'; c=$?; ip link set lo up; exit $c",
		"one of two":    "$BIN verify -i lo -i in1 --format json -- sh -c 'TCPWARM_SCENARIO=shared $SELF; ip link set in1 down; sleep 0.3'; c=$?; ip link set in1 up; exit $c",
		"away, of two":  "ip link add d0 type veth peer name e0; ip link set d0 up; $BIN verify -i lo -i d0 --format json -- sh -c 'TCPWARM_SCENARIO=shared $SELF; ip link del d0; sleep 0.3'",
		"away, capture": "ip link add d1 type veth peer name e1; ip link set d1 up; $BIN capture -i d1 --format json 2>e & while ! grep -q listening e; do sleep 0.05; done; ip link del d1; wait $!; c=$?; cat e >&2; exit $c",
	} {
		r, code, errs := liveReport(t, binary, "shared", line)
		if what == "nothing" {
			if code != exitOK || r.Outcome != verdict.Passed {
				t.Errorf("%s: exit code %d, %s\n%s", what, code, r.Outcome, errs)
			}
			continue
		}
		seen := what == "away, capture" || r.Totals.Transactions == 4 && r.Outcome == verdict.Undecided
		if code != exitInput || !seen || !hasProblem(r, segment.InterfaceGone) {
			t.Errorf("%s: exit code %d, %s, %d transactions, %+v\n%s", what, code, r.Outcome, r.Totals.Transactions, r.Capture.Problems, errs)
		}
	}
}

// A disk that is full, or a file that may not grow, loses no report: what was written is
// judged, and does not pass.
func TestFullDiskLosesNoReport(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	tmpfs := "unshare -m sh -c 'mkdir m && mount -t tmpfs -o size=16k none m && "
	for what, line := range map[string]string{
		"limit":            "ulimit -f 64; exec $BIN verify -i lo --expect 'connections<=4' --format json -w keep -- env TCPWARM_SCENARIO=unread $SELF",
		"limit, own spool": "ulimit -f 64; exec $BIN verify -i lo --expect 'connections<=4' --format json -- env TCPWARM_SCENARIO=unread $SELF",
		"disk":             tmpfs + "exec $BIN verify -i lo --expect \"connections<=4\" --format json -w m/keep -- env TCPWARM_SCENARIO=unread $SELF'",
		"name taken":       "exec $BIN verify -i lo --expect 'connections<=4' --format json -w keep -- sh -c 'mkdir -p keep/x; TCPWARM_SCENARIO=unread exec $SELF'",
		"capture, device":  "exec $BIN capture -i lo --duration 300ms --format json -w /dev/full",
		"capture, disk":    tmpfs + "(sleep 0.5; TCPWARM_SCENARIO=unread $SELF) & exec $BIN capture -i lo --duration 5s --format json -w m/keep'",
	} {
		r, code, errs := liveReport(t, binary, "unread", line)
		if code != exitInput || r.Outcome == verdict.Passed || !hasProblem(r, segment.NotWritten) || errs == "" {
			t.Errorf("%s: exit code %d, %s, %+v\n%s", what, code, r.Outcome, r.Capture.Problems, errs)
		}
		if (what == "disk" || what == "name taken") && r.Totals.Connections == 0 {
			t.Errorf("%s: nothing of what was written is judged\n%s", what, errs)
		}
	}
}

// A file that packets cannot be kept in is told before the capture begins: with the remedy,
// where the right to write was given up.
func TestWriteFailsBeforeListening(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	own := t.TempDir() // root's
	for name := own; name != "/tmp" && name != "/"; name = filepath.Dir(name) {
		os.Chmod(name, 0o755)
	}
	for _, x := range []struct {
		args, says string
		code       int
	}{
		{"-w " + own, "is a", exitInput},
		{"-w " + own + "/absent/x", "no such file", exitInput},
		{"-w " + own + "/x", "-Z root", exitInput},
		{"-Z root -w " + own + "/x", "listening", exitOK},
	} {
		cmd := exec.Command("sh", "-c", "exec "+binary+" capture -i lo --duration 200ms "+x.args)
		cmd.Env = append(os.Environ(), "SUDO_UID=65534", "SUDO_GID=65534", "SUDO_USER=nobody")
		errs, _ := cmd.CombinedOutput()
		listens := strings.Contains(string(errs), "listening")
		if code := cmd.ProcessState.ExitCode(); code != x.code || !strings.Contains(string(errs), x.says) || listens != (code == exitOK) {
			t.Errorf("%s: exit code %d, said %s", x.args, code, errs)
		}
		if left, _ := filepath.Glob(own + "*.partial"); len(left) > 0 {
			t.Errorf("%s: left %v", x.args, left)
		}
	}
}

// A capture that goes into a file a second ends with as many as were wanted, all of them whole.
func TestCaptureRotatesByTime(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	line := `(while ! grep -qs listening e; do sleep 0.05; done; while ! test -e done; do TCPWARM_SCENARIO=shared $SELF; sleep 0.3; done) &
		$BIN capture -i lo -G 1 -W 2 -w 'k-%s.pcapng' --format json 2>e; c=$?; touch done; wait
		for f in k-*; do $BIN analyze $f >&2; done; ls >&2; exit $c`
	r, code, errs := liveReport(t, binary, "", line)
	whole, files := strings.Count(errs, " packets, none lost"), strings.Count(errs, "\nk-")
	if code != exitOK || whole != 2 || files != 4 || strings.Contains(errs, ".partial") || r.Totals.Transactions < 8 {
		t.Errorf("exit code %d, %d files are whole, %d transactions\n%s", code, whole, r.Totals.Transactions, errs)
	}
}

// A command that takes a signal to us for its end, and says all is well, is judged by a part.
func TestSignalWhileTheCommandRunsPassesNowhere(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	line := `$BIN verify -i lo --format json -- sh -c 'TCPWARM_SCENARIO=shared $SELF; trap "exit 0" TERM; touch ready; sleep 20 & wait' &
		p=$!; while ! test -e ready; do sleep 0.05; done; kill -TERM $p; wait $p`
	r, code, errs := liveReport(t, binary, "shared", line)
	if code != exitInput || r.Outcome != verdict.Undecided || !hasProblem(r, segment.Interrupted) || r.Totals.Transactions != 4 {
		t.Errorf("exit code %d, %s, %d transactions, %+v\n%s", code, r.Outcome, r.Totals.Transactions, r.Capture.Problems, errs)
	}
}

// kernelLines returns the lines of a series that are a kernel's, and how many columns its head has.
func kernelLines(t *testing.T, file string) (lines [][]string, head []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll() // which holds that all lines have as many cells as the first
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range all[1:] {
		if line[slices.Index(all[0], "event")] == "kernel" {
			lines = append(lines, line)
		}
	}
	return lines, all[0]
}

// On the machine whose sockets they are, the kernel's windows stand beside the inferred ones, in
// the JSON and in the series: with --isolated for the sockets in there, and also where
// addresses are redacted. A saved capture has no such thing.
func TestKernelWindowsBesideTheInferred(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for name, line := range map[string]string{
		"verify":   "$BIN verify -i lo --expect 'connections<=4' --series series.csv --format json -w keep -- env TCPWARM_SCENARIO=lasts $SELF",
		"isolated": "$BIN verify --isolated --expect 'connections<=4' --series series.csv --format json -- env TCPWARM_SCENARIO=lasts $SELF",
		"redacted": "$BIN verify -i lo --redact --expect 'connections<=4' --series series.csv --format json -- env TCPWARM_SCENARIO=lasts $SELF",
		"capture":  "(sleep 0.5; TCPWARM_SCENARIO=lasts $SELF) & exec $BIN capture -i lo --duration 3s --series series.csv --format json",
		"saved":    "$BIN verify -i lo --format json -w keep -- env TCPWARM_SCENARIO=lasts $SELF >/dev/null; exec $BIN analyze --series series.csv --format json keep",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r, _, errs := liveReport(t, binary, "lasts", "cd "+dir+"; "+line)
			if strings.Contains(errs, "forbids user namespaces") {
				t.Skip("this system forbids user namespaces")
			}
			if len(r.Connections) == 0 {
				t.Fatal("nothing was captured: ", errs)
			}
			lines, head := kernelLines(t, filepath.Join(dir, "series.csv"))
			said := 0
			for _, c := range r.Connections {
				for _, h := range []*report.Half{&c.ClientToServer, &c.ServerToClient} {
					if w := h.KernelWindow; w != nil {
						said++
						if w.Basis != report.Kernel || w.Segment <= 0 || w.Min <= 0 || w.Min > w.Max || w.Answers == 0 || w.Algorithm == "" {
							t.Errorf("%+v", *w)
						}
					}
				}
			}
			if name == "saved" {
				if said > 0 || len(lines) > 0 {
					t.Errorf("the kernel has said %d windows, %d lines, of a saved capture", said, len(lines))
				}
				return
			}
			if said == 0 || len(lines) == 0 {
				t.Fatalf("the kernel has said %d windows, %d lines of the series", said, len(lines))
			}
			c := r.Connections[0]
			for _, line := range lines {
				cell := func(name string) string { return line[slices.Index(head, name)] }
				from, to := net.JoinHostPort(cell("src"), cell("sport")), net.JoinHostPort(cell("dst"), cell("dport"))
				if cell("basis") != "kernel" || cell("cwnd_bytes") == "" || cell("cwnd_low_bytes") != "" || cell("algorithm") == "" ||
					cell("connection") == "1" && !(from == c.Client && to == c.Server || from == c.Server && to == c.Client) {
					t.Errorf("%q", line)
				}
			}
		})
	}
}

// What verify and capture have kept can be written again with comments, whose packets have the numbers that
// the report has.
func TestLivePacketsAgain(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for what, line := range map[string]string{
		"verify":     "$BIN verify -i lo --format json --report pcapng=out.pcapng -- env TCPWARM_SCENARIO=unread $SELF; c=$?; test $c = 1 || exit 90",
		"verify, -w": "$BIN verify -i lo --format json -w keep --report pcapng=out.pcapng -- env TCPWARM_SCENARIO=unread $SELF; test -s keep || exit 90",
		"capture": "$BIN capture -i lo --format json -w keep --report pcapng=out.pcapng 2>e & while ! grep -q listening e; do sleep 0.05; done; " +
			"TCPWARM_SCENARIO=unread $SELF; sleep 0.5; kill -INT $!; wait $!; test -s keep || exit 90",
	} {
		const commented = "grep -qa 'tcpwarm undrained (certain): #2 was opened here' out.pcapng || exit 91"
		r, code, errs := liveReport(t, binary, "unread", line+"; "+commented+"; exec $BIN verify -r out.pcapng >/dev/null")
		if code != exitFinding || r.Totals.Avoidable == 0 {
			t.Errorf("%s: exit code %d, %d avoidable\n%s", what, code, r.Totals.Avoidable, errs)
		}
	}
}

// A program that has file capabilities says why it cannot isolate itself; one without them does not.
func TestIsolatedNotWithFileCapabilities(t *testing.T) {
	built := liveBinary(t)
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	setcap, err := exec.LookPath("setcap")
	if err != nil {
		t.Skip("needs setcap")
	}
	dir, err := os.MkdirTemp("", "tcpwarm") // t.TempDir is root's alone
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	b, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "tcpwarm")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(binary, b, 0o755)); err != nil {
		t.Fatal(err)
	}
	said := func() (int, string) {
		cmd := exec.Command(binary, "verify", "--isolated", "--", "true")
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		cmd.Run()
		return cmd.ProcessState.ExitCode(), errs.String()
	}
	const reason = "--isolated: not by a program that has file capabilities (setcap)"
	if code, errs := said(); code < 0 || strings.Contains(errs, reason) {
		t.Errorf("without any: exit code %d, said %q", code, errs)
	}
	if out, err := exec.Command(setcap, "cap_net_raw+ep", binary).CombinedOutput(); err != nil {
		t.Skipf("no file capabilities here: %v %s", err, out)
	}
	if code, errs := said(); code != exitInput || !strings.Contains(errs, reason) {
		t.Errorf("exit code %d, want %d; said %q", code, exitInput, errs)
	}
}
