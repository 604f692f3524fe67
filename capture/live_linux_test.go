package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os/exec"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/filter"
	"tcpwarm/capture/segment"
)

// namespace moves the test to a network namespace of its own, with loopback and the
// veth pair in0 and in1 up. Its thread ends with it.
func namespace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip(8) is not here")
	}
	runtime.LockOSThread() // never unlocked: the thread is not used again
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("a network namespace needs root:", err)
	}
	ip(t, "link set lo up")
	ip(t, "link add in0 type veth peer name in1")
	ip(t, "link set in0 up")
	ip(t, "link set in1 up")
}

func ip(t *testing.T, args string) {
	t.Helper()
	if out, err := exec.Command("sh", "-c", "ip "+args).CombinedOutput(); err != nil {
		t.Skipf("ip %s: %v %s", args, err, out)
	}
}

func openLive(t *testing.T, o LiveOptions) *Live {
	t.Helper()
	l, err := OpenLive(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// sender returns what sends frames by an interface.
func sender(t *testing.T, name string) func(frame []byte) {
	t.Helper()
	i, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	to := &unix.SockaddrLinklayer{Ifindex: i.Index, Halen: 6}
	return func(frame []byte) {
		if err := unix.Sendto(fd, frame, 0, to); err != nil {
			t.Fatal(err)
		}
	}
}

// tagged returns an Ethernet frame with a TCP segment in VLAN 5.
func tagged() []byte {
	plain := usual()
	b := append([]byte{}, plain[:12]...)
	b = binary.BigEndian.AppendUint16(b, 0x8100)
	b = binary.BigEndian.AppendUint16(b, 5)
	return append(b, plain[12:]...)
}

// listen reads until the capture has ended, at most a while.
func listen(t *testing.T, l *Live) (segments int, err error) {
	t.Helper()
	var b segment.Batch
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		err = l.Fill(&b)
		segments += len(b.Segments)
		if err != nil {
			return segments, err
		}
	}
	t.Fatal("the capture does not end")
	return 0, nil
}

// The kernel takes a VLAN tag out of what it receives. It is put back.
func TestVLANTag(t *testing.T) {
	namespace(t)
	l := openLive(t, LiveOptions{Interfaces: []string{"in1"}, Promiscuous: true})
	var got []byte
	l.Tee(func(f *Frame) error {
		if bytes.HasPrefix(f.Data[12:], []byte{0x81, 0}) {
			got = bytes.Clone(f.Data)
		}
		return nil
	})
	sender(t, "in0")(tagged())
	time.AfterFunc(300*time.Millisecond, l.Stop)
	if n, err := listen(t, l); n != 1 || err != io.EOF {
		t.Errorf("%d segments, %v; want 1, EOF", n, err)
	}
	if !bytes.Equal(got, tagged()) {
		t.Errorf("got %x\nwant %x", got, tagged())
	}
}

// One packet more costs no allocation, with a VLAN tag to put back or without.
func TestPacketAllocatesNothing(t *testing.T) {
	const most = 200
	frame := usual()
	room := int(tpacketAlign(unix.SizeofTpacket3Hdr)) + unix.SizeofSockaddrLinklayer
	mac := tpacketAlign(room)
	step := tpacketAlign(mac + len(frame))
	if most*step > ringBlock/2 {
		t.Fatal("the block is too small for the test")
	}
	for name, status := range map[string]uint32{"plain": 0, "tagged": unix.TP_STATUS_VLAN_VALID} {
		r := &tpacket{fd: -1, mem: make([]byte, 2*ringBlock), blocks: 2}
		for i := range most {
			base := ringBlock/2 + i*step
			h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[base]))
			*h = unix.Tpacket3Hdr{Next_offset: uint32(step), Snaplen: uint32(len(frame)), Len: uint32(len(frame)), Mac: uint16(mac), Status: status}
			from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&r.mem[base+int(tpacketAlign(unix.SizeofTpacket3Hdr))]))
			from.Hatype = arpEthernet
			copy(r.mem[base+mac:], frame)
		}
		l := &Live{ring: r, stop: make(chan struct{}), snapLen: defaultSnapLen}
		b := segment.Batch{Bytes: make([]byte, blockSize), Segments: make([]segment.Segment, 0, maxInBatch)}
		allocations := func(packets uint32) float64 {
			return testing.AllocsPerRun(20, func() {
				r.at = 0
				h := r.header(0)
				h.Num_pkts, h.Offset_to_first_pkt, h.Block_status = packets, ringBlock/2, unix.TP_STATUS_USER
				if err := l.Fill(&b); err != nil || len(b.Segments) != int(packets) {
					t.Fatalf("%s: %d segments of %d packets, %v", name, len(b.Segments), packets, err)
				}
			})
		}
		allocations(most) // what grows has grown
		if one, all := allocations(1), allocations(most); all != one {
			t.Errorf("%s: %v allocations for one packet, %v for %d", name, one, all, most)
		}
	}
}

