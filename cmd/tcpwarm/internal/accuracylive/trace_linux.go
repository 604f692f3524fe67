package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// A trace is what the kernel tells of every event of the sockets with one port. At an event a BPF
// program copies the whole struct tcp_sock; its values are picked here, by the places that the
// kernel's own description of its types (BTF) gives, so no program depends on a kernel's version.
type trace struct {
	layout
	port    uint16
	maps    []*ebpf.Map
	links   []link.Link
	reader  *ringbuf.Reader
	stop    chan struct{}
	stopped chan struct{}

	mu   sync.Mutex
	rows []row
	lost uint64 // as of the last call of take
}

// A layout is where the values of a row are.
type layout struct {
	size                               int // of struct tcp_sock
	family, state, ports, source, dest field
	source6, dest6                     field
	value                              [valueCount]field
	skbSocket, skbLength, skbControl   int
}

const (
	ringSize    = 1 << 26
	recordHead  = 24 // ns, event, x1, x2, and 4 bytes that make the copy begin at a multiple of 8
	noWakeup    = 1  // BPF_RB_NO_WAKEUP: rows are fetched at intervals
	fetchEvery  = 5 * time.Millisecond
	helperWords = "Dual BSD/GPL" // bpf_probe_read_kernel is for programs under the GPL too
)

// newTrace begins to trace the sockets one of whose ports is port.
func newTrace(port uint16) (*trace, error) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("this kernel does not describe its types (CONFIG_DEBUG_INFO_BTF): %w", err)
	}
	t := &trace{port: port, stop: make(chan struct{}), stopped: make(chan struct{})}
	if t.layout, err = layoutOf(spec); err != nil {
		return nil, err
	}
	if err := t.attach(); err != nil {
		t.close()
		return nil, err
	}
	go t.fetch()
	return t, nil
}

func (t *trace) attach() error {
	ring, err := ebpf.NewMap(&ebpf.MapSpec{Name: "rows", Type: ebpf.RingBuf, MaxEntries: ringSize})
	if err != nil {
		return fmt.Errorf("make a BPF map: %w", err)
	}
	t.maps = append(t.maps, ring)
	lost, err := ebpf.NewMap(&ebpf.MapSpec{Name: "lost", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		return fmt.Errorf("make a BPF map: %w", err)
	}
	t.maps = append(t.maps, lost)
	for _, point := range []struct {
		name  string
		event byte
	}{
		{"tcp_probe", eventReceive}, {"net_dev_queue", eventSend}, {"tcp_retransmit_skb", eventResend},
		{"tcp_cong_state_set", eventState}, {"tcp_sendmsg_locked", eventWrite},
	} {
		p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "trace", Type: ebpf.RawTracepoint, License: helperWords,
			Instructions: t.program(point.event, ring.FD(), lost.FD())})
		if err != nil {
			return fmt.Errorf("load a BPF program: %w", err)
		}
		l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: point.name, Program: p})
		p.Close() // the link holds it
		if err != nil {
			return fmt.Errorf("this kernel has no tracepoint %s (6.16 and later have all): %w", point.name, err)
		}
		t.links = append(t.links, l)
	}
	t.reader, err = ringbuf.NewReader(ring)
	return err
}

