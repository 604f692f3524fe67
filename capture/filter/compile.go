package filter

import (
	"cmp"
	"errors"
	"fmt"

	"golang.org/x/net/bpf"

	"tcpwarm/capture/assigned"
)

// A Target is where a program runs.
type Target struct {
	Link   uint32 // LINKTYPE_ value
	Any    bool   // in the kernel, on packets of any link type: the network layer is found by it
	Kernel bool   // in Linux's kernel: VLAN tags are beside the packet, not in it

	SnapLen int // bytes to take of a packet that passes, 0: all
}

// accepted is what a program returns for a packet that passes, to take all of it.
const accepted = 1 << 18

// maxProgram is the kernel's limit (BPF_MAXINSNS).
const maxProgram = 4096

// networkOffset is where the kernel's programs find the network header whatever
// is before it (SKF_NET_OFF).
const networkOffset = 1<<32 - 1<<20

// Compile makes a program of classic BPF.
func (e *Expr) Compile(t Target) ([]bpf.RawInstruction, error) {
	list, err := e.instructions(t)
	if err != nil {
		return nil, err
	}
	return bpf.Assemble(list)
}

// Matcher returns a function that tells whether a packet of a link type passes. It
// is for one goroutine.
func (e *Expr) Matcher(link uint32) (func(packet []byte) bool, error) {
	list, err := e.instructions(Target{Link: link})
	if err != nil {
		return nil, err
	}
	vm, err := bpf.NewVM(list)
	if err != nil {
		return nil, err
	}
	return func(b []byte) bool {
		n, err := vm.Run(b)
		return err == nil && n > 0
	}, nil
}

func (e *Expr) instructions(t Target) ([]bpf.Instruction, error) {
	list, err := e.assemble(t, false)
	if errors.Is(err, errFar) {
		list, err = e.assemble(t, true)
	}
	return list, err
}

func (e *Expr) assemble(t Target, far bool) ([]bpf.Instruction, error) {
	g := &generator{target: t}
	if err := g.layout(); err != nil {
		return nil, err
	}
	yes, no := g.label(), g.label()
	g.node(e.root, yes, no)
	g.place(yes)
	g.emit(bpf.RetConstant{Val: uint32(cmp.Or(t.SnapLen, accepted))})
	g.place(no)
	g.emit(bpf.RetConstant{Val: 0})
	if g.err != nil {
		return nil, g.err
	}
	return g.resolve(far)
}

// A label is a place in the program, known when it is placed.
type label int

// An op is an instruction, or a jump to labels.
type op struct {
	ins    bpf.Instruction // not of a jump
	jump   bool
	byX    bool // compares with X, else with val
	test   bpf.JumpTest
	val    uint32
	yes    label
	no     label
	always bool // to yes
}

type generator struct {
	target Target
	ops    []op
	places []int // by label
	slots  int   // scratch memory in use
	err    error

	net     uint32 // offset of the network header
	etype   uint32 // offset of the Ethernet type, where hasType
	hasType bool
	vlans   int
}

// layout says where things are in a frame.
func (g *generator) layout() error {
	if g.target.Any {
		g.net, g.hasType = networkOffset, true
		return nil
	}
	switch g.target.Link {
	case assigned.LinkEthernet:
		g.etype, g.net, g.hasType = 12, 14, true
	case assigned.LinkSLL:
		g.etype, g.net, g.hasType = 14, 16, true
	case assigned.LinkSLL2:
		g.etype, g.net, g.hasType = 0, 20, true
	case assigned.LinkRaw, assigned.LinkRawBSD, assigned.LinkRawOBSD, assigned.LinkIPv4, assigned.LinkIPv6:
	case assigned.LinkNull, assigned.LinkLoop:
		g.net = 4
	default:
		return fmt.Errorf("filter: packets of link type %d cannot be filtered", g.target.Link)
	}
	return nil
}

func (g *generator) label() label { g.places = append(g.places, -1); return label(len(g.places) - 1) }

func (g *generator) place(l label) { g.places[l] = len(g.ops) }

func (g *generator) emit(i bpf.Instruction) { g.ops = append(g.ops, op{ins: i}) }

// branch goes to yes if A compares so with val, else to no.
func (g *generator) branch(test bpf.JumpTest, val uint32, yes, no label) {
	g.ops = append(g.ops, op{jump: true, test: test, val: val, yes: yes, no: no})
}

