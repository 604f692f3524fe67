package main

import (
	"bytes"
	"encoding/json"
	"io"
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

// Whoever stops to read the report does not make a pass of it: the program ends by the signal, as
// others do (pipe(7)), or with the exit code of a file that could not be written. What goes to
// a file beside is whole then, or not there.
func TestClosedPipe(t *testing.T) {
	path, _ := benchCapture(t, 3000, 10)
	beside := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.Command("tcpwarm", "verify", "-r", path, "--format", "json", "--expect", "connections>=1", "--report", "json="+beside)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = write, &errs
	if err := cmd.Start(); err != nil {
		t.Skip("the command cannot be started here:", err)
	}
	write.Close()
	io.ReadFull(read, make([]byte, 10))
	read.Close()
	cmd.Wait()
	state := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !(state.Signaled() && state.Signal() == syscall.SIGPIPE) && state.ExitStatus() != exitInput {
		t.Errorf("%v, said %q", cmd.ProcessState, &errs)
	}
	checkWholeOrNothing(t, beside)
}

// checkWholeOrNothing holds a report that was to be written to being whole, if it is there, and
// its folder to having nothing else.
func checkWholeOrNothing(t *testing.T, name string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(name) {
			t.Errorf("%s is left", e.Name())
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil || !json.Valid(b) {
			t.Errorf("%d bytes of %s are no report: %v", len(b), name, err)
		}
	}
}

// A disk that is full loses the report beside, and says so; not the one to standard output.
func TestFullDiskLeavesNoPart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	path, _ := benchCapture(t, 300, 10)
	for _, option := range []string{"--report json=", "--report html=", "--report perfetto=", "--series "} {
		for _, mode := range []string{"1777", "0755"} { // where others may write, and where nobody else may
			checkFullDisk(t, path, option, mode)
		}
	}
}

// checkFullDisk writes the file that an option names where there is no room for it, into a folder with a mode.
func checkFullDisk(t *testing.T, capture, option, mode string) {
	t.Helper()
	dir := t.TempDir()
	script := "mount -t tmpfs -o size=16k,mode=" + mode + " none " + dir + " && tcpwarm analyze --format json " + option +
		dir + "/r " + capture + "; c=$?; ls -A " + dir + " >&2; exit $c"
	cmd := exec.Command("unshare", "-m", "sh", "-c", script)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run()
	if strings.Contains(errs.String(), "unshare") || strings.Contains(errs.String(), "mount:") {
		t.Skip("no mounts here:", errs.String())
	}
	var r report.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Totals.Connections == 0 {
		t.Errorf("%v, %d connections", err, r.Totals.Connections)
	}
	if code := cmd.ProcessState.ExitCode(); code != exitInput || !strings.Contains(errs.String(), "no space left") ||
		strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("%s, folder of mode %s: exit code %d, said and left: %q", option, mode, code, &errs)
	}
}

// A capture that grows while it is read, as from tail -f, is read to where its writer ends, and
// whatever was cut between two writes is whole.
func TestGrowingInput(t *testing.T) {
	content, err := os.ReadFile(sharedAgent)
	if err != nil {
		t.Fatal(err)
	}
	read, write := io.Pipe()
	go func() {
		for len(content) > 0 {
			n := min(211, len(content))
			write.Write(content[:n])
			content = content[n:]
			time.Sleep(time.Millisecond)
		}
		write.Close()
	}()
	var grown, whole, errs bytes.Buffer
	if code := run(t.Context(), []string{"analyze", "-r", "-"}, read, &grown, &errs); code != exitOK {
		t.Errorf("exit code %d: %s", code, &errs)
	}
	run(t.Context(), []string{"analyze", sharedAgent}, nil, &whole, &errs)
	named := regexp.MustCompile(`(?m)^.* UTC \(.*\n`) // the line that names the file
	if got, want := named.ReplaceAllString(grown.String(), ""), named.ReplaceAllString(whole.String(), ""); got == "" || got != want {
		t.Errorf("grown\n%s\nwhole\n%s", &grown, &whole)
	}
}

// A live capture that a signal ends reports what was seen, and says that it was ended; nothing
// is left beside what was asked for.
func TestSignalsEndCaptures(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		dir := t.TempDir()
		cmd := exec.Command(binary, "capture", "-i", "lo", "--format", "json", "--report", "json="+filepath.Join(dir, "r.json"))
		cmd.Dir = dir
		var out bytes.Buffer
		cmd.Stdout = &out
		errs, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := make([]byte, 200)
		errs.Read(said) // that it is listening
		cmd.Process.Signal(sig)
		rest, _ := io.ReadAll(errs)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != exitOK || !json.Valid(out.Bytes()) {
			t.Errorf("%v: exit code %d, %d bytes, said %s", sig, code, out.Len(), rest)
		}
		checkWholeOrNothing(t, filepath.Join(dir, "r.json"))
	}
}
