package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A test is one test, example or set of fuzz seeds of a binary.
type test struct {
	*binary
	name   string
	took   time.Duration // on the clock, without a mutant
	cpu    time.Duration
	passes map[int]bool // the mutants whose places it comes by
	alone  bool         // may need ports, interfaces: never beside another such; nor is each failure a mutant's
	kills  atomic.Int64 // mutants noticed so far
}

// worth tells in what order tests are run: what takes little time and has noticed much goes
// first, what is not of the packages with mutants last.
func (t *test) worth() float64 {
	v := float64(1+t.kills.Load()) / float64(t.cpu+10*time.Millisecond)
	if t.alone {
		v /= 1000
	}
	return v
}

func (t *test) String() string { return t.pkg.ImportPath + " " + t.name }

// outcome is how a test ended.
type outcome int

const (
	passed outcome = iota
	failed
	hung
)

var aloneLock sync.Mutex

// run runs t with the mutant that acts, 0 for none.
func (t *test) run(ctx context.Context, mutant int, overlay, trace string) (outcome, string) {
	if t.alone {
		aloneLock.Lock()
		defer aloneLock.Unlock()
	}
	limit, cpu := 5*time.Minute, 600
	if t.took > 0 {
		limit, cpu = 30*time.Second+10*t.took, 5+int(4*t.cpu/time.Second)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// A mutant may loop for ever or take all memory there is.
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -t "$1"; ulimit -v 6000000; shift; exec "$@"`, "sh", strconv.Itoa(cpu),
		t.path, "-test.run", "^"+regexp.QuoteMeta(t.name)+"$", "-test.failfast", "-test.count=1")
	cmd.Dir = t.pkg.Dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-overlay="+overlay, switchVar+"="+strconv.Itoa(mutant), traceVar+"="+trace)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	if mutant == 0 && t.took == 0 {
		t.took = time.Since(start)
		if s := cmd.ProcessState; s != nil {
			t.cpu = s.UserTime() + s.SystemTime()
		}
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return passed, ""
	case ctx.Err() != nil || errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled():
		return hung, out.String()
	}
	return failed, out.String()
}

// tests lists the tests of b.
func (b *binary) tests() ([]*test, error) {
	cmd := exec.Command(b.path, "-test.list", "^(Test|Fuzz|Example)")
	cmd.Dir = b.pkg.Dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.pkg.ImportPath, err)
	}
	var all []*test
	for name := range strings.FieldsSeq(string(out)) {
		all = append(all, &test{binary: b, name: name})
	}
	return all, nil
}

// trace runs t without a mutant and notes the places that it comes by.
func (t *test) trace(ctx context.Context, folder, overlay string) error {
	path := filepath.Join(folder, "trace")
	defer os.Remove(path)
	if end, _ := t.run(ctx, 0, overlay, path); end != passed { // it may have been the machine
		if end, out := t.run(ctx, 0, overlay, path); end != passed {
			return fmt.Errorf("%s fails without any mutant:\n%s", t, out)
		}
	}
	t.passes = map[int]bool{}
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for line := range strings.FieldsSeq(string(b)) {
		if n, err := strconv.Atoi(line); err == nil {
			t.passes[n] = true
		}
	}
	return nil
}

// A result is what became of a mutant.
type result struct {
	*place
	end     outcome
	by      *test
	passing int    // tests that come by
	known   string // why it is equivalent, if it is
	took    time.Duration
}

// try shows mutant p to the tests that come by, one after the other.
func try(ctx context.Context, p *place, tests []*test, overlay string) result {
	start := time.Now()
	r := result{place: p}
	var reach []*test
	for _, t := range tests {
		if t.passes[p.id] {
			reach = append(reach, t)
		}
	}
	r.passing = len(reach)
	worth := map[*test]float64{}
	for _, t := range reach {
		worth[t] = t.worth()
	}
	slices.SortStableFunc(reach, func(a, b *test) int { return cmp.Compare(worth[b], worth[a]) })
	for _, t := range reach {
		end, _ := t.run(ctx, p.id, overlay, "")
		if end == passed {
			continue
		}
		if t.alone {
			if without, _ := t.run(ctx, 0, overlay, ""); without != passed { // it fails anyway just now
				continue
			}
		}
		t.kills.Add(1)
		r.end, r.by = end, t
		break
	}
	r.took = time.Since(start)
	return r
}