func (g *generator) jump(to label) { g.ops = append(g.ops, op{jump: true, always: true, yes: to}) }

// require goes on if A equals val, else to no.
func (g *generator) require(val uint32, no label) {
	next := g.label()
	g.branch(bpf.JumpEqual, val, next, no)
	g.place(next)
}

var errFar = errors.New("a jump is too far")

// resolve puts distances for labels. A conditional jump reaches 255 instructions;
// far ones go by way of jumps that reach any.
func (g *generator) resolve(far bool) ([]bpf.Instruction, error) {
	at := make([]int, len(g.ops)+1) // of each op, in the end
	for i, o := range g.ops {
		at[i+1] = at[i] + 1
		if far && o.jump && !o.always {
			at[i+1] += 2
		}
	}
	if at[len(g.ops)] > maxProgram {
		return nil, errors.New("filter: the expression is too long")
	}
	var list []bpf.Instruction
	for _, o := range g.ops {
		skip := func(l label) int { return at[g.places[l]] - len(list) - 1 }
		switch {
		case !o.jump:
			list = append(list, o.ins)
		case o.always:
			list = append(list, bpf.Jump{Skip: uint32(skip(o.yes))})
		case far:
			list = append(list, o.conditional(0, 1))
			list = append(list, bpf.Jump{Skip: uint32(skip(o.yes))})
			list = append(list, bpf.Jump{Skip: uint32(skip(o.no))})
		case skip(o.yes) > 255 || skip(o.no) > 255:
			return nil, errFar
		default:
			list = append(list, o.conditional(uint8(skip(o.yes)), uint8(skip(o.no))))
		}
	}
	return list, nil
}

func (o *op) conditional(yes, no uint8) bpf.Instruction {
	if o.byX {
		return bpf.JumpIfX{Cond: o.test, SkipTrue: yes, SkipFalse: no}
	}
	return bpf.JumpIf{Cond: o.test, Val: o.val, SkipTrue: yes, SkipFalse: no}
}

func (g *generator) node(n node, yes, no label) {
	switch n := n.(type) {
	case pass:
		g.jump(yes)
	case and:
		next := g.label()
		g.node(n.l, next, no)
		g.place(next)
		g.node(n.r, yes, no)
	case or:
		next := g.label()
		g.node(n.l, yes, next)
		g.place(next)
		g.node(n.r, yes, no)
	case not:
		g.node(n.x, no, yes)
	case prim:
		g.prim(n, yes, no)
	case relation:
		g.relation(n, yes, no)
	}
}

// loadNet loads from the network header on.
func (g *generator) loadNet(off uint32, size int) {
	g.emit(bpf.LoadAbsolute{Off: g.net + off, Size: size})
}

// ethernet goes to yes if the frame is of an Ethernet type.
func (g *generator) ethernet(typ uint32, yes, no label) {
	switch {
	case g.target.Any && g.vlans == 0:
		g.emit(bpf.LoadExtension{Num: bpf.ExtProto})
	case g.hasType:
		g.emit(bpf.LoadAbsolute{Off: g.etype, Size: 2})
	default: // by IP's version
		g.loadNet(0, 1)
		g.emit(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf0})
		switch typ {
		case assigned.EtherIPv4:
			typ = 0x40
		case assigned.EtherIPv6:
			typ = 0x60
		default:
			g.jump(no)
			return
		}
	}
	g.branch(bpf.JumpEqual, typ, yes, no)
}

// ethernetIs goes on if the frame is of a type, else to no.
func (g *generator) ethernetIs(typ uint32, no label) {
	next := g.label()
	g.ethernet(typ, next, no)
	g.place(next)
}

var numbers = map[string]uint32{"tcp": assigned.ProtoTCP, "udp": assigned.ProtoUDP, "sctp": assigned.ProtoSCTP,
	"icmp": assigned.ProtoICMP, "icmp6": assigned.ProtoICMP6}

// ip4Proto goes to yes for IPv4 with a protocol.
func (g *generator) ip4Proto(proto uint32, yes, no label) {
	g.ethernetIs(assigned.EtherIPv4, no)
	g.loadNet(9, 1)
	g.branch(bpf.JumpEqual, proto, yes, no)
}

