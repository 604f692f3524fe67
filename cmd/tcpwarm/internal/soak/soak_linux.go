package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// inside, in the environment, says that we are in the namespace already.
const inside = "TCPWARM_SOAK_INSIDE"

// soak runs this program again in a network namespace of its own, and is what that does.
func soak(ctx context.Context, binary, memory string, long time.Duration, rate int) error {
	if os.Getenv(inside) != "" {
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			return fmt.Errorf("ip link set lo up: %w: %s", err, out)
		}
		return captured(ctx, binary, memory, long, rate)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: a network namespace needs root", errSkipped)
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return fmt.Errorf("%w: %w", errSkipped, err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGTERM}
	err = cmd.Start()
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%w: this system forbids network namespaces: %w", errSkipped, err)
	}
	if err != nil {
		return err
	}
	return cmd.Wait()
}

// A result is what a report's last line says: the kind of the others is "connection".
type result struct {
	Capture struct {
		Packets  int64
		Problems []struct {
			Kind string
			Text string
		}
	}
	Totals struct{ Connections, Transactions int64 }
}

// captured has the binary capture what traffic makes, and compares.
func captured(ctx context.Context, binary, memory string, long time.Duration, rate int) error {
	cmd := exec.Command(binary, "capture", "-i", "lo", "--format", "ndjson", "--memory", memory, "tcp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// What is resident follows what is in use only where that is collected often: by itself
	// the program lets it grow to five times as much before, which takes longer than this.
	cmd.Env = append(os.Environ(), "GOGC=20")
	errs, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	listening := make(chan bool, 1)
	go awaitListening(errs, listening)
	var last []byte
	read := make(chan error, 1)
	go func() { read <- lastLine(out, &last) }()
	if !<-listening {
		return errors.New("the capture did not begin")
	}
	stopped, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	samples := make(chan []int64, 1)
	go func() { samples <- watch(stopped, cmd.Process.Pid) }()
	made, err := traffic(stopped, rate)
	resident := <-samples
	time.Sleep(time.Second) // the last packets are still to be read
	cmd.Process.Signal(os.Interrupt)
	rerr := <-read
	if werr := cmd.Wait(); err == nil && cmd.ProcessState.ExitCode() != 0 {
		err = fmt.Errorf("capture: %w", werr)
	}
	if err = errors.Join(err, rerr); err != nil {
		return err
	}
	var r result
	if err := json.Unmarshal(last, &r); err != nil {
		return err
	}
	return judge(&r, made, resident)
}

// judge holds a capture to what is promised.
func judge(r *result, made counts, resident []int64) error {
	second, third := mean(resident, 1), mean(resident, 2)
	fmt.Printf("%d packets, %d connections, %d transactions; %.1f MB resident in the second third, %.1f in the last\n",
		r.Capture.Packets, r.Totals.Connections, r.Totals.Transactions, second/1e6, third/1e6)
	var bad error
	if r.Totals.Connections != made.connections || r.Totals.Transactions != made.transactions {
		bad = errors.Join(bad, fmt.Errorf("captured %d connections and %d transactions, made were %d and %d",
			r.Totals.Connections, r.Totals.Transactions, made.connections, made.transactions))
	}
	for _, p := range r.Capture.Problems {
		if p.Kind == "kernel-dropped" || p.Kind == "gave-up" {
			bad = errors.Join(bad, fmt.Errorf("%s: %s", p.Kind, p.Text))
		}
	}
	if made.connections == 0 || second == 0 {
		bad = errors.Join(bad, errors.New("nothing was made, or watched"))
	}
	if third > 1.2*second {
		bad = errors.Join(bad, errors.New("memory grows"))
	}
	return bad
}

// mean returns the average of a third of list.
func mean(list []int64, third int) float64 {
	part := list[len(list)*third/3 : len(list)*(third+1)/3]
	var sum int64
	for _, v := range part {
		sum += v
	}
	return float64(sum) / float64(max(1, len(part)))
}

// awaitListening hands on what is said, and tells when it is that packets are captured, or that
// they never are.
func awaitListening(r io.Reader, listening chan<- bool) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		if strings.Contains(lines.Text(), "listening on") {
			listening <- true
			continue
		}
		fmt.Fprintln(os.Stderr, lines.Text())
	}
	select {
	case listening <- false:
	default:
	}
}

// lastLine reads to the end and leaves the last line.
func lastLine(r io.Reader, last *[]byte) error {
	b := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := b.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			*last = line
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// watch returns how many bytes of a process were resident, four times a second until ctx ends.
func watch(ctx context.Context, pid int) (resident []int64) {
	tick := time.NewTicker(time.Second / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return resident
		case <-tick.C:
		}
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)) // proc_pid_statm(5)
		if f := strings.Fields(string(b)); err == nil && len(f) > 1 {
			pages, _ := strconv.ParseInt(f[1], 10, 64)
			resident = append(resident, pages*int64(os.Getpagesize()))
		}
	}
}
