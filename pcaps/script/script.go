package script

import (
	"slices"
	"time"

	"tcpwarm/capture/segment"
)

// Base is the instant scripts count from: 2023-11-14 22:13:20 UTC.
const Base segment.Time = 1_700_000_000e9

// A Dir is a direction as scripts write it, whatever the order of the addresses.
type Dir uint8

// The two directions.
const (
	ToServer Dir = 0 // ">"
	ToClient Dir = 1 // "<"
)

// String is d as scripts write it.
func (d Dir) String() string {
	if d == ToServer {
		return ">"
	}
	return "<"
}

// A Script is a trace as text. It is not changed by any method.
type Script struct {
	Conns []Conn
	Steps []Step
	IP6   bool // all packets are IPv6's
	Snap  int  // bytes of a frame the capture holds, 0 if all
	MTU   int  // bytes of the longest IP packet, 0 if as long as written

	shift time.Duration
}

// A Conn is one connection of a script.
type Conn struct {
	Name           string // "" for the one whose lines have no name
	Client, Server segment.Endpoint
	ISN            [2]segment.Seq // of the sender in each Dir
}

// key returns the connection's key, and which way d goes in it.
func (c *Conn) key(d Dir) (segment.Key, segment.Dir) {
	if d == ToServer {
		return segment.MakeKey(c.Client, c.Server)
	}
	return segment.MakeKey(c.Server, c.Client)
}

// A Step is one line that is not a setting: a packet or a check.
type Step struct {
	Line  int
	Conn  int // index of Script.Conns
	Dir   Dir
	Pack  *Packet // nil for a check
	Pairs []Pair  // what must hold; nil for a packet
}

// A Pair is one thing a check asks for.
type Pair struct{ Name, Value string }

// A Packet is one segment as a script writes it.
type Packet struct {
	Missing bool          // on the wire, missing from the capture
	At      time.Duration // after Base
	Flags   segment.Flags
	Start   int64  // first sequence number, from the sender's ISN
	Len     int    // payload bytes
	Ack     int64  // from the receiver's ISN, valid if Flags has ACK
	Payload []byte // what is stated of the payload, from its beginning
	Window  uint16
	TTL     uint8
	CE      bool
	ID      uint16
	HasID   bool
	BadSum  bool // its checksum is wrong

	Options segment.Options // SACK blocks from the receiver's ISN
}

// A Check is a check as a caller needs it: Key and Dir name the half it is about.
type Check struct {
	Line  int
	Conn  string
	To    Dir
	Key   segment.Key
	Dir   segment.Dir
	Pairs []Pair
}

// Each calls onSegment for every captured segment and onCheck for every check,
// in order. A nil function is not called. The segment is the callee's to keep.
func (s *Script) Each(onSegment func(*segment.Segment), onCheck func(Check)) {
	wires := make([][2]wire, len(s.Conns))
	var packets int64
	for i := range s.Steps {
		st := &s.Steps[i]
		c := &s.Conns[st.Conn]
		if st.Pack == nil {
			if onCheck != nil {
				k, d := c.key(st.Dir)
				onCheck(Check{st.Line, c.Name, st.Dir, k, d, st.Pairs})
			}
			continue
		}
		for _, g := range s.packets(st, c, &wires[st.Conn][st.Dir]) {
			if st.Pack.Missing {
				continue
			}
			packets++
			g.Packet = packets
			if onSegment != nil {
				onSegment(&g)
			}
		}
	}
}

// Segments returns what a capture of the script gives: all segments but those
// missing from it, their payload cut by the snap length.
func (s *Script) Segments() []segment.Segment {
	segs := s.whole()
	for i := range segs {
		g := &segs[i]
		if s.Snap > 0 {
			g.Payload = g.Payload[:min(g.Len, max(0, s.Snap-s.headers(&g.Options)))]
		}
	}
	return segs
}

// whole returns the captured segments before the snap length cuts them.
func (s *Script) whole() []segment.Segment {
	var segs []segment.Segment
	s.Each(func(g *segment.Segment) { segs = append(segs, *g) }, nil)
	return segs
}

// Checks returns the checks alone.
func (s *Script) Checks() []Check {
	var all []Check
	s.Each(nil, func(c Check) { all = append(all, c) })
	return all
}

// WithISN returns s with other initial sequence numbers on every connection.
func (s *Script) WithISN(client, server segment.Seq) *Script {
	t := s.clone()
	for i := range t.Conns {
		t.Conns[i].ISN = [2]segment.Seq{client, server}
	}
	return t
}

// Shift returns s captured d later.
func (s *Script) Shift(d time.Duration) *Script {
	t := s.clone()
	t.shift += d
	return t
}

// WithMTU returns s with its segments split into packets of at most n bytes.
func (s *Script) WithMTU(n int) *Script {
	t := s.clone()
	t.MTU = n
	return t
}

// SwapHosts returns s with other addresses, such that every pair of them, and so
// every key, is the other way round. Who shares an address with whom stays. If
// every connection runs within one host, the ports are turned round instead.
func (s *Script) SwapHosts() *Script {
	t := s.clone()
	var addrs []segment.Addr
	var ports []uint16
	within := true
	for _, c := range s.Conns {
		addrs = append(addrs, c.Client.Addr, c.Server.Addr)
		ports = append(ports, c.Client.Port, c.Server.Port)
		within = within && c.Client.Addr == c.Server.Addr
	}
	slices.SortFunc(addrs, func(a, b segment.Addr) int {
		switch {
		case a.Less(b):
			return -1
		case b.Less(a):
			return 1
		}
		return 0
	})
	slices.Sort(ports)
	addrs, ports = slices.Compact(addrs), slices.Compact(ports)
	for i := range t.Conns {
		for _, e := range []*segment.Endpoint{&t.Conns[i].Client, &t.Conns[i].Server} {
			if within {
				e.Port = mirror(ports, e.Port)
			} else {
				e.Addr = mirror(addrs, e.Addr)
			}
		}
	}
	return t
}

// mirror returns the element of sorted as far from its end as v is from its start.
func mirror[T comparable](sorted []T, v T) T {
	return sorted[len(sorted)-1-slices.Index(sorted, v)]
}

func (s *Script) clone() *Script {
	t := *s
	t.Conns = slices.Clone(s.Conns)
	return &t
}
