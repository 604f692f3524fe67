package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	clientAddr, serverAddr = "10.9.8.1", "10.9.8.2"
	port                   = "8080"
)

// responses are what is asked for, one after the other on one connection: sizes in bytes, after
// pauses in milliseconds.
var responses = []struct{ size, pause int }{
	{200_000, 0}, {1_000_000, 100}, {50_000, 1500}, {4_000_000, 300}, {300_000, 50}, {100_000, 2500},
}

// measure has binary capture transfers over p where they are sent, and prints how far off its
// windows are.
func measure(ctx context.Context, binary string, p path) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: a network namespace needs root", errSkipped)
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return fmt.Errorf("%w: %w", errSkipped, err)
	}
	near, err := newNamespace()
	if err != nil {
		return fmt.Errorf("%w: this system forbids network namespaces: %w", errSkipped, err)
	}
	far, err := newNamespace()
	if err != nil {
		return err
	}
	var nearEnd, farEnd int
	if err := near.call(func() (err error) { nearEnd, err = openTUN(clientAddr, serverAddr); return err }); err != nil {
		return fmt.Errorf("%w: no TUN devices here: %w", errSkipped, err)
	}
	defer unix.Close(nearEnd)
	if err := far.call(func() (err error) { farEnd, err = openTUN(serverAddr, clientAddr); return err }); err != nil {
		return err
	}
	defer unix.Close(farEnd)
	go carry(farEnd, nearEnd, p.rate, p.rtt/2)
	go carry(nearEnd, farEnd, p.rate, p.rtt/2)
	stop, err := serve(far, p.algorithm)
	if err != nil {
		return err
	}
	defer stop()
	dir, err := os.MkdirTemp("", "accuracy-live")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	series := filepath.Join(dir, "series.csv")
	capture, err := startCapture(ctx, far, binary, series)
	if err != nil {
		return err
	}
	asked := near.call(func() error { return askAll(ctx) })
	time.Sleep(p.rtt + 300*time.Millisecond) // the last packets
	if err := capture(); err != nil {
		return err
	}
	if asked != nil {
		return asked
	}
	f, err := os.Open(series)
	if err != nil {
		return err
	}
	defer f.Close()
	lines, err := readSeries(f)
	if err != nil {
		return err
	}
	list := deviations(lines)
	if len(list) == 0 {
		return errors.New("the kernel has said nothing of the sender's window")
	}
	fmt.Printf("%s, %v, %d Mbit/s: tcpwarm's window beside the kernel's\n", p.algorithm, p.rtt, p.rate)
	show(os.Stdout, list)
	return nil
}

// serve serves responses of a size that the request names, from namespace n.
func serve(n namespace, algorithm string) (stop func(), err error) {
	c := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) {
			err = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, algorithm)
		}); e != nil {
			return e
		}
		return err
	}}
	var l net.Listener
	if err := n.call(func() (err error) {
		l, err = c.Listen(context.Background(), "tcp4", net.JoinHostPort(serverAddr, port))
		return err
	}); err != nil {
		return nil, fmt.Errorf("%s: %w", algorithm, err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		w.Header().Set("Content-Length", strconv.Itoa(size))
		w.Write(make([]byte, size))
	})}
	go s.Serve(l)
	return func() { s.Close() }, nil
}

// startCapture has binary capture in namespace n, and returns what ends it.
func startCapture(ctx context.Context, n namespace, binary, series string) (stop func() error, err error) {
	end, err := startListening(n.call, exec.CommandContext(ctx, binary, "capture", "-i", device, "-Z", "root", "--series", series,
		"--format", "json", "tcp"))
	return func() error {
		_, err := end()
		return err
	}, err
}

// startListening starts what captures, as call has it, and waits until it says that it listens. What it returns ends it, and
// returns what it has said since.
func startListening(call func(func() error) error, cmd *exec.Cmd) (stop func() (said []byte, err error), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	errs, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := call(cmd.Start); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(errs)
	for {
		line, err := lines.ReadString('\n')
		if strings.Contains(line, "listening") {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s %w", cmd.Args[0], line, cmd.Wait())
		}
	}
	return func() ([]byte, error) {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return nil, err
		}
		said, _ := io.ReadAll(lines)
		if err := cmd.Wait(); err != nil {
			return nil, fmt.Errorf("%s: %w", cmd.Args[0], err)
		}
		return said, nil
	}, nil
}

// askAll asks for the responses from the calling thread's namespace, on one connection, which is opened
// here: another thread's sockets are in another.
func askAll(ctx context.Context) error {
	conn, err := net.Dial("tcp4", net.JoinHostPort(serverAddr, port))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return conn, nil
	}}}
	for _, r := range responses {
		time.Sleep(time.Duration(r.pause) * time.Millisecond)
		url := fmt.Sprintf("http://%s/%d", net.JoinHostPort(serverAddr, port), r.size)
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		got, err := client.Do(q)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, got.Body)
		got.Body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
