package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// inside, in the environment, says that we are in the namespaces already.
const inside = "TCPWARM_ISOLATED"

// isolate runs this program once more, with the same arguments, in a user and a
// network namespace of its own, and returns its exit code. There it may capture on
// loopback, which is all there is.
func isolate(s *streams) (int, error) {
	if os.Geteuid() != 0 && hasFileCapabilities() {
		return 0, errors.New("--isolated: not by a program that has file capabilities (setcap): inside, those would be all it has, " +
			"and it needs more to set up the network; use a copy of it without them, or leave --isolated out")
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.in, s.out, s.err
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = namespaces()
	err := cmd.Start()
	if err == nil {
		signals := catchEndings()
		defer signal.Stop(signals)
		go func() {
			for sig := range signals {
				cmd.Process.Signal(sig)
			}
		}()
		err = cmd.Wait()
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return exitOK, nil
	case errors.As(err, &exit):
		if code := exit.ExitCode(); code >= 0 {
			return code, nil
		}
		return exitInput, nil
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.ENOSPC):
		return 0, fmt.Errorf("--isolated: this system forbids user namespaces%s: %w", remedy(), err)
	}
	return 0, fmt.Errorf("--isolated: %w", err)
}

// hasFileCapabilities reports whether this program was started with any that its user has not: then it is not
// dumpable (prctl(2), PR_SET_DUMPABLE).
func hasFileCapabilities() bool {
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	return err == nil && dumpable != 1
}

// namespaces returns what asks for them. Root needs no user namespace; in one it could not become the user
// that called sudo, who is not mapped there.
func namespaces() *syscall.SysProcAttr {
	if os.Geteuid() == 0 {
		return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	}
	uid, gid := os.Getuid(), os.Getgid()
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_NET_RAW, unix.CAP_NET_ADMIN},
	}
}

// remedy names what would allow them.
func remedy() string {
	is := func(name, value string) bool {
		b, err := os.ReadFile("/proc/sys/" + name)
		return err == nil && strings.TrimSpace(string(b)) == value
	}
	switch {
	case is("kernel/apparmor_restrict_unprivileged_userns", "1"):
		return " (AppArmor; sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or sudo)"
	case is("kernel/unprivileged_userns_clone", "0"):
		return " (sudo sysctl kernel.unprivileged_userns_clone=1, or sudo)"
	case is("user/max_user_namespaces", "0"):
		return " (sudo sysctl user.max_user_namespaces=10000, or sudo)"
	}
	return " (a container needs --security-opt seccomp=unconfined, or use sudo)"
}

// isIsolated reports whether this is the program within.
func isIsolated() bool { return os.Getenv(inside) != "" }

// loopbackUp brings the namespace's only interface up.
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
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r); err != nil {
		return err
	}
	r.SetUint16(r.Uint16() | unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
}
