package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A path leads from the clients' namespace to one in which only the server is,
// over two TUN devices with a link in user space between them: packets are of
// real size, and wait as the route says.
type path struct {
	near, far *os.File // nil on loopback
	listener  net.Listener
}

// openPath makes both ends and a listener at the far one.
func openPath(r route, port int) (*path, error) {
	p := new(path)
	var err error
	if p.near, err = openTUN(nearDevice, nearAddr); err != nil {
		return nil, err
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine, and nobody else gets its namespace
		failed <- p.openFar(port)
	}()
	if err := <-failed; err != nil {
		p.close()
		return nil, err
	}
	go carry(p.near, p.far, r)
	go carry(p.far, p.near, r)
	return p, nil
}

// openFar must run on a thread of its own.
func (p *path) openFar(port int) (err error) {
	if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	if p.far, err = openTUN("far", farAddr); err != nil {
		return err
	}
	c := net.ListenConfig{Control: useCubic}
	p.listener, err = c.Listen(context.Background(), "tcp4", fmt.Sprintf("%s:%d", farAddr, port))
	return err
}

// useCubic chooses the congestion control that most servers have, whatever this
// machine's default is.
func useCubic(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic")
	}); e != nil {
		return e
	}
	return err
}

func (p *path) close() {
	for _, end := range []*os.File{p.near, p.far} {
		if end != nil {
			end.Close()
		}
	}
}

// openTUN makes a device with an address in a /24. It goes with the file.
func openTUN(name, addr string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := attach(fd, name, addr); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil // not before it is attached: the poller would take it for broken
}

func attach(fd int, name, addr string) error {
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, r); err != nil {
		return err
	}
	return configure(name, addr)
}

// configure gives a device its address and brings it up.
func configure(name, addr string) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	for _, one := range []struct {
		request uint
		set     func(*unix.Ifreq) error
	}{
		{unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(net.ParseIP(addr).To4()) }},
		{unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr([]byte{255, 255, 255, 0}) }},
		{unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil }},
	} {
		r, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		if err := one.set(r); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(s, one.request, r); err != nil {
			return err
		}
	}
	return nil
}

// carry moves packets from one device to the other: a queue that is drained at
// the route's rate and drops what does not fit, then a wire of its delay.
func carry(from, to *os.File, r route) {
	type packet struct {
		data   []byte
		arrive time.Time
	}
	wire := make(chan packet, 1<<14)
	defer close(wire)
	go func() {
		for p := range wire {
			time.Sleep(time.Until(p.arrive))
			if _, err := to.Write(p.data); err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, maxPacket)
	var busy time.Time // until when the link sends what it has
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		now := time.Now()
		if busy.Before(now) {
			busy = now
		}
		if queued := int(busy.Sub(now).Seconds() * float64(r.rate) / 8); queued+n > r.queue {
			continue
		}
		busy = busy.Add(time.Duration(float64(n*8) / float64(r.rate) * float64(time.Second)))
		wire <- packet{append([]byte{}, buffer[:n]...), busy.Add(r.delay)}
	}
}

// sendWindow asks the kernel for a connection's congestion window, in segments.
func sendWindow(c net.Conn) (segments int) {
	raw, ok := c.(syscall.Conn)
	if !ok {
		return 0
	}
	rc, err := raw.SyscallConn()
	if err != nil {
		return 0
	}
	rc.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			segments = int(info.Snd_cwnd)
		}
	})
	return segments
}
