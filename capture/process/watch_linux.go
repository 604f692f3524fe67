package process

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"

	"tcpwarm/capture/segment"
)

// maxConnections is how many connections are remembered.
const maxConnections = 1 << 18

// A Watch is a control group, and what its processes have connected to.
type Watch struct {
	dir  string
	fd   *os.File
	seen *ebpf.Map
	lost *ebpf.Map // one number: of connections that seen took no more
	prog *ebpf.Program
	link link.Link
}

// New makes the group and attaches the program. Its error says what the system
// lacks or forbids.
func New() (*Watch, error) { return newWatch(maxConnections) }

func newWatch(most uint32) (*Watch, error) {
	parent, err := group()
	if err != nil {
		return nil, err
	}
	w := &Watch{dir: filepath.Join(parent, fmt.Sprintf("tcpwarm-%d", os.Getpid()))}
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		return nil, fmt.Errorf("make a control group: %w", err)
	}
	if err := w.attach(most); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *Watch) attach(most uint32) (err error) {
	if w.fd, err = os.Open(w.dir); err != nil {
		return err
	}
	rlimit.RemoveMemlock() // older kernels count maps against it; if it fails the map says so
	w.seen, err = ebpf.NewMap(&ebpf.MapSpec{Name: "tcpwarm", Type: ebpf.Hash,
		KeySize: uint32(unsafe.Sizeof(key{})), ValueSize: 4, MaxEntries: most, Flags: noPrealloc})
	if err != nil {
		return fmt.Errorf("make a BPF map: %w", err)
	}
	w.lost, err = ebpf.NewMap(&ebpf.MapSpec{Name: "tcpwarm_lost", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		return fmt.Errorf("make a BPF map: %w", err)
	}
	w.prog, err = ebpf.NewProgram(&ebpf.ProgramSpec{Name: "tcpwarm", Type: ebpf.SockOps,
		AttachType: ebpf.AttachCGroupSockOps, License: "Apache-2.0",
		Instructions: program(w.seen.FD(), w.lost.FD())})
	if err != nil {
		return fmt.Errorf("load a BPF program: %w", err)
	}
	if w.link, err = link.AttachCgroup(link.CgroupOptions{Path: w.dir, Attach: ebpf.AttachCGroupSockOps, Program: w.prog}); err != nil {
		return fmt.Errorf("attach a BPF program: %w", err)
	}
	return nil
}

const noPrealloc = 1 // BPF_F_NO_PREALLOC

// A key is what the program writes for a connection, as struct bpf_sock_ops has it
// (linux/bpf.h).
type key struct {
	Family        uint32
	Remote, Local [4]uint32
	RemotePort    uint32 // in network order
	LocalPort     uint32 // in the host's
}

// Offsets in struct bpf_sock_ops.
const (
	ctxOp         = 0
	ctxFamily     = 20
	ctxRemoteIP4  = 24
	ctxLocalIP4   = 28
	ctxRemoteIP6  = 32
	ctxLocalIP6   = 48
	ctxRemotePort = 64
	ctxLocalPort  = 68
	opConnect     = 3 // BPF_SOCK_OPS_TCP_CONNECT_CB: before the SYN is sent
)

// program is called for events of TCP sockets in the group. For each connection
// that is being opened it puts a key into the map seen; where there is no room, it counts
// the connection in the map lost. It uses the helpers bpf_map_update_elem and
// bpf_map_lookup_elem.
func program(seen, lost int) asm.Instructions {
	const keyAt, valueAt = -int16(unsafe.Sizeof(key{})), -int16(unsafe.Sizeof(key{})) - 4
	list := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMem(asm.R2, asm.R6, ctxOp, asm.Word),
		asm.JNE.Imm(asm.R2, opConnect, "out"),
		asm.LoadMem(asm.R2, asm.R6, ctxFamily, asm.Word),
		asm.StoreMem(asm.R10, keyAt, asm.R2, asm.Word),
		asm.JNE.Imm(asm.R2, syscall.AF_INET, "six"),
	}
	store := func(from, to int16) asm.Instructions {
		return asm.Instructions{asm.LoadMem(asm.R2, asm.R6, from, asm.Word), asm.StoreMem(asm.R10, keyAt+to, asm.R2, asm.Word)}
	}
	list = append(list, store(ctxRemoteIP4, 4)...)
	list = append(list, store(ctxLocalIP4, 20)...)
	list = append(list, asm.Mov.Imm(asm.R2, 0))
	for _, rest := range []int16{8, 12, 16, 24, 28, 32} {
		list = append(list, asm.StoreMem(asm.R10, keyAt+rest, asm.R2, asm.Word))
	}
	list = append(list, asm.Ja.Label("ports"))
	for i := range int16(4) {
		part := append(store(ctxRemoteIP6+4*i, 4+4*i), store(ctxLocalIP6+4*i, 20+4*i)...)
		if i == 0 {
			part[0] = part[0].WithSymbol("six")
		}
		list = append(list, part...)
	}
	ports := append(store(ctxRemotePort, 36), store(ctxLocalPort, 40)...)
	ports[0] = ports[0].WithSymbol("ports")
	list = append(list, ports...)
	return append(list,
		asm.StoreImm(asm.R10, valueAt, 1, asm.Word),
		asm.LoadMapPtr(asm.R1, seen),
		asm.Mov.Reg(asm.R2, asm.R10), asm.Add.Imm(asm.R2, int32(keyAt)),
		asm.Mov.Reg(asm.R3, asm.R10), asm.Add.Imm(asm.R3, int32(valueAt)),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnMapUpdateElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.StoreImm(asm.R10, valueAt, 0, asm.Word),
		asm.LoadMapPtr(asm.R1, lost),
		asm.Mov.Reg(asm.R2, asm.R10), asm.Add.Imm(asm.R2, int32(valueAt)),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.Mov.Imm(asm.R1, 1),
		asm.StoreXAdd(asm.R0, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R0, 1).WithSymbol("out"),
		asm.Return(),
	)
}

