package capture

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/bpf"

	"tcpwarm/capture/segment"
)

// LiveOptions say what to capture. Zero values stand for the defaults.
type LiveOptions struct {
	Interfaces []string // one or, on Linux, several; "any" is all of them
	// Filter makes what the kernel filters by, for packets of a LINKTYPE_ value, or of LinkAny; nil: all comes.
	Filter      func(link uint32) ([]bpf.RawInstruction, error)
	SnapLen     int  // bytes kept of a packet; default 262144, as tcpdump's
	RingBytes   int  // of kernel memory for packets; default 32 MiB
	Promiscuous bool // take what is for others too
}

const (
	defaultSnapLen = 256 << 10
	defaultRing    = 32 << 20
)

// LinkAny stands for packets of several link types: a filter must be made for the
// network layer alone.
const LinkAny = 1 << 31

// Any is the name that stands for all interfaces.
const Any = "any"

// wait is how long Fill waits for packets before it returns what there is.
const wait = 100 * time.Millisecond

// Counters are the kernel's view of a capture.
type Counters struct {
	Captured int64 // packets handed on
	Received int64 // that the filter let through
	Dropped  int64 // of these, for want of room
}

// ErrRights is what OpenLive's error wraps where the user may not capture.
var ErrRights = errors.New("no permission to capture")

// A Frame is a packet as it came from an interface. Data is valid only until the
// call it is handed to returns.
type Frame struct {
	Data []byte
	Wire int    // bytes it had on the wire
	Link uint32 // LINKTYPE_ value
	Time segment.Time
}

// A Live reads packets as they come by. It is an analyze.Source for one
// goroutine; Stop may be called by another.
type Live struct {
	dec      decoder
	ring     ring
	stop     chan struct{}
	stopOnce sync.Once
	snapLen  int
	tee      func(*Frame) error
	limit    int64 // packets after which to stop, 0: never
	counters Counters
	err      error
}

// A ring is what the operating system gives: packets, and counts.
type ring interface {
	// next calls f with the packets there are, after waiting for some; false
	// from f ends it, and the packet comes again. What f is given is borrowed.
	next(wait time.Duration, f func(*Frame) bool) error
	// addKernelCounts adds what the kernel has counted since the last call.
	addKernelCounts(*Counters)
	// link is the link type that filters are made for.
	link() uint32
	close() error
}

// OpenLive begins to capture. Packets that come by after it has returned are not
// missed. Its error names the interface, and wraps ErrRights where that is why.
func OpenLive(o LiveOptions) (*Live, error) {
	if o.SnapLen <= 0 {
		o.SnapLen = defaultSnapLen
	}
	if o.RingBytes <= 0 {
		o.RingBytes = defaultRing
	}
	if slices.Contains(o.Interfaces, Any) {
		o.Interfaces = []string{Any}
	}
	for _, name := range o.Interfaces {
		if _, err := net.InterfaceByName(name); err != nil && name != Any {
			return nil, fmt.Errorf("%s: no such interface; tcpwarm interfaces lists them", name)
		}
	}
	names := strings.Join(o.Interfaces, ",")
	r, err := openRing(&o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names, err)
	}
	l := &Live{dec: decoder{loopback: true}, ring: r, stop: make(chan struct{}), snapLen: o.SnapLen}
	l.dec.totals.Files = []string{names}
	return l, nil
}

// Tee has f called with each packet before it is analysed. An error of f, as where a
// disk is full, ends the capture.
func (l *Live) Tee(f func(*Frame) error) { l.tee = f }

// Limit ends the capture after n packets.
func (l *Live) Limit(n int64) { l.limit = n }

// Stop ends the capture: Fill hands on what the ring holds, then returns io.EOF.
func (l *Live) Stop() { l.stopOnce.Do(func() { close(l.stop) }) }

// Fill replaces b's segments with the next ones. It returns after a moment without
// packets too, with what there is, perhaps nothing. At the end it returns io.EOF,
// and where the interface has gone away its error.
func (l *Live) Fill(b *segment.Batch) error {
	b.Segments, b.Secrets = b.Segments[:0], b.Secrets[:0]
	if l.err != nil {
		return l.err
	}
	stopped := l.stopped()
	got, used := 0, 0
	var failed error
	err := l.ring.next(wait, func(f *Frame) bool {
		f.Data = f.Data[:min(len(f.Data), l.snapLen)]
		if used+len(f.Data) > len(b.Bytes) {
			if used > 0 {
				return false
			}
			b.Bytes = make([]byte, max(blockSize, len(f.Data)))
		}
		if len(b.Segments) >= maxInBatch || l.limit > 0 && l.counters.Captured >= l.limit {
			return false
		}
		if l.tee != nil {
			if failed = l.tee(f); failed != nil {
				return false
			}
		}
		n := copy(b.Bytes[used:], f.Data)
		l.dec.packet(b, &packet{data: b.Bytes[used : used+n : used+n], link: f.Link, orig: f.Wire, time: f.Time, timed: true})
		used += n
		got++
		l.counters.Captured++
		return true
	})
	if l.limit > 0 && l.counters.Captured >= l.limit {
		l.err = io.EOF
	}
	switch {
	case failed != nil:
		l.err = &segment.WriteError{Err: failed}
	case err != nil:
		l.err = &liveError{l.dec.totals.Files[0], err}
	case got == 0 && stopped:
		l.err = io.EOF
	}
	return l.err
}

// A liveError ended a capture before its time.
type liveError struct {
	ifaces string
	err    error
}

func (e *liveError) Error() string { return e.ifaces + ": " + e.err.Error() }

func (e *liveError) Unwrap() error { return e.err }

// Problem returns e as a problem: an interface that went down gives ENETDOWN, one that
// was taken away ENODEV (packet(7)) or ENXIO (bpf(4)).
func (e *liveError) Problem() segment.Problem {
	p := segment.Problem{Kind: segment.NotReadable, Count: 1, Text: e.Error()}
	for _, gone := range []syscall.Errno{syscall.ENETDOWN, syscall.ENODEV, syscall.ENXIO} {
		if errors.Is(e.err, gone) {
			p.Kind = segment.InterfaceGone
		}
	}
	return p
}

func (l *Live) stopped() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// Counters returns the kernel's counts so far.
func (l *Live) Counters() Counters {
	l.ring.addKernelCounts(&l.counters)
	return l.counters
}

// Totals returns what was seen so far. Dropped packets are a problem among them.
func (l *Live) Totals() segment.Totals {
	t := l.dec.sums()
	if n := l.Counters().Dropped; n > 0 {
		t.Problems = append(t.Problems, segment.Problem{Kind: segment.KernelDropped, Count: n,
			Text: "packets that the kernel had no room for: a larger ring (-B) or a narrower filter helps"})
	}
	return t
}

// Link returns the link type that filters are made for.
func (l *Live) Link() uint32 { return l.ring.link() }

// Close gives the ring back.
func (l *Live) Close() error { return l.ring.close() }