// program is called at a tracepoint, whose arguments are in its context, and puts a record into the
// ring: the time, the event, two numbers that go with it, and the socket.
func (t *trace) program(event byte, ring, lost int) asm.Instructions {
	const scratch = -8
	// read copies size bytes from a kernel address to the stack.
	read := func(from asm.Register, at, size int) asm.Instructions {
		return asm.Instructions{
			asm.Mov.Reg(asm.R1, asm.R10), asm.Add.Imm(asm.R1, scratch),
			asm.Mov.Imm(asm.R2, int32(size)),
			asm.Mov.Reg(asm.R3, from), asm.Add.Imm(asm.R3, int32(at)),
			asm.FnProbeReadKernel.Call(),
		}
	}
	list := asm.Instructions{
		asm.LoadMem(asm.R7, asm.R1, 0, asm.DWord), // the socket; of an event of a packet, that
		asm.Mov.Reg(asm.R8, asm.R7),               // the packet, or the state
		asm.Mov.Imm(asm.R2, 0), asm.StoreMem(asm.R10, scratch, asm.R2, asm.DWord),
	}
	if event == eventSend {
		list = append(list, read(asm.R8, t.skbSocket, 8)...)
		list = append(list, asm.LoadMem(asm.R7, asm.R10, scratch, asm.DWord), asm.JEq.Imm(asm.R7, 0, "out"))
	} else {
		list = append(list, asm.LoadMem(asm.R8, asm.R1, 8, asm.DWord))
	}
	// A port is in two bytes in network order (skc_dport), the other one, the host's own, in two of
	// its own order (skc_num).
	network := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, t.port))
	list = append(list, read(asm.R7, t.ports.at/8, 4)...)
	list = append(list,
		asm.LoadMem(asm.R1, asm.R10, scratch, asm.Half),
		asm.JEq.Imm(asm.R1, int32(network), "ours"),
		asm.LoadMem(asm.R1, asm.R10, scratch+2, asm.Half),
		asm.JNE.Imm(asm.R1, int32(t.port), "out"),
		asm.LoadMapPtr(asm.R1, ring).WithSymbol("ours"),
		asm.Mov.Imm(asm.R2, int32(recordHead+t.size)),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnRingbufReserve.Call(),
		asm.JEq.Imm(asm.R0, 0, "full"),
		asm.Mov.Reg(asm.R9, asm.R0),
		asm.FnKtimeGetNs.Call(),
		asm.StoreMem(asm.R9, 0, asm.R0, asm.DWord),
		asm.Mov.Imm(asm.R1, int32(event)), asm.StoreMem(asm.R9, 8, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R1, 0), asm.StoreMem(asm.R9, 16, asm.R1, asm.DWord),
	)
	switch event {
	case eventSend:
		list = append(list, read(asm.R8, t.skbLength, 4)...)
		list = append(list, asm.LoadMem(asm.R1, asm.R10, scratch, asm.Word), asm.StoreMem(asm.R9, 12, asm.R1, asm.Word))
	case eventReceive, eventResend: // seq and end_seq begin struct tcp_skb_cb
		list = append(list, read(asm.R8, t.skbControl, 8)...)
		list = append(list, asm.LoadMem(asm.R1, asm.R10, scratch, asm.DWord), asm.StoreMem(asm.R9, 12, asm.R1, asm.Word),
			asm.RSh.Imm(asm.R1, 32), asm.StoreMem(asm.R9, 16, asm.R1, asm.Word))
	case eventState:
		list = append(list, asm.StoreMem(asm.R9, 12, asm.R8, asm.Word))
	}
	return append(list,
		asm.Mov.Reg(asm.R1, asm.R9), asm.Add.Imm(asm.R1, recordHead),
		asm.Mov.Imm(asm.R2, int32(t.size)),
		asm.Mov.Reg(asm.R3, asm.R7),
		asm.FnProbeReadKernel.Call(),
		asm.Mov.Reg(asm.R1, asm.R9),
		asm.Mov.Imm(asm.R2, noWakeup),
		asm.FnRingbufSubmit.Call(),
		asm.Ja.Label("out"),
		asm.Mov.Imm(asm.R1, 0).WithSymbol("full"), asm.StoreMem(asm.R10, scratch, asm.R1, asm.DWord),
		asm.LoadMapPtr(asm.R1, lost),
		asm.Mov.Reg(asm.R2, asm.R10), asm.Add.Imm(asm.R2, scratch),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.Mov.Imm(asm.R1, 1),
		asm.StoreXAdd(asm.R0, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	)
}

// fetch takes records out of the ring at intervals, until close.
func (t *trace) fetch() {
	defer close(t.stopped)
	var record ringbuf.Record
	for {
		t.reader.SetDeadline(time.Now().Add(fetchEvery))
		err := t.reader.ReadInto(&record)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			select {
			case <-t.stop:
				return
			default:
			}
		case err != nil:
			return
		default:
			if r, ok := t.decode(record.RawSample); ok {
				t.mu.Lock()
				t.rows = append(t.rows, r)
				t.mu.Unlock()
			}
		}
	}
}

