package sockdiag

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tcpwarm/capture/segment"
)

// A netlinkAsker asks by a netlink socket (sock_diag(7)), which belongs to the network namespace
// that it was opened in.
type netlinkAsker struct {
	fd  int
	buf []byte
	seq uint32
}

// A socketID is struct inet_diag_sockid (linux/inet_diag.h): ports and addresses in the order of
// the network.
type socketID struct {
	LocalPort, RemotePort [2]byte
	Local, Remote         [16]byte
	Interface             uint32
	Cookie                [2]uint32
}

// A request is struct inet_diag_req_v2 behind its netlink header.
type request struct {
	Head                     unix.NlMsghdr
	Family, Protocol, Ext, _ uint8
	States                   uint32
	ID                       socketID
}

// An answerHead is struct inet_diag_msg; attributes follow it.
type answerHead struct {
	Family, State, Timer, Retransmits uint8
	ID                                socketID
	Expires, ReceiveQueue, SendQueue  uint32
	UID, Inode                        uint32
}

// Attributes of an answer (linux/inet_diag.h); a request asks for one by the bit before its number.
const (
	attributeInfo      = 2 // INET_DIAG_INFO
	attributeAlgorithm = 4 // INET_DIAG_CONG
)

// asked are the states of sockets that may send, or wait for what they have sent to be
// acknowledged: ESTABLISHED, FIN_WAIT1, CLOSE_WAIT, LAST_ACK and CLOSING (enum in net/tcp_states.h).
const asked = 1<<unix.BPF_TCP_ESTABLISHED | 1<<unix.BPF_TCP_FIN_WAIT1 | 1<<unix.BPF_TCP_CLOSE_WAIT |
	1<<unix.BPF_TCP_LAST_ACK | 1<<unix.BPF_TCP_CLOSING

// noThreshold is TCP_INFINITE_SSTHRESH.
const noThreshold = 0x7fffffff

func newAsker() (asker, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("sock_diag: %w", err)
	}
	patience := unix.NsecToTimeval(int64(time.Second))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("sock_diag: %w", err)
	}
	return &netlinkAsker{fd: fd, buf: make([]byte, 64<<10)}, nil // the kernel fills no more at once
}

func (n *netlinkAsker) close() { unix.Close(n.fd) }

func (n *netlinkAsker) ask(f func(id identity, algorithm string, a *Answer)) error {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		if err := n.dump(family, f); err != nil && !(family == unix.AF_INET6 && errors.Is(err, unix.ENOENT)) {
			return fmt.Errorf("sock_diag: %w", err)
		}
	}
	return nil
}

// dump asks about all sockets of a family. All that is answered at once was so at some time
// between the question and that.
func (n *netlinkAsker) dump(family uint8, f func(id identity, algorithm string, a *Answer)) error {
	n.seq++
	r := request{Family: family, Protocol: unix.IPPROTO_TCP, Ext: 1<<(attributeInfo-1) | 1<<(attributeAlgorithm-1), States: asked}
	r.Head = unix.NlMsghdr{Len: uint32(unsafe.Sizeof(r)), Type: unix.SOCK_DIAG_BY_FAMILY,
		Flags: unix.NLM_F_REQUEST | unix.NLM_F_DUMP, Seq: n.seq}
	from := segment.Time(time.Now().UnixNano())
	question := unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r))
	if err := unix.Sendto(n.fd, question, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	for {
		size, _, err := unix.Recvfrom(n.fd, n.buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		until := segment.Time(time.Now().UnixNano())
		done, err := n.messages(n.buf[:size], from, until, f)
		if done || err != nil {
			return err
		}
		from = until // the next part is asked for by our reading this one
	}
}

// messages reads what has come in one piece. It reports whether that was the last.
func (n *netlinkAsker) messages(b []byte, from, until segment.Time, f func(identity, string, *Answer)) (done bool, err error) {
	for len(b) >= unix.SizeofNlMsghdr {
		h := *(*unix.NlMsghdr)(unsafe.Pointer(&b[0]))
		if h.Len < unix.SizeofNlMsghdr || int(h.Len) > len(b) {
			return false, unix.EBADMSG
		}
		body := b[unix.SizeofNlMsghdr:h.Len]
		b = b[min(len(b), align(int(h.Len))):]
		switch {
		case h.Seq != n.seq: // of an earlier question
		case h.Type == unix.NLMSG_DONE:
			return true, nil
		case h.Type == unix.NLMSG_ERROR:
			if len(body) < 4 {
				return false, unix.EBADMSG
			}
			return true, unix.Errno(-*(*int32)(unsafe.Pointer(&body[0])))
		case h.Type == unix.SOCK_DIAG_BY_FAMILY:
			id, algorithm, a, ok := parse(body)
			if a.From, a.Until = from, until; ok {
				f(id, algorithm, &a)
			}
		}
	}
	return false, nil
}

func align(n int) int { return (n + unix.NLMSG_ALIGNTO - 1) &^ (unix.NLMSG_ALIGNTO - 1) }

// parse reads what is said of a socket. An older kernel says less of it than ours knows, a newer
// one more: what is missing is 0.
func parse(b []byte) (id identity, algorithm string, a Answer, ok bool) {
	const headSize = int(unsafe.Sizeof(answerHead{}))
	if len(b) < headSize {
		return id, "", a, false
	}
	h := *(*answerHead)(unsafe.Pointer(&b[0]))
	end := func(addr [16]byte, port [2]byte) segment.Endpoint {
		e := segment.Endpoint{Addr: segment.Addr16(addr[:]), Port: uint16(port[0])<<8 | uint16(port[1])}
		if h.Family == unix.AF_INET {
			e.Addr = segment.Addr4(addr[:4])
		}
		return e
	}
	ends := Ends{end(h.ID.Local, h.ID.LocalPort), end(h.ID.Remote, h.ID.RemotePort)}
	id = identity{ends, uint64(h.ID.Cookie[1])<<32 | uint64(h.ID.Cookie[0])}
	for b = b[headSize:]; len(b) >= unix.SizeofRtAttr; {
		attr := *(*unix.RtAttr)(unsafe.Pointer(&b[0]))
		if attr.Len < unix.SizeofRtAttr || int(attr.Len) > len(b) {
			break
		}
		value := b[unix.SizeofRtAttr:attr.Len]
		b = b[min(len(b), align(int(attr.Len))):]
		switch attr.Type {
		case attributeAlgorithm:
			algorithm, _, _ = strings.Cut(string(value), "\x00")
		case attributeInfo:
			var info unix.TCPInfo
			copy(unsafe.Slice((*byte)(unsafe.Pointer(&info)), unsafe.Sizeof(info)), value)
			a, ok = answerOf(&info), true
		}
	}
	return id, algorithm, a, ok
}

func answerOf(i *unix.TCPInfo) Answer {
	us := func(n uint32) time.Duration { return time.Duration(n) * time.Microsecond }
	a := Answer{Window: int(i.Snd_cwnd), Threshold: int(i.Snd_ssthresh), MSS: int(i.Snd_mss), InFlight: int(i.Unacked),
		Offered: int(i.Snd_wnd), State: State(i.Ca_state), RTT: us(i.Rtt), MinRTT: us(i.Min_rtt), RTO: us(i.Rto),
		SinceSent: time.Duration(i.Last_data_sent) * time.Millisecond, Rate: int64(i.Delivery_rate)}
	if a.Threshold == noThreshold {
		a.Threshold = 0
	}
	return a
}
