package main

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// inside marks the process that runs in the namespace.
const inside = "TCPWARM_LAB_INSIDE"

// isolate runs this program again in a network namespace of its own, and says
// whether this process already is that one. Only root may: in a user namespace
// tcpdump, which gives up root by itself, has no user to become.
func isolate(env ...string) (here bool, err error) {
	if os.Getenv(inside) != "" {
		if err := boundReceivers(); err != nil {
			return false, err
		}
		return true, loopbackUp()
	}
	if os.Getuid() != 0 {
		return false, errors.New("recording needs root")
	}
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	c := exec.Command(self, os.Args[1:]...)
	c.Env = append(append(os.Environ(), inside+"=1"), env...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	return false, c.Run()
}

// boundReceivers keeps a receiver from taking in whole bodies that nobody reads (hugeBody): it sets how large its
// buffer may grow, which is 32 MB on some machines, to 3 MB. The namespace has a value of its own.
func boundReceivers() error {
	return os.WriteFile("/proc/sys/net/ipv4/tcp_rmem", []byte("4096 131072 3145728"), 0o644)
}

// loopbackUp brings up lo, which is down in a new namespace.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
}
