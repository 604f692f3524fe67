//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package capture

import (
	"errors"
	"io/fs"
	"time"

	"github.com/google/gopacket/bsdbpf"
	"golang.org/x/net/bpf"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// FiltersInKernel says whether a filter of LiveOptions runs where VLAN tags are beside the packet.
const FiltersInKernel = false

// A bpfRing reads a BPF device (bpf(4)) by gopacket's sniffer, which reads packet
// by packet. The filter is compiled to the same instructions as Linux's, but the
// sniffer cannot attach it: it runs here.
type bpfRing struct {
	sniffer *bsdbpf.BPFSniffer
	got     chan bpfPacket
	kept    *bpfPacket
	done    chan struct{}
}

type bpfPacket struct {
	frame Frame
	err   error
}

func openRing(o *LiveOptions) (ring, error) {
	if len(o.Interfaces) != 1 || o.Interfaces[0] == Any {
		return nil, errors.New("this system captures on one interface at a time: name it with -i")
	}
	accept, err := userFilter(o, assigned.LinkEthernet)
	if err != nil {
		return nil, err
	}
	s, err := bsdbpf.NewBPFSniffer(o.Interfaces[0], &bsdbpf.Options{ReadBufLen: 1 << 19, Timeout: nil,
		Promisc: o.Promiscuous, Immediate: true, PreserveLinkAddr: true})
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil, errors.Join(ErrRights, errors.New("sudo, or read access to /dev/bpf*"))
		}
		return nil, err
	}
	r := &bpfRing{sniffer: s, got: make(chan bpfPacket, 4096), done: make(chan struct{})}
	go r.read(accept)
	return r, nil
}

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
			p.frame = Frame{Data: append([]byte(nil), data...), Wire: info.Length, Link: assigned.LinkEthernet,
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

func (r *bpfRing) counts(*Counters) {}

func (r *bpfRing) link() uint32 { return assigned.LinkEthernet }

func (r *bpfRing) close() error {
	close(r.done)
	return r.sniffer.Close()
}