// decode reads a record, whose time is that of the clock that does not jump.
func (t *trace) decode(b []byte) (r row, ok bool) {
	n := binary.NativeEndian
	r = row{at: int64(n.Uint64(b)), event: b[8], x1: n.Uint32(b[12:]), x2: n.Uint32(b[16:])}
	s := b[recordHead:]
	r.state = t.state.read(s)
	if r.state == 0 {
		return r, false // not a whole socket: a request for one, or one that waits for TIME-WAIT to end
	}
	ports := s[t.ports.at/8:]
	source, dest := t.source, t.dest
	if t.family.read(s) == syscall.AF_INET6 {
		source, dest = t.source6, t.dest6
	}
	address := func(f field) netip.Addr {
		a, _ := netip.AddrFromSlice(s[f.at/8 : (f.at+f.size)/8])
		return a
	}
	r.src = netip.AddrPortFrom(address(source), n.Uint16(ports[2:]))
	r.dst = netip.AddrPortFrom(address(dest), binary.BigEndian.Uint16(ports))
	for i, f := range t.value {
		r.value[i] = f.read(s)
	}
	return r, true
}

// take returns the rows since it was last called, in order and with times since 1970, and how many
// there was no room for.
func (t *trace) take() (rows []row, lost uint64, err error) {
	time.Sleep(4 * fetchEvery)
	var real, steady unix.Timespec
	if err := errors.Join(unix.ClockGettime(unix.CLOCK_REALTIME, &real),
		unix.ClockGettime(unix.CLOCK_MONOTONIC, &steady)); err != nil {
		return nil, 0, err
	}
	if err := t.maps[1].Lookup(uint32(0), &lost); err != nil {
		return nil, 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, t.rows = t.rows, nil
	lost, t.lost = lost-t.lost, lost
	for i := range rows {
		rows[i].at += real.Nano() - steady.Nano()
	}
	return rows, lost, nil
}

func (t *trace) close() {
	for _, l := range t.links {
		l.Close()
	}
	if t.reader != nil {
		close(t.stop)
		<-t.stopped
		t.reader.Close()
	}
	for _, m := range t.maps {
		m.Close()
	}
}

// layoutOf looks up where the kernel has what is recorded.
func layoutOf(spec *btf.Spec) (l layout, err error) {
	var sock, skb, bbr *btf.Struct
	if err := errors.Join(spec.TypeByName("tcp_sock", &sock), spec.TypeByName("sk_buff", &skb)); err != nil {
		return l, err
	}
	l.size = int(sock.Size) &^ 7 // a record ends at a multiple of 8
	find := func(in *btf.Struct, path string) field {
		f, e := fieldOf(in, strings.Split(path, "."))
		if e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", path, e))
		}
		return f
	}
	const common = "inet_conn.icsk_inet.sk.__sk_common."
	l.family, l.state = find(sock, common+"skc_family"), find(sock, common+"skc_state")
	l.ports = find(sock, common+"skc_portpair")
	l.source, l.dest = find(sock, common+"skc_rcv_saddr"), find(sock, common+"skc_daddr")
	l.source6, l.dest6 = find(sock, common+"skc_v6_rcv_saddr"), find(sock, common+"skc_v6_daddr")
	for i, path := range paths {
		l.value[i] = find(sock, path)
	}
	l.value[rttMin].at += 32 // struct minmax_sample: a time, and the value
	l.value[rttMin].size = 32
	if spec.TypeByName("bbr", &bbr) == nil {
		mode := find(bbr, "mode")
		l.value[bbrMode] = field{l.value[bbrMode].at + mode.at, mode.size}
	}
	l.skbSocket, l.skbLength, l.skbControl = find(skb, "sk").at/8, find(skb, "len").at/8, find(skb, "cb").at/8
	return l, err
}

// fieldOf finds a member of a struct by the names that lead to it. Members without a name are looked
// through.
func fieldOf(t btf.Type, path []string) (field, error) {
	if len(path) == 0 {
		size, err := btf.Sizeof(t)
		return field{0, size * 8}, err
	}
	var members []btf.Member
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Struct:
		members = t.Members
	case *btf.Union:
		members = t.Members
	}
	for _, m := range members {
		rest := path[1:]
		switch m.Name {
		case path[0]:
		case "":
			rest = path
		default:
			continue
		}
		f, err := fieldOf(m.Type, rest)
		if err != nil {
			continue
		}
		if len(rest) == 0 && m.BitfieldSize > 0 {
			f.size = int(m.BitfieldSize)
		}
		f.at += int(m.Offset)
		return f, nil
	}
	return field{}, errors.New("not in this kernel")
}