// ip6Proto goes to yes for IPv6 with a next header, in its first fragment too.
func (g *generator) ip6Proto(proto uint32, yes, no label) {
	g.ethernetIs(assigned.EtherIPv6, no)
	g.loadNet(6, 1)
	fragment := g.label()
	g.branch(bpf.JumpEqual, proto, yes, fragment)
	g.place(fragment)
	g.require(assigned.ProtoFragment, no)
	g.loadNet(40, 1)
	g.branch(bpf.JumpEqual, proto, yes, no)
}

func (g *generator) prim(x prim, yes, no label) {
	switch x.kind {
	case "proto":
		g.protocol(x.proto, yes, no)
	case "ipproto":
		switch x.proto {
		case "ip":
			g.ip4Proto(x.lo, yes, no)
		case "ip6":
			g.ip6Proto(x.lo, yes, no)
		default:
			six := g.label()
			g.ip4Proto(x.lo, yes, six)
			g.place(six)
			g.ip6Proto(x.lo, yes, no)
		}
	case "etherproto":
		g.ethernet(x.lo, yes, no)
	case "vlan":
		g.vlan(x, yes, no)
	case "host", "net":
		g.address(x, yes, no)
	default:
		g.ports(x, yes, no)
	}
}

func (g *generator) protocol(name string, yes, no label) {
	switch name {
	case "ip":
		g.ethernet(assigned.EtherIPv4, yes, no)
	case "ip6":
		g.ethernet(assigned.EtherIPv6, yes, no)
	case "arp":
		g.ethernet(assigned.EtherARP, yes, no)
	case "icmp":
		g.ip4Proto(assigned.ProtoICMP, yes, no)
	case "icmp6":
		g.ip6Proto(assigned.ProtoICMP6, yes, no)
	default:
		six := g.label()
		g.ip4Proto(numbers[name], yes, six)
		g.place(six)
		g.ip6Proto(numbers[name], yes, no)
	}
}

// vlan looks for a tag. In the kernel the outermost one is not in the packet; all
// others shift what follows.
func (g *generator) vlan(x prim, yes, no label) {
	tagged := g.label()
	if g.target.Kernel && g.vlans == 0 {
		g.emit(bpf.LoadExtension{Num: bpf.ExtVLANTagPresent})
		g.branch(bpf.JumpNotEqual, 0, tagged, no)
		g.place(tagged)
		g.vlans++
		if x.any {
			g.jump(yes)
			return
		}
		g.emit(bpf.LoadExtension{Num: bpf.ExtVLANTag})
		g.emit(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xfff})
		g.branch(bpf.JumpEqual, x.lo, yes, no)
		return
	}
	if g.target.Any || g.target.Link != assigned.LinkEthernet {
		g.err = errors.New("filter: vlan needs Ethernet")
		return
	}
	second, third := g.label(), g.label()
	g.emit(bpf.LoadAbsolute{Off: g.etype, Size: 2})
	g.branch(bpf.JumpEqual, 0x8100, tagged, second)
	g.place(second)
	g.branch(bpf.JumpEqual, 0x88a8, tagged, third)
	g.place(third)
	g.branch(bpf.JumpEqual, 0x9100, tagged, no)
	g.place(tagged)
	g.vlans++
	g.etype += 4
	g.net += 4
	if x.any {
		g.jump(yes)
		return
	}
	g.emit(bpf.LoadAbsolute{Off: g.etype - 2, Size: 2})
	g.emit(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xfff})
	g.branch(bpf.JumpEqual, x.lo, yes, no)
}

// either tries src and dst as the direction says: each of the two goes to yes or
// no by a function.
func (g *generator) either(dir string, try func(dst bool, yes, no label), yes, no label) {
	switch dir {
	case "src":
		try(false, yes, no)
	case "dst":
		try(true, yes, no)
	case "src and dst":
		next := g.label()
		try(false, next, no)
		g.place(next)
		try(true, yes, no)
	default:
		next := g.label()
		try(false, yes, next)
		g.place(next)
		try(true, yes, no)
	}
}

