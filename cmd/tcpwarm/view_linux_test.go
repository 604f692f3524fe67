package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"golang.org/x/sys/unix"

	"tcpwarm/cmd/tcpwarm/internal/liveview"
)

// A seat is a terminal with somebody at it: what a program draws is kept as a screen has it.
type seat struct {
	t            *testing.T
	ours, theirs *os.File
	mu           sync.Mutex
	screen       *vt.Emulator
	all          bytes.Buffer // as it came
	gone         chan struct{}
}

func newSeat(t *testing.T, columns, lines int) *seat {
	ours, theirs := pseudoTerminal(t, uint16(columns))
	s := &seat{t: t, ours: ours, theirs: theirs, screen: vt.NewEmulator(columns, lines), gone: make(chan struct{})}
	s.resize(columns, lines)
	go io.Copy(ours, s.screen) // what a terminal answers when it is asked
	go func() {
		defer close(s.gone)
		b := make([]byte, 4096)
		for {
			n, err := ours.Read(b)
			s.mu.Lock()
			s.all.Write(b[:n])
			s.screen.Write(b[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

// shown returns what the screen shows, altScreen whether that is one of the program's own, and cursorHidden whether it
// has hidden the cursor.
func (s *seat) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

func (s *seat) altScreen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.IsAltScreen()
}

func (s *seat) cursorHidden() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.CursorHidden()
}

func (s *seat) resize(columns, lines int) {
	s.mu.Lock()
	s.screen.Resize(columns, lines)
	s.mu.Unlock()
	err := unix.IoctlSetWinsize(int(s.ours.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(lines), Col: uint16(columns)})
	if err != nil {
		s.t.Fatal(err)
	}
}

// start starts a command whose terminal this is.
func (s *seat) start(cmd *exec.Cmd) {
	cmd.Stderr = s.theirs
	if cmd.Stdin == nil {
		cmd.Stdin = s.theirs
	}
	if cmd.Stdout == nil {
		cmd.Stdout = s.theirs
	}
	cmd.Env = append(cmd.Environ(), "TERM=xterm-256color", "NO_COLOR=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 2}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for the screen to show all of texts.
func (s *seat) until(what string, texts ...string) string {
	s.t.Helper()
	shown := ""
	for range 200 {
		shown = s.shown()
		lacks := ""
		for _, text := range texts {
			if !strings.Contains(shown, text) {
				lacks = text
			}
		}
		if lacks == "" {
			return shown
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Errorf("%s: no %q in\n%s", what, texts, shown)
	return shown
}

func (s *seat) press(keys string) { io.WriteString(s.ours, keys) }

// modes are those of the terminal that a program in raw mode changes.
func (s *seat) modes() unix.Termios {
	m, err := unix.IoctlGetTermios(int(s.ours.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return *m
}

// isBack waits for the terminal to be as it was.
func (s *seat) isBack(before unix.Termios) {
	s.t.Helper()
	for range 200 {
		if !s.altScreen() && !s.cursorHidden() && s.modes() == before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Errorf("the terminal is not as it was: %+v, was %+v; alt screen %v, cursor hidden %v\n%s",
		s.modes(), before, s.altScreen(), s.cursorHidden(), s.shown())
}

// panicking, in the environment, says that this is a program that panics while a view is shown, and where.
const panicking = "TCPWARM_TEST_PANICS"

func init() { standsFor[panicking] = panicWhileShown }

// panicWhileShown shows a view of nothing, and panics once a key is pressed.
func panicWhileShown(how string) int {
	panics := func() { panic("injected\x1b") }
	all := map[string]func(){
		"in a goroutine": func() { go panics() },
		"as it is drawn": panics, // which bubbletea recovers from
		"in the runtime": func() {
			for m, i := map[int]int{}, 0; i < 8; i++ { // a fatal error, from which nobody recovers
				go func() {
					for {
						m[i]++
					}
				}()
			}
		},
		"all stopped":      func() { syscall.Kill(os.Getpid(), syscall.SIGABRT) },
		"out of resources": func() { syscall.Kill(os.Getpid(), syscall.SIGKILL) },
	}
	v, err := liveview.Show(liveview.New(func() (int64, int64) { return 0, 0 }, nil), liveview.Options{Title: "shown",
		In: os.Stdin, Out: os.Stderr, End: all[how], Save: func(string) (string, error) { return "", nil }})
	if err != nil {
		return 1
	}
	time.Sleep(10 * time.Second)
	v.Close()
	return 1
}

// Wherever a program panics while a view is shown, the terminal is given back, and what was said is to be read.
func TestLiveViewPanics(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for how, says := range map[string]string{
		"in a goroutine":   `ended by a fault of its own: panic: injected\x1b`,
		"as it is drawn":   "Caught panic:",
		"in the runtime":   "ended by a fault of its own: a fatal error of the runtime",
		"all stopped":      "ended by a fault of its own: SIGABRT: abort",
		"out of resources": "",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newSeat(t, 100, 100)
			before := s.modes()
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), panicking+"="+how, "GORACE=log_path="+filepath.Join(t.TempDir(), "race"))
			s.start(cmd)
			t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
			s.until("at first", "waiting for requests")
			s.press("q")
			s.until("its end", says)
			s.isBack(before)
		})
	}
}

// eachItsOwn has a server of its own, and a client that opens a connection for each request to it.
func eachItsOwn(t *testing.T) (port string, request, close func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 50_000)) })}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	var idle []*http.Transport
	request = func() {
		t.Helper()
		idle = append(idle, &http.Transport{})
		resp, err := (&http.Client{Transport: idle[len(idle)-1]}).Get("http://" + l.Addr().String() + "/")
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return port, request, func() {
		for _, one := range idle {
			one.CloseIdleConnections()
		}
	}
}

// At three sizes a terminal shows what is captured; keys do what they say they do, another size is drawn anew, and
// in the end the terminal is as it was, with the report on it.
func TestLiveViewOnATerminal(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for _, size := range [][2]int{{60, 20}, {100, 30}, {200, 60}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			port, request, closeAll := eachItsOwn(t)
			s := newSeat(t, size[0], size[1])
			before := s.modes()
			cmd := exec.Command(binary, "capture", "-i", "lo", "tcp port "+port)
			cmd.Dir = t.TempDir()
			s.start(cmd)
			s.until("at first", "tcpwarm on lo", "waiting for requests", "q end")
			if !s.altScreen() || reflect.DeepEqual(s.modes(), before) {
				t.Error("not on a screen of its own, or not in raw mode")
			}
			for range 4 {
				request()
				time.Sleep(20 * time.Millisecond)
			}
			// The last opening is judged when later packets have come.
			s.until("after requests", "4 requests on 4 connections: 1 needed, ", "      4        4", "127.0.0.1 > 127.0.0.1:"+port,
				"lanes of 127.0.0.1", "#1  first, certain", "#3  missed, so far")
			s.press("/nothing of this name")
			s.until("filtered", "/nothing of this name_", "none of 1 pool has")
			s.press("\x1b")
			s.until("no filter", "      4        4")
			s.press("s")
			s.until("sorted", "sorted by: requests")
			s.press(" ")
			s.until("paused", "PAUSED")
			request()
			time.Sleep(500 * time.Millisecond)
			s.until("paused still", "4 requests on 4 connections")
			s.press(" ")
			s.until("goes on", "5 requests on 5 connections: 1 needed, ")
			closeAll()
			s.until("closed", "missed, x client", "5 connections: 1 needed, 4 too many")
			s.press("w")
			s.until("saved", "saved in tcpwarm-")
			s.resize(size[0]+17, size[1]+5)
			s.until("resized", "5 requests on 5 connections", "found so far")
			s.press("q")
			if err := cmd.Wait(); err != nil {
				t.Errorf("ended by q: %v", err)
			}
			saw := s.until("the report", "packets dropped by kernel")
			if s.altScreen() || s.cursorHidden() || s.modes() != before {
				t.Errorf("the terminal is not as it was: %+v, was %+v\n%s", s.modes(), before, saw)
			}
			s.mu.Lock()
			if all := s.all.String(); !strings.Contains(all, "5 requests used 5 connections; 1 was needed.") {
				t.Errorf("no report in %q", all)
			}
			s.mu.Unlock()
			files, _ := filepath.Glob(filepath.Join(cmd.Dir, "tcpwarm-*.txt"))
			if len(files) != 1 {
				t.Fatalf("saved: %q", files)
			}
			if b, err := os.ReadFile(files[0]); err != nil || strings.Count(string(b), "missed, so far") != 4 {
				t.Errorf("%v\n%s", err, b)
			}
		})
	}
}

