package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/vt"
	"golang.org/x/sys/unix"
)

// Size of the terminal.
const columns, lines = 110, 24

// What this process is, in the environment: the one in the namespace, or the client that is judged.
const (
	role       = "TCPWARM_TERMINALPICTURE"
	photograph = "photographer"
	client     = "client"
)

// take takes the pictures.
func take(binary, folder string) error {
	switch os.Getenv(role) {
	case client:
		return request(true)
	case photograph:
		return takeInside(binary, folder)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: needs root", errSkipped)
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), role+"="+photograph)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: no namespaces here: %w", errSkipped, err)
	}
	return cmd.Wait()
}

// takeInside takes them in this namespace, where nothing is yet.
func takeInside(binary, folder string) error {
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("ip link: %w: %s", err, out)
	}
	if err := serve(); err != nil {
		return err
	}
	watched := func() error { return request(false) }
	err := picture(filepath.Join(folder, "screen.svg"), "waiting for requests", watched, binary, "capture", "-i", "lo")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return picture(filepath.Join(folder, "split.svg"), "request 10", nil, binary, "verify", "-i", "lo", "--", self)
}

// picture runs a program on a terminal until that shows a text, does what is to be done then, and writes a little later
// what it shows by now.
func picture(name, text string, then func() error, program ...string) error {
	ours, theirs, err := pseudoTerminal()
	if err != nil {
		return err
	}
	defer ours.Close()
	defer theirs.Close()
	var mu sync.Mutex
	screen := vt.NewEmulator(columns, lines)
	go io.Copy(ours, screen) // what a terminal answers when it is asked
	go func() {
		b := make([]byte, 4096)
		for n, err := ours.Read(b); err == nil; n, err = ours.Read(b) {
			mu.Lock()
			screen.Write(b[:n])
			mu.Unlock()
		}
	}()
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "NO_COLOR=", role+"="+client)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Wait()
	defer cmd.Process.Signal(os.Interrupt)
	shown := func() string {
		mu.Lock()
		defer mu.Unlock()
		return screen.String()
	}
	for end := time.Now().Add(time.Minute); !strings.Contains(shown(), text); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("the terminal does not show %q, but\n%s", text, shown())
		}
	}
	if then != nil {
		if err := then(); err != nil {
			return err
		}
	}
	time.Sleep(1500 * time.Millisecond) // until it is drawn
	mu.Lock()
	defer mu.Unlock()
	return os.WriteFile(name, []byte(svgOf(screen)), 0o666)
}

// pseudoTerminal opens both sides of one (pts(4)).
func pseudoTerminal() (ours, theirs *os.File, err error) {
	if ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(ours.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: lines, Col: columns})
	}
	if err == nil {
		theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		ours.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// Where the servers are.
const shop, search = "127.0.0.1:8080", "127.0.0.1:8081"

// serve starts them. They take some time, and send enough for a window to grow.
func serve() error {
	for _, addr := range []string{shop, search} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(40 * time.Millisecond)
			w.Write(make([]byte, 200_000))
		}))
	}
	return nil
}

// request asks one server ten times with a client for each request, as is often done, and the other with one for all. Some
// connections it closes in the end. It stays a while, with what is open, where it is the one that is watched.
func request(stays bool) error {
	one := &http.Client{}
	var errs error
	var others []*http.Client
	for i := range 10 {
		others = append(others, &http.Client{Transport: &http.Transport{}})
		for addr, c := range map[string]*http.Client{shop: others[i], search: one} {
			resp, err := c.Get(fmt.Sprintf("http://%s/item/%d", addr, i))
			if err != nil {
				errs = errors.Join(errs, err)
				continue
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		if stays {
			fmt.Printf("request %d of 10 to each of 2 servers\n", i+1)
		}
		time.Sleep(80 * time.Millisecond)
	}
	for _, c := range others[:7] {
		c.CloseIdleConnections()
	}
	if stays {
		time.Sleep(5 * time.Second)
	}
	return errs
}