func (g *generator) address(x prim, yes, no label) {
	if !x.net.Addr().Is4() {
		g.ethernetIs(assigned.EtherIPv6, no)
		g.either(x.dir, func(dst bool, yes, no label) { g.address6(x, dst, yes, no) }, yes, no)
		return
	}
	a := x.net.Addr().As4()
	want := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	at := func(src, dst uint32) func(bool, label, label) {
		return func(isDst bool, yes, no label) {
			off := src
			if isDst {
				off = dst
			}
			g.loadNet(off, 4)
			if n := x.net.Bits(); n < 32 {
				g.emit(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: ^uint32(0) << (32 - n)})
			}
			g.branch(bpf.JumpEqual, want, yes, no)
		}
	}
	if x.proto != "arp" {
		arp := no
		if x.proto == "" && g.hasType {
			arp = g.label()
		}
		ip := g.label()
		g.ethernet(assigned.EtherIPv4, ip, arp)
		g.place(ip)
		g.either(x.dir, at(12, 16), yes, no)
		if arp == no {
			return
		}
		g.place(arp)
	}
	if !g.hasType {
		g.jump(no)
		return
	}
	found := g.label()
	if x.proto == "arp" {
		g.ethernet(assigned.EtherARP, found, no)
	} else {
		rarp := g.label()
		g.ethernet(assigned.EtherARP, found, rarp)
		g.place(rarp)
		g.ethernet(assigned.EtherRARP, found, no)
	}
	g.place(found)
	g.either(x.dir, at(14, 24), yes, no)
}

func (g *generator) address6(x prim, dst bool, yes, no label) {
	off := uint32(8)
	if dst {
		off = 24
	}
	a, bits := x.net.Addr().As16(), x.net.Bits()
	if bits == 0 {
		g.jump(yes)
		return
	}
	for i := 0; i < 4 && bits > 0; i++ {
		want := uint32(a[4*i])<<24 | uint32(a[4*i+1])<<16 | uint32(a[4*i+2])<<8 | uint32(a[4*i+3])
		g.loadNet(off+uint32(4*i), 4)
		if bits < 32 {
			g.emit(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: ^uint32(0) << (32 - bits)})
		}
		if bits -= 32; bits <= 0 || i == 3 {
			g.branch(bpf.JumpEqual, want, yes, no)
		} else {
			g.require(want, no)
		}
	}
}

// ports looks at the ports of TCP, UDP and SCTP. Only the first fragment has them.
func (g *generator) ports(x prim, yes, no label) {
	protos := []uint32{assigned.ProtoTCP, assigned.ProtoUDP, assigned.ProtoSCTP}
	if n, ok := numbers[x.proto]; ok {
		protos = []uint32{n}
	}
	carries := func(load func(), no label) {
		found := g.label()
		for _, n := range protos {
			next := g.label()
			load()
			g.branch(bpf.JumpEqual, n, found, next)
			g.place(next)
		}
		g.jump(no)
		g.place(found)
	}
	six := g.label()
	if x.proto != "ip6" {
		no := no
		if x.proto != "ip" {
			no = six
		}
		g.ethernetIs(assigned.EtherIPv4, no)
		carries(func() { g.loadNet(9, 1) }, no)
		g.unfragmented(no)
		g.emit(bpf.LoadMemShift{Off: g.net})
		g.either(x.dir, func(dst bool, yes, no label) { g.port(x, dst, true, yes, no) }, yes, no)
	}
	g.place(six)
	if x.proto != "ip" {
		g.ethernetIs(assigned.EtherIPv6, no)
		carries(func() { g.loadNet(6, 1) }, no)
		g.either(x.dir, func(dst bool, yes, no label) { g.port(x, dst, false, yes, no) }, yes, no)
	}
}

func (g *generator) unfragmented(no label) {
	g.loadNet(6, 2)
	first := g.label()
	g.branch(bpf.JumpBitsSet, 0x1fff, no, first)
	g.place(first)
}

// port compares one port; the length of IPv4's header is in X.
func (g *generator) port(x prim, dst, four bool, yes, no label) {
	off := g.net
	if dst {
		off += 2
	}
	if four {
		g.emit(bpf.LoadIndirect{Off: off, Size: 2})
	} else {
		g.emit(bpf.LoadAbsolute{Off: off + 40, Size: 2})
	}
	if x.lo == x.hi {
		g.branch(bpf.JumpEqual, x.lo, yes, no)
		return
	}
	above := g.label()
	g.branch(bpf.JumpGreaterOrEqual, x.lo, above, no)
	g.place(above)
	g.branch(bpf.JumpLessOrEqual, x.hi, yes, no)
}
