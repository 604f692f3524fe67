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
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	w, err := New()
	if err != nil {
		t.Skipf("this system has no way: %v", err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Errorf("the control group stays: %v", err)
		}
	}()
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", listen)
		if err != nil {
			t.Logf("%s: %v", listen, err)
			continue
		}
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TCPWARM_CONNECT="+l.Addr().String())
		cmd.SysProcAttr = &syscall.SysProcAttr{}
		w.Enter(cmd.SysProcAttr)
		local, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		mine, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer mine.Close()
		all, err := w.Connections()
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]bool{string(local): true, mine.LocalAddr().String(): false} {
			c := Connection{endpoint(t, text), endpoint(t, l.Addr().String())}
			if all[c] != want {
				t.Errorf("%v: seen %v, want %v; seen are %v", c, all[c], want, all)
			}
		}
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
