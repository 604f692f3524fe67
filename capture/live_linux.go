package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// A tpacket is a ring that the kernel fills and we read: packet(7), TPACKET_V3.
// Blocks of packets change hands by a word in each.
type tpacket struct {
	fd       int
	mem      []byte
	blocks   int
	at       int // block to read next
	left     uint32
	pos      uint32    // of the next packet in it
	loop     int       // index of the loopback interface
	all      bool      // captures on all interfaces, or on several
	only     []int     // indexes of these; nil: all
	linkType uint32    // otherwise
	checked  time.Time // when those of only were last seen to be up
	failed   error     // why the capture ends, once all is read; nil: it does not
	failedAt time.Time
	current  Frame  // that is handed on
	tagged   []byte // of it, where a VLAN tag is put back
}

// FiltersInKernel says whether a filter of LiveOptions runs where VLAN tags are beside the packet.
const FiltersInKernel = true

const (
	ringBlock   = 1 << 20
	retireAfter = 50 // milliseconds after which a block that is not full is handed on
)

// Hardware types (linux/if_arp.h).
const (
	arpEthernet = unix.ARPHRD_ETHER
	arpLoopback = unix.ARPHRD_LOOPBACK
)

// openRing opens the socket with no protocol, so that nothing comes in before the
// filter is attached, and binds it last.
func openRing(o *LiveOptions) (ring, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			return nil, rights()
		}
		return nil, err
	}
	r := &tpacket{fd: fd}
	if err := r.open(o); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// rights says what to do where the user may not capture.
func rights() error {
	name, err := os.Executable()
	if err != nil {
		name = "tcpwarm"
	}
	return fmt.Errorf("%w: sudo, or once: sudo setcap cap_net_raw+ep %s; in a container: --cap-add NET_RAW", ErrRights, name)
}

func (r *tpacket) open(o *LiveOptions) error {
	index, err := r.choose(o.Interfaces)
	if err != nil {
		return err
	}
	if lo := loopback(); lo != nil {
		r.loop = lo.Index
	}
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("the kernel has no TPACKET_V3: %w", err)
	}
	if index != 0 && index == r.loop {
		// On loopback every packet comes twice, out and in; on any other interface
		// this would hide what we send.
		if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			return err
		}
	}
	r.blocks = max(2, o.RingBytes/ringBlock)
	req := unix.TpacketReq3{Block_size: ringBlock, Block_nr: uint32(r.blocks), Retire_blk_tov: retireAfter,
		Frame_size: 2048, Frame_nr: uint32(r.blocks) * ringBlock / 2048}
	if err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("a ring of %d MiB: %w", r.blocks, err)
	}
	if r.mem, err = unix.Mmap(r.fd, 0, r.blocks*ringBlock, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return err
	}
	if o.Filter != nil {
		program, err := o.Filter(r.link())
		if err != nil {
			return err
		}
		if err := r.attach(program); err != nil {
			return fmt.Errorf("filter: %w", err)
		}
	}
	if o.Promiscuous {
		for _, i := range r.only {
			m := unix.PacketMreq{Ifindex: int32(i), Type: unix.PACKET_MR_PROMISC}
			if err := unix.SetsockoptPacketMreq(r.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
				return err
			}
		}
	}
	return unix.Bind(r.fd, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL), Ifindex: index})
}

// choose notes what to capture on. It returns the index to bind to: 0 for all, also
// where only some are wanted.
func (r *tpacket) choose(names []string) (index int, err error) {
	r.all = len(names) != 1 || names[0] == Any
	for _, name := range names {
		if name == Any {
			return 0, nil
		}
		i, err := net.InterfaceByName(name)
		if err != nil {
			return 0, err
		}
		if i.Flags&net.FlagUp == 0 {
			return 0, fmt.Errorf("%s: %w", name, unix.ENETDOWN)
		}
		r.only = append(r.only, i.Index)
	}
	if r.all {
		return 0, nil
	}
	r.linkType = linkOf(hatype(r.fd, names[0]))
	return r.only[0], nil
}

// htons puts a number in the order of the network.
func htons(n uint16) uint16 { return n<<8 | n>>8 }

func loopback() *net.Interface {
	all, _ := net.Interfaces()
	for i := range all {
		if all[i].Flags&net.FlagLoopback != 0 {
			return &all[i]
		}
	}
	return nil
}

func (r *tpacket) attach(program []bpf.RawInstruction) error {
	if len(program) == 0 {
		return nil
	}
	list := make([]unix.SockFilter, len(program))
	for i, x := range program {
		list[i] = unix.SockFilter{Code: x.Op, Jt: x.Jt, Jf: x.Jf, K: x.K}
	}
	err := unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(list)), Filter: &list[0]})
	runtime.KeepAlive(list)
	return err
}

// link is the link type of all that comes, LinkAny where there are several.
func (r *tpacket) link() uint32 {
	if r.all {
		return LinkAny
	}
	return r.linkType
}

// header returns the head of block i.
func (r *tpacket) header(i int) *unix.TpacketHdrV1 {
	// struct tpacket_block_desc: version, offset, then the union.
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&r.mem[i*ringBlock+8]))
}

// checkEvery is how often several interfaces are looked at.
const checkEvery = 200 * time.Millisecond

