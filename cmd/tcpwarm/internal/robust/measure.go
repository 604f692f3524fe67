package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// within is how long reading one capture may take by the clock on the wall.
const within = 3 * time.Minute

// A measure is what reading one capture took and gave.
type measure struct {
	n    int
	size int64         // bytes of the file
	cpu  time.Duration // user and system
	// peak is the most bytes resident. The kernel counts in what this process had when it began the
	// other, so this one must stay small.
	peak int64
	outcome
}

// An outcome is what a report comes to: the end of its JSON.
type outcome struct {
	Verdict string `json:"verdict"`
	Totals  struct {
		Connections  int64            `json:"connections"`
		Used         int64            `json:"used"`
		Transactions int64            `json:"transactions"`
		Needed       int64            `json:"needed"`
		Avoidable    int64            `json:"avoidable"`
		Causes       map[string]int64 `json:"causes"`
	} `json:"totals"`
	certain map[string]int64 // connections opened for a cause that is certain
}

// read makes a capture of k, has the binary read it, and removes it.
func (k *kind) read(ctx context.Context, binary, dir string, n int) (m *measure, err error) {
	file := filepath.Join(dir, "capture")
	defer os.Remove(file)
	m = &measure{n: n}
	if m.size, err = k.write(file, n); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	report := os.DevNull
	if k.want != nil {
		report = filepath.Join(dir, "report")
		defer os.Remove(report)
	}
	cmd := exec.CommandContext(ctx, binary, "analyze", "--report", "json="+report, file)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) } // it says where it hangs
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	if ctx.Err() != nil {
		os.Stderr.Write(errs.Bytes())
		return nil, fmt.Errorf("n %d: no report: %w", n, ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	// 0, and where it could not be read or judged; 1 is for expectations, of which there are none
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 1 && code != 3 && code != 4 {
		return nil, fmt.Errorf("n %d: exit code %d: %s", n, code, first(errs.Bytes()))
	}
	if bytes.Contains(errs.Bytes(), []byte("internal error")) {
		return nil, fmt.Errorf("n %d: %s", n, first(errs.Bytes()))
	}
	m.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.peak = int64(u.Maxrss)
		if runtime.GOOS != "darwin" { // elsewhere it counts KiB
			m.peak *= 1024
		}
	}
	if k.want == nil {
		return m, nil
	}
	if err := m.outcome.read(report); err != nil {
		return nil, err
	}
	if err := k.want(m); err != nil {
		return nil, fmt.Errorf("n %d: a wrong verdict: %s: %w", n, m.Verdict, err)
	}
	return m, nil
}

// first returns the first line of b.
func first(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return line
}

// read reads a report line by line: whole it may be larger than what this program may take.
func (o *outcome) read(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	o.certain = map[string]int64{}
	var cause string
	var end []byte // from the totals on
	err = eachLine(f, func(line []byte) {
		if bytes.HasPrefix(line, []byte(` "totals": {`)) {
			end = []byte("{")
		}
		if end != nil {
			end = append(append(end, line...), '\n')
			return
		}
		line = bytes.TrimSpace(line)
		if rest, ok := bytes.CutPrefix(line, []byte(`"cause": "`)); ok {
			cause = string(bytes.TrimRight(rest, `",`))
		} else if bytes.HasPrefix(line, []byte(`"confidence": "certain"`)) && cause != "" {
			o.certain[cause]++
			cause = ""
		} else {
			cause = ""
		}
	})
	if err != nil {
		return err
	}
	return json.Unmarshal(end, o)
}
