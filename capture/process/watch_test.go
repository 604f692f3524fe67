//go:build linux

package process

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"tcpwarm/capture/segment"
)

// TestMain is the command that is watched, too: it connects where it is told.
func TestMain(m *testing.M) {
	if to := os.Getenv("TCPWARM_CONNECT"); to != "" {
		c, err := net.Dial("tcp", to)
		if err != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString(c.LocalAddr().String())
		c.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestOnlyTheCommandsConnections(t *testing.T) {
	w := watchOf(t, maxConnections)
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", listen)
		if err != nil {
			t.Logf("%s: %v", listen, err)
			continue
		}
		defer l.Close()
		go accept(l)
		local := connect(t, w, l)
		mine, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer mine.Close()
		all, lost, err := w.Connections()
		if err != nil || lost != 0 {
			t.Fatalf("%d lost, %v", lost, err)
		}
		for text, want := range map[string]bool{local: true, mine.LocalAddr().String(): false} {
			c := Connection{endpoint(t, text), endpoint(t, l.Addr().String())}
			if all[c] != want {
				t.Errorf("%v: seen %v, want %v; seen are %v", c, all[c], want, all)
			}
		}
	}
}

// What there is no room for is counted, not forgotten.
func TestConnectionsBeyondTheBound(t *testing.T) {
	w := watchOf(t, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go accept(l)
	for lost := range int64(3) {
		connect(t, w, l)
		if all, n, err := w.Connections(); len(all) != 1 || n != lost || err != nil {
			t.Errorf("after %d connections: %v, %d lost, %v", lost+1, all, n, err)
		}
	}
}

// watchOf returns a Watch that remembers so many connections.
func watchOf(t *testing.T, most uint32) *Watch {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	w, err := newWatch(most)
	if err != nil {
		t.Skipf("this system has no way: %v", err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("the control group stays: %v", err)
		}
	})
	return w
}

// connect has a process that w watches connect to l, and returns its end.
func connect(t *testing.T, w *Watch, l net.Listener) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TCPWARM_CONNECT="+l.Addr().String())
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	w.Enter(cmd.SysProcAttr)
	local, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(local)
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
}

func endpoint(t *testing.T, s string) segment.Endpoint {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(port)
	a, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(host, port))
	if err != nil {
		t.Fatal(err)
	}
	return segment.Endpoint{Addr: segment.AddrFrom(a.AddrPort().Addr()), Port: uint16(n)}
}
