package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"tcpwarm/analyze/report"
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

// Under sudo the command runs as the one who called it.
func TestCommandRunsAsTheInvokingUser(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for args, want := range map[string]string{"": "65534 65534", "--as-root": "0 0"} {
		cmd := exec.Command("sh", "-c", binary+" verify -i lo --settle 100ms "+args+" -- sh -c 'echo ids $(id -u) $(id -g)'")
		cmd.Env = append(os.Environ(), "SUDO_UID=65534", "SUDO_GID=65534", "SUDO_USER=nobody")
		var errs bytes.Buffer
		cmd.Stderr = &errs
		cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != exitUnknown || !strings.Contains(errs.String(), "ids "+want+"\n") {
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
