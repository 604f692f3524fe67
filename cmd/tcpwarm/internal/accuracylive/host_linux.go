package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A host is one end of a recorded path: a namespace with a TAP device whose other side is a descriptor.
type host struct {
	namespace
	name string
	addr netip.Addr
	mac  string
	tap  int
}

// coalescingTime is for how long a device with coalescing waits for more of the same, in nanoseconds.
const coalescingTime = "60000"

// newHosts sets up a client and a server.
func newHosts(s *scenario) (client, server *host, err error) {
	ends := [2]*host{
		{name: "client0", mac: "02:00:00:00:00:01", addr: netip.MustParseAddr("10.79.0.1"), tap: -1},
		{name: "server0", mac: "02:00:00:00:00:02", addr: netip.MustParseAddr("10.79.0.2"), tap: -1},
	}
	if s.Setting.IPv6 {
		ends[0].addr, ends[1].addr = netip.MustParseAddr("fd00:79::1"), netip.MustParseAddr("fd00:79::2")
	}
	for i, h := range ends {
		if h.namespace, err = newNamespace(); err != nil {
			return nil, nil, fmt.Errorf("this system forbids network namespaces: %w", err)
		}
		if err := h.call(func() error { return h.setUp(s, ends[1-i], (i == 0) == s.Carried.Upload) }); err != nil {
			ends[0].close()
			ends[1].close()
			return nil, nil, err
		}
	}
	return ends[0], ends[1], nil
}

// close gives up what the host has: its namespace goes with its thread.
func (h *host) close() {
	if h.tap >= 0 {
		unix.Close(h.tap)
	}
	if h.namespace != nil {
		close(h.namespace)
	}
}

// setUp is called in the host's namespace. A sender's device cuts segments, a receiver's joins them, where
// the scenario says so.
func (h *host) setUp(s *scenario, peer *host, sends bool) error {
	coalesces := s.Setting.Coalescing && !sends
	if err := h.open(s.Setting.Segmentation && sends, coalesces); err != nil {
		return err
	}
	mtu := 1500
	if s.Setting.MTU > 0 {
		mtu = s.Setting.MTU
	}
	if s.Setting.ServerMTU > 0 && h.name == "server0" {
		mtu = s.Setting.ServerMTU
	}
	prefix, nodad, routes := "/24", "", "10.79.0.0/24"
	if h.addr.Is6() {
		prefix, nodad, routes = "/64", " nodad", "fd00:79::/64"
	}
	commands := []string{
		"link set " + h.name + " address " + h.mac + " mtu " + strconv.Itoa(mtu) + " txqueuelen 10000",
		"addr add " + h.addr.String() + prefix + " dev " + h.name + nodad,
		"link set " + h.name + " up",
		"neigh replace " + peer.addr.String() + " lladdr " + peer.mac + " dev " + h.name + " nud permanent",
	}
	if n := s.Setting.InitCwnd; n > 0 && sends {
		commands = append(commands, "route change "+routes+" dev "+h.name+" initcwnd "+strconv.Itoa(n))
	}
	for _, c := range commands {
		if out, err := exec.Command("ip", strings.Fields(c)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", c, err, out)
		}
	}
	// What one connection learned of the path is not handed on to the next one.
	values := map[string]string{"tcp_no_metrics_save": "1"}
	for name, value := range s.Setting.Sysctl {
		values[name] = value
	}
	for name, value := range values {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0o644); err != nil {
			return err
		}
	}
	if coalesces {
		return h.coalesce()
	}
	return nil
}

// open makes the device. One that joins segments does so as any driver does, in NAPI.
func (h *host) open(cuts, joins bool) (err error) {
	if h.tap, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err != nil {
		return fmt.Errorf("no TAP devices here: %w", err)
	}
	r, err := unix.NewIfreq(h.name)
	if err != nil {
		return err
	}
	flags := uint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if joins {
		flags |= unix.IFF_NAPI
	}
	r.SetUint16(flags)
	if err := unix.IoctlIfreq(h.tap, unix.TUNSETIFF, r); err != nil {
		return fmt.Errorf("make a TAP device: %w", err)
	}
	if cuts {
		return unix.IoctlSetInt(h.tap, unix.TUNSETOFFLOAD, unix.TUN_F_CSUM|unix.TUN_F_TSO4|unix.TUN_F_TSO6)
	}
	return nil
}

// coalesce has the device wait for a moment before it hands on what may be joined with more
// (Documentation/networking/napi.rst). It is set below /sys, of which the thread mounts its namespace's own.
func (h *host) coalesce() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		return err
	}
	device := filepath.Join("/sys/class/net", h.name)
	return errors.Join(os.WriteFile(filepath.Join(device, "gro_flush_timeout"), []byte(coalescingTime), 0o644),
		os.WriteFile(filepath.Join(device, "napi_defer_hard_irqs"), []byte("0"), 0o644))
}
