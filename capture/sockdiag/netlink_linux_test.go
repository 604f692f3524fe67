package sockdiag

import (
	"net"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcpwarm/capture/segment"
)

// namespace moves the test to a network namespace of its own with loopback up.
func namespace(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread is not used again
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("a network namespace needs root:", err)
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Skipf("ip: %v %s", err, out)
	}
}

// pair opens a connection over loopback and returns both ends.
func pair(t *testing.T, network, addr string) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skip("no loopback of that kind:", err)
	}
	t.Cleanup(func() { l.Close() })
	c, err := net.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

// infoOf asks the socket itself.
func infoOf(t *testing.T, c *net.TCPConn) (info *unix.TCPInfo, algorithm string) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			algorithm, err = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return info, algorithm
}

func endpoint(a net.Addr) segment.Endpoint {
	p := a.(*net.TCPAddr).AddrPort()
	return segment.Endpoint{Addr: segment.AddrFrom(p.Addr()), Port: p.Port()}
}

// What netlink says of a socket is what the socket says of itself; IPv4, IPv6, and IPv4 on a
// socket of IPv6, whose addresses are those of the packets.
func TestAskerAgreesWithTheSocket(t *testing.T) {
	for name, at := range map[string][2]string{"IPv4": {"tcp4", "127.0.0.1:0"}, "IPv6": {"tcp6", "[::1]:0"}, "mapped": {"tcp", ":0"}} {
		t.Run(name, func(t *testing.T) {
			client, server := pair(t, at[0], at[1])
			go func() {
				b := make([]byte, 1<<16)
				for {
					if _, err := client.Read(b); err != nil {
						return
					}
				}
			}()
			server.Write(make([]byte, 1<<20))
			for last := -1; ; time.Sleep(20 * time.Millisecond) { // until all is acknowledged
				info, _ := infoOf(t, server)
				if info.Unacked == 0 && last == 0 {
					break
				}
				last = int(info.Unacked)
			}
			a, err := newAsker()
			if err != nil {
				t.Skip("no sock_diag here:", err)
			}
			defer a.close()
			var got *Answer
			var algorithm string
			if err := a.ask(func(id identity, by string, x *Answer) {
				if id.Local.Port == endpoint(server.LocalAddr()).Port && id.Remote == endpoint(client.LocalAddr()) {
					y := *x
					got, algorithm = &y, by
				}
			}); err != nil {
				t.Fatal(err)
			}
			info, by := infoOf(t, server)
			if got == nil {
				t.Fatalf("nothing was said of %v", server.LocalAddr())
			}
			if got.Window != int(info.Snd_cwnd) || got.MSS != int(info.Snd_mss) || algorithm != by || got.Window < 10 ||
				got.RTO != time.Duration(info.Rto)*time.Microsecond || got.Until < got.From || got.InFlight != 0 {
				t.Errorf("said %+v by %s; the socket says window %d, MSS %d, %s", *got, algorithm, info.Snd_cwnd, info.Snd_mss, by)
			}
		})
	}
}

// The sockets of another network namespace are not asked about: a connection inside it is not
// confused with one of ours that has the same addresses.
func TestAskerKeepsToItsNamespace(t *testing.T) {
	outside, _ := pair(t, "tcp4", "127.0.0.1:0")
	namespace(t)
	a, err := newAsker()
	if err != nil {
		t.Skip("no sock_diag here:", err)
	}
	defer a.close()
	inside, _ := pair(t, "tcp4", "127.0.0.1:0")
	seen := map[segment.Endpoint]bool{}
	if err := a.ask(func(id identity, _ string, _ *Answer) { seen[id.Local] = true }); err != nil {
		t.Fatal(err)
	}
	if !seen[endpoint(inside.LocalAddr())] || len(seen) != 2 {
		t.Errorf("asked about %v; want the two ends of the connection from %v", seen, inside.LocalAddr())
	}
	if at := endpoint(outside.LocalAddr()); seen[at] && at != endpoint(inside.LocalAddr()) {
		t.Errorf("asked about %v, which is outside", at)
	}
}

// A poller notes how a window goes while it runs.
func TestPollerFollowsASocket(t *testing.T) {
	client, server := pair(t, "tcp4", "127.0.0.1:0")
	p, err := New(nil)
	if err != nil {
		t.Skip("no sock_diag here:", err)
	}
	defer p.Close()
	time.Sleep(3 * every)
	p.Close()
	found := 0
	p.With(func(l *Log) {
		for _, s := range l.Of(Ends{endpoint(server.LocalAddr()), endpoint(client.LocalAddr())}) {
			if s.Asked >= 2 && s.Answers[0].Window > 0 {
				found++
			}
		}
	})
	if found != 1 {
		t.Errorf("the socket was noted %d times, want once", found)
	}
}

// Answers that are cut off, and attributes whose lengths lie, are no answers; none of them is read
// beyond its end.
func TestAnswersCutOff(t *testing.T) {
	client, _ := pair(t, "tcp4", "127.0.0.1:0")
	asker, err := newAsker()
	if err != nil {
		t.Skip("no sock_diag here:", err)
	}
	defer asker.close()
	a := asker.(*netlinkAsker)
	if err := a.ask(func(identity, string, *Answer) {}); err != nil {
		t.Fatal(err)
	}
	// What was read last is in the buffer: a dump of IPv6, whose end is NLMSG_DONE; so a dump is
	// made of its own.
	var whole []byte
	if err := a.dump(unix.AF_INET, func(identity, string, *Answer) {
		if whole == nil {
			whole = append([]byte{}, a.buf[:4096]...)
		}
	}); err != nil || whole == nil {
		t.Fatal(err, client.LocalAddr())
	}
	n := int(whole[0]) | int(whole[1])<<8
	for cut := range n {
		b := append(make([]byte, 0, cut), whole[:cut]...)
		a.messages(b, 0, 0, func(identity, string, *Answer) {
			if cut < n {
				t.Errorf("an answer of %d bytes was taken from %d", n, cut)
			}
		})
	}
	for at := range n { // any byte may lie
		b := append(make([]byte, 0, n), whole[:n]...)
		b[at] ^= 0xff
		a.messages(b, 0, 0, func(identity, string, *Answer) {})
	}
}