// What is longer than the snap length takes no more of the kernel's ring than that.
func TestSnapLengthRelievesTheRing(t *testing.T) {
	namespace(t)
	const snapLen = 60
	e, err := filter.Parse("")
	if err != nil {
		t.Fatal(err)
	}
	l := openLive(t, LiveOptions{Interfaces: []string{"in1"}, Promiscuous: true, Filter: func(link uint32) ([]bpf.RawInstruction, error) {
		return e.Compile(filter.Target{Link: link, Kernel: FiltersInKernel, SnapLen: snapLen})
	}})
	long := usual()
	sender(t, "in0")(long)
	for end, seen := time.Now().Add(5*time.Second), false; !seen; {
		if err := l.ring.next(wait, func(f *Frame) bool {
			if f.Wire == len(long) {
				if seen = true; len(f.Data) != snapLen {
					t.Errorf("the ring holds %d bytes of the packet, want %d", len(f.Data), snapLen)
				}
			}
			return true
		}); err != nil || time.Now().After(end) {
			t.Fatal("the packet does not come", err)
		}
	}
}

// On loopback each packet comes twice, and is taken once: also where loopback is one
// of several.
func TestLoopbackOnce(t *testing.T) {
	namespace(t)
	for _, names := range [][]string{{"lo"}, {Any}, {"lo", "in0"}} {
		l := openLive(t, LiveOptions{Interfaces: names})
		if n := dial(t); n == 0 {
			t.Fatal("nothing was sent")
		}
		time.AfterFunc(300*time.Millisecond, l.Stop)
		if n, err := listen(t, l); n != 11 || err != io.EOF {
			t.Errorf("%v: %d segments, %v; want 11, EOF", names, n, err)
		}
	}
}

// dial makes a connection over loopback, sends a byte each way and closes it, in a
// fixed number of segments: three to open, two for each byte, four to close.
func dial(t *testing.T) int {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	var b [1]byte
	c.Write(b[:])
	s.Read(b[:])
	time.Sleep(60 * time.Millisecond) // for the delayed ACKs
	s.Write(b[:])
	c.Read(b[:])
	time.Sleep(60 * time.Millisecond)
	c.Close()
	time.Sleep(60 * time.Millisecond)
	s.Close()
	time.Sleep(60 * time.Millisecond)
	return 1
}

// Of several interfaces only those named are taken.
func TestOnlyThoseNamed(t *testing.T) {
	namespace(t)
	ip(t, "link add out0 type veth peer name out1")
	ip(t, "link set out0 up")
	ip(t, "link set out1 up")
	l := openLive(t, LiveOptions{Interfaces: []string{"in1", "lo"}, Promiscuous: true})
	sender(t, "out0")(usual())
	sender(t, "in0")(usual())
	time.AfterFunc(300*time.Millisecond, l.Stop)
	if n, err := listen(t, l); n != 1 || err != io.EOF {
		t.Errorf("%d segments, %v; want 1, EOF", n, err)
	}
}

// An interface that goes away ends the capture with an error, after what had come.
func TestInterfaceGoesAway(t *testing.T) {
	namespace(t)
	l := openLive(t, LiveOptions{Interfaces: []string{"in1"}, Promiscuous: true})
	sender(t, "in0")(usual())
	time.Sleep(100 * time.Millisecond)
	ip(t, "link del in1")
	n, err := listen(t, l)
	if n != 1 || !errors.Is(err, unix.ENETDOWN) && !errors.Is(err, unix.ENODEV) {
		t.Errorf("%d segments, %v; want 1, network is down", n, err)
	}
}

// Packets for which the ring has no room are counted, and a problem of the capture.
func TestDropsAreShown(t *testing.T) {
	namespace(t)
	l := openLive(t, LiveOptions{Interfaces: []string{"in1"}, Promiscuous: true, RingBytes: 2 << 20})
	send := sender(t, "in0")
	const sent = 5000
	for range sent {
		send(usual())
	}
	l.Stop()
	n, err := listen(t, l)
	if err != io.EOF {
		t.Error(err)
	}
	c := l.Counters()
	if c.Dropped == 0 || n == 0 || int64(n)+c.Dropped < sent {
		t.Errorf("%d segments and %d dropped of %d", n, c.Dropped, sent)
	}
	problems := l.Totals().Problems
	if len(problems) == 0 || problems[len(problems)-1].Kind != segment.KernelDropped || problems[len(problems)-1].Count != c.Dropped {
		t.Errorf("problems: %v", problems)
	}
}

// A filter is made for the link type of the interface in the capture's own network namespace,
// which need not be the one that /sys shows: that of a tunnel has no Ethernet header.
func TestLinkTypeInANamespace(t *testing.T) {
	namespace(t)
	ip(t, "tuntap add dev tun0 mode tun")
	ip(t, "link set tun0 up")
	for name, want := range map[string]uint32{"tun0": assigned.LinkRaw, "lo": assigned.LinkEthernet, "in0": assigned.LinkEthernet} {
		if got := openLive(t, LiveOptions{Interfaces: []string{name}}).Link(); got != want {
			t.Errorf("%s: link type %d, want %d", name, got, want)
		}
	}
}