// However it is ended, the terminal is as it was, and the report comes: all but SIGQUIT's, which is for who wants to
// see the program's stacks.
func TestLiveViewGivesTheTerminalBack(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for name, end := range map[string]func(s *seat, cmd *exec.Cmd){
		"Ctrl-C":  func(s *seat, cmd *exec.Cmd) { s.press("\x03") },
		"SIGINT":  func(s *seat, cmd *exec.Cmd) { cmd.Process.Signal(syscall.SIGINT) },
		"SIGTERM": func(s *seat, cmd *exec.Cmd) { cmd.Process.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(s *seat, cmd *exec.Cmd) { cmd.Process.Signal(syscall.SIGHUP) },
		"SIGKILL": func(s *seat, cmd *exec.Cmd) { cmd.Process.Kill() },
		"SIGQUIT": func(s *seat, cmd *exec.Cmd) { cmd.Process.Signal(syscall.SIGQUIT) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port, request, _ := eachItsOwn(t)
			s := newSeat(t, 80, 24)
			before := s.modes()
			out, err := os.Create(filepath.Join(t.TempDir(), "lines"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			cmd := exec.Command(binary, "capture", "-i", "lo", "--format", "ndjson", "tcp port "+port)
			cmd.Stdout = out // lines of another format go on while the view is there
			s.start(cmd)
			s.until("at first", "waiting for requests")
			request()
			s.until("after a request", "1 request on 1 connection: none too many")
			end(s, cmd)
			err = cmd.Wait()
			killed := name == "SIGQUIT" || name == "SIGKILL"
			if !killed {
				s.until("given back", "packets captured")
			}
			if (err != nil) != killed {
				t.Error(err)
			}
			s.isBack(before)
			if lines, err := os.ReadFile(out.Name()); !killed && bytes.Count(lines, []byte("\n")) < 2 {
				t.Errorf("lines: %q, %v", lines, err)
			}
		})
	}
}

// Where there is no terminal for it, or it is not wanted, there are lines; that it cannot be had is said where it was
// asked for.
func TestLiveViewIsNotForAll(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	s := newSeat(t, 80, 24)
	cmd := exec.Command(binary, "capture", "-i", "lo", "--live", "never", "--duration", "300ms", "tcp port 1")
	s.start(cmd)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	s.until("lines", "packets captured")
	piped := exec.Command(binary, "capture", "-i", "lo", "--duration", "300ms", "tcp port 1")
	piped.Stdout = new(bytes.Buffer) // whoever reads the pipe, a tee or a grep, may write to the terminal
	s.start(piped)
	if err := piped.Wait(); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Contains(s.all.String(), "\x1b[?1049h") {
		t.Errorf("drawn all the same: %q", &s.all)
	}
	out, err := exec.Command(binary, "capture", "-i", "lo", "--live", "always", "--duration", "300ms").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--live always: standard input and standard error must be a terminal") {
		t.Errorf("%v: %s", err, out)
	}
}