// present returns an error if one of several interfaces is down or away. A socket that
// is bound to one is told so by the kernel; one that takes packets of all is not.
func (r *tpacket) present() error {
	if !r.all || r.only == nil || time.Since(r.checked) < checkEvery {
		return nil
	}
	r.checked = time.Now()
	for _, index := range r.only {
		i, err := net.InterfaceByIndex(index)
		if err != nil {
			return fmt.Errorf("interface %d: %w", index, unix.ENODEV)
		}
		if i.Flags&net.FlagUp == 0 {
			return fmt.Errorf("%s: %w", i.Name, unix.ENETDOWN)
		}
	}
	return nil
}

// drainFor bounds the reading of what came before a capture failed.
const drainFor = time.Second

// fail notes why the capture ends. What came before may lie in a block that the kernel has
// yet to hand on: that is waited for.
func (r *tpacket) fail(err error) {
	if err != nil && r.failed == nil {
		r.failed, r.failedAt = err, time.Now()
		time.Sleep(2 * retireAfter * time.Millisecond)
	}
}

func (r *tpacket) next(wait time.Duration, f func(*Frame) bool) error {
	if r.left == 0 && !r.ready() && r.failed == nil {
		r.fail(r.poll(wait))
	}
	r.fail(r.present())
	if r.left == 0 && (!r.ready() || r.failed != nil && time.Since(r.failedAt) > drainFor) {
		return r.failed
	}
	for r.left > 0 || r.ready() {
		if r.left == 0 {
			h := r.header(r.at)
			r.left, r.pos = h.Num_pkts, h.Offset_to_first_pkt
		}
		for r.left > 0 {
			base := r.at*ringBlock + int(r.pos)
			h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[base]))
			if r.frame(h, base) && !f(&r.current) {
				return nil
			}
			r.pos += h.Next_offset
			r.left--
		}
		atomic.StoreUint32(&r.header(r.at).Block_status, unix.TP_STATUS_KERNEL)
		r.at = (r.at + 1) % r.blocks
	}
	return nil
}

// ready reports whether the next block is ours.
func (r *tpacket) ready() bool {
	return atomic.LoadUint32(&r.header(r.at).Block_status)&unix.TP_STATUS_USER != 0
}

func (r *tpacket) poll(wait time.Duration) error {
	fds := []unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN | unix.POLLERR}}
	_, err := unix.Poll(fds, int(wait.Milliseconds()))
	if err != nil && err != unix.EINTR {
		return err
	}
	if fds[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
		if n, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR); err == nil && n != 0 {
			return unix.Errno(n)
		}
	}
	return nil
}

// frame makes the current Frame of the packet at base. On all interfaces, loopback's
// outgoing copies are passed over here.
func (r *tpacket) frame(h *unix.Tpacket3Hdr, base int) bool {
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&r.mem[base+int(tpacketAlign(unix.SizeofTpacket3Hdr))]))
	if i := int(from.Ifindex); r.all && (i == r.loop && from.Pkttype == unix.PACKET_OUTGOING ||
		r.only != nil && !slices.Contains(r.only, i)) {
		return false
	}
	f := &r.current
	*f = Frame{Data: r.mem[base+int(h.Mac) : base+int(h.Mac)+int(h.Snaplen)], Wire: int(h.Len), Link: linkOf(from.Hatype),
		Time: segment.Time(int64(h.Sec)*1e9 + int64(h.Nsec))}
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && f.Link == assigned.LinkEthernet && len(f.Data) >= 12 {
		r.tagged = retag(r.tagged[:0], f.Data, h)
		f.Data = r.tagged
		f.Wire += 4
	}
	return true
}

// hatype returns an interface's hardware type, Ethernet's if it cannot be told. The socket is asked:
// /sys may show another network namespace's interfaces than its own.
func hatype(fd int, name string) uint16 {
	r, err := unix.NewIfreq(name)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, r) // netdevice(7): the type is the address's family
	}
	if err != nil {
		return arpEthernet
	}
	return r.Uint16()
}

func tpacketAlign(n int) int { return (n + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1) }

// retag appends b to out, and puts the VLAN tag back that the kernel has taken out
// (packet(7), PACKET_AUXDATA).
func retag(out, b []byte, h *unix.Tpacket3Hdr) []byte {
	tpid := uint16(assigned.EtherVLAN)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		tpid = h.Hv1.Vlan_tpid
	}
	out = append(out, b[:12]...)
	out = binary.BigEndian.AppendUint16(out, tpid)
	out = binary.BigEndian.AppendUint16(out, uint16(h.Hv1.Vlan_tci))
	return append(out, b[12:]...)
}

// linkOf returns the link type of a hardware type, as libpcap does.
func linkOf(hatype uint16) uint32 {
	switch hatype {
	case arpEthernet, arpLoopback:
		return assigned.LinkEthernet
	}
	return assigned.LinkRaw // tunnels, PPP, and what else has no header of its own
}

// addKernelCounts adds to c the packets that the kernel has received, and those that it has dropped for the ring was full.
func (r *tpacket) addKernelCounts(c *Counters) {
	if r.fd < 0 {
		return
	}
	s, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return
	}
	// Each call begins to count anew, and packets include the drops.
	c.Received += int64(s.Packets)
	c.Dropped += int64(s.Drops)
}

func (r *tpacket) close() error {
	if r.fd < 0 {
		return nil
	}
	if r.mem != nil {
		unix.Munmap(r.mem)
	}
	err := unix.Close(r.fd)
	r.fd = -1
	return err
}
