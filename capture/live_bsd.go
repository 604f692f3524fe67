//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package capture

import (
	"errors"
	"io/fs"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/google/gopacket/bsdbpf"
	"golang.org/x/net/bpf"

	"tcpwarm/capture/segment"
)

// FiltersInKernel says whether a filter of LiveOptions runs where VLAN tags are beside the packet.
const FiltersInKernel = false

// A bpfRing reads a BPF device (bpf(4)) by gopacket's sniffer, which reads packet
// by packet. The sniffer cannot attach a filter: it runs here.
type bpfRing struct {
	linkType uint32
	sniffer  *bsdbpf.BPFSniffer
	got      chan bpfPacket
	kept     *bpfPacket
	done     chan struct{}
}

type bpfPacket struct {
	frame Frame
	err   error
}

func openRing(o *LiveOptions) (ring, error) {
	if len(o.Interfaces) != 1 || o.Interfaces[0] == Any {
		return nil, errors.New("this system captures on one interface at a time: name it with -i")
	}
	linkType, err := dataLink(o.Interfaces[0])
	if err != nil {
		return nil, rights(err)
	}
	accept, err := userFilter(o, linkType)
	if err != nil {
		return nil, err
	}
	s, err := bsdbpf.NewBPFSniffer(o.Interfaces[0], &bsdbpf.Options{ReadBufLen: 1 << 19, Timeout: nil,
		Promisc: o.Promiscuous, Immediate: true, PreserveLinkAddr: true})
	if err != nil {
		return nil, rights(err)
	}
	r := &bpfRing{linkType: linkType, sniffer: s, got: make(chan bpfPacket, 4096), done: make(chan struct{})}
	go r.read(accept)
	return r, nil
}

// rights says what to do where err is that the user may not capture.
func rights(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return errors.Join(ErrRights, errors.New("sudo, or read access to /dev/bpf*"))
	}
	return err
}

// dataLink asks what is before the network layer in packets of an interface: loopback's and
// tunnels' have no Ethernet header. The sniffer keeps its device to itself, so this opens another.
func dataLink(name string) (uint32, error) {
	fd, err := openBPF()
	if err != nil {
		return 0, err
	}
	defer syscall.Close(fd)
	if err := syscall.SetBpfInterface(fd, name); err != nil {
		return 0, err
	}
	dlt, err := syscall.BpfDatalink(fd)
	return linkOfDLT(runtime.GOOS, dlt), err
}

// openBPF opens a BPF device: one that clones itself, or the first that is not busy.
func openBPF() (fd int, err error) {
	fd, err = syscall.Open("/dev/bpf", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	for i := 0; i < maxDevices && (err == syscall.ENOENT && i == 0 || err == syscall.EBUSY); i++ {
		fd, err = syscall.Open("/dev/bpf"+strconv.Itoa(i), syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	}
	return fd, err
}

const maxDevices = 99 // the sniffer tries as many

// userFilter returns the filter as a function.
func userFilter(o *LiveOptions, link uint32) (func([]byte) bool, error) {
	if o.Filter == nil {
		return func([]byte) bool { return true }, nil
	}
	raw, err := o.Filter(link)
	if err != nil {
		return nil, err
	}
	program, _ := bpf.Disassemble(raw)
	vm, err := bpf.NewVM(program)
	if err != nil {
		return nil, err
	}
	return func(b []byte) bool {
		n, err := vm.Run(b)
		return err == nil && n > 0
	}, nil
}

func (r *bpfRing) read(accept func([]byte) bool) {
	for {
		data, info, err := r.sniffer.ReadPacketData()
		p := bpfPacket{err: err}
		if err == nil {
			if !accept(data) {
				continue
			}
			p.frame = Frame{Data: append([]byte(nil), data...), Wire: info.Length, Link: r.linkType,
				Time: segment.Time(info.Timestamp.UnixNano())}
		}
		select {
		case r.got <- p:
		case <-r.done:
			return
		}
		if err != nil {
			return
		}
	}
}

func (r *bpfRing) next(wait time.Duration, f func(*Frame) bool) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for first := true; ; first = false {
		p := r.kept
		if r.kept = nil; p == nil {
			var q bpfPacket
			if first {
				select {
				case q = <-r.got:
				case <-timer.C:
					return nil
				}
			} else {
				select {
				case q = <-r.got:
				default:
					return nil
				}
			}
			p = &q
		}
		if p.err != nil {
			return p.err
		}
		if !f(&p.frame) {
			r.kept = p
			return nil
		}
	}
}

func (r *bpfRing) addKernelCounts(*Counters) {}

func (r *bpfRing) link() uint32 { return r.linkType }

func (r *bpfRing) close() error {
	close(r.done)
	return r.sniffer.Close()
}
