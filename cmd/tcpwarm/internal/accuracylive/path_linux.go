package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A namespace is a thread in a network namespace of its own: what is called there, and what it
// starts, is in it. It goes with the thread.
type namespace chan func()

func newNamespace() (namespace, error) {
	n := make(namespace)
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: nobody else gets its namespace
		err := unix.Unshare(unix.CLONE_NEWNET)
		failed <- err
		if err != nil {
			return
		}
		for f := range n {
			f()
		}
	}()
	return n, <-failed
}

// call calls f there and waits for it.
func (n namespace) call(f func() error) error {
	done := make(chan error)
	n <- func() { done <- f() }
	return <-done
}

// openTUN makes a device with an address and a route to its peer, in the calling thread's
// namespace. It goes with the descriptor.
func openTUN(addr, peer string) (fd int, err error) {
	if fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return -1, err
	}
	r, err := unix.NewIfreq(device)
	if err == nil {
		r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, r)
	}
	for _, args := range []string{"addr add " + addr + " peer " + peer + " dev " + device, "link set " + device + " up"} {
		if err == nil {
			var out []byte
			if out, err = exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
				err = fmt.Errorf("ip %s: %w: %s", args, err, out)
			}
		}
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// device is what both ends call theirs.
const device = "path0"

const (
	largestPacket = 1 << 16
	queueTime     = 200 * time.Millisecond // what waits longer for its turn is dropped
	mostOnItsWay  = 1 << 14
)

// carry moves packets from one device to the other, one after the other at a rate in Mbit/s, and
// each with a delay, until from is closed.
func carry(from, to int, rate int, delay time.Duration) {
	type packet struct {
		data   []byte
		arrive time.Time
	}
	wire := make(chan packet, mostOnItsWay)
	defer close(wire)
	go func() {
		for p := range wire {
			time.Sleep(time.Until(p.arrive))
			unix.Write(to, p.data) // one that the other end has no room for is lost
		}
	}()
	buffer := make([]byte, largestPacket)
	var busy time.Time // until when the packets before are being sent
	for {
		n, err := unix.Read(from, buffer)
		if err != nil {
			return
		}
		now := time.Now()
		if busy.Before(now) {
			busy = now
		}
		if busy.Sub(now) > queueTime {
			continue
		}
		busy = busy.Add(time.Duration(n) * 8 * time.Microsecond / time.Duration(rate))
		wire <- packet{append([]byte{}, buffer[:n]...), busy.Add(delay)}
	}
}