// group returns where a control group of ours may be made: where we are in the
// hierarchy of version 2.
func group() (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer f.Close()
	mount := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		if where := strings.Fields(left); ok && strings.HasPrefix(right, "cgroup2 ") && len(where) > 4 {
			mount = where[4]
			break
		}
	}
	if mount == "" {
		return "", errors.New("no control groups of version 2 are mounted")
	}
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if own, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			if dir := filepath.Join(mount, own); exists(dir) {
				return dir, nil
			}
		}
	}
	return mount, nil
}

func exists(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

// Enter has a process that attr is for be born in the group.
func (w *Watch) Enter(attr *syscall.SysProcAttr) {
	attr.UseCgroupFD, attr.CgroupFD = true, int(w.fd.Fd())
}

// Connections returns what has been opened so far; lost are connections more that there was no
// room for: which these are is not known.
func (w *Watch) Connections() (all map[Connection]bool, lost int64, err error) {
	if err := w.lost.Lookup(uint32(0), &lost); err != nil {
		return nil, 0, err
	}
	all = map[Connection]bool{}
	var k key
	var v uint32
	entries := w.seen.Iterate()
	for entries.Next(&k, &v) {
		all[k.connection()] = true
	}
	return all, lost, entries.Err()
}

func (k *key) connection() Connection {
	// The remote port is stored as 16 bits in network order within 32.
	port := *(*[4]byte)(unsafe.Pointer(&k.RemotePort))
	remote := uint16(port[0])<<8 | uint16(port[1])
	if remote == 0 {
		remote = uint16(port[2])<<8 | uint16(port[3])
	}
	return Connection{
		segment.Endpoint{Addr: addr(k.Family, &k.Local), Port: uint16(k.LocalPort)},
		segment.Endpoint{Addr: addr(k.Family, &k.Remote), Port: remote},
	}
}

func addr(family uint32, words *[4]uint32) segment.Addr {
	b := *(*[16]byte)(unsafe.Pointer(words)) // words are in network order
	if family == syscall.AF_INET {
		return segment.Addr4(b[:4])
	}
	return segment.AddrFrom(netip.AddrFrom16(b))
}

// Kill ends every process of the group (Linux 5.14 and later).
func (w *Watch) Kill() error {
	return os.WriteFile(filepath.Join(w.dir, "cgroup.kill"), []byte("1"), 0)
}

// Close takes everything away. A group that still has processes stays until they
// end: it is tried for a moment.
func (w *Watch) Close() error {
	if w.link != nil {
		w.link.Close()
	}
	if w.prog != nil {
		w.prog.Close()
	}
	for _, m := range [...]*ebpf.Map{w.seen, w.lost} {
		if m != nil {
			m.Close()
		}
	}
	if w.fd != nil {
		w.fd.Close()
	}
	var err error
	for range 20 {
		if err = os.Remove(w.dir); err == nil || os.IsNotExist(err) {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}
