package filter

import (
	"errors"

	"golang.org/x/net/bpf"

	"tcpwarm/capture/assigned"
)

var tests = map[string]bpf.JumpTest{"=": bpf.JumpEqual, "!=": bpf.JumpNotEqual, "<": bpf.JumpLessThan, "<=": bpf.JumpLessOrEqual,
	">": bpf.JumpGreaterThan, ">=": bpf.JumpGreaterOrEqual}

// relation compares two values. What a value loads must be there: tcp[13] is only
// in TCP over IPv4, unfragmented (pcap-filter(7)).
func (g *generator) relation(x relation, yes, no label) {
	g.guard(x.l, no)
	g.guard(x.r, no)
	if n, ok := x.r.(number); ok {
		g.value(x.l)
		g.branch(tests[x.op], uint32(n), yes, no)
		return
	}
	g.value(x.r)
	slot := g.keep()
	g.value(x.l)
	g.emit(bpf.LoadScratch{Dst: bpf.RegX, N: slot})
	g.slots--
	g.ops = append(g.ops, op{jump: true, byX: true, test: tests[x.op], yes: yes, no: no})
}

// guard goes to no unless the packet has what x loads.
func (g *generator) guard(x arith, no label) {
	switch x := x.(type) {
	case binary:
		g.guard(x.l, no)
		g.guard(x.r, no)
	case load:
		g.guard(x.at, no)
		found := g.label()
		switch x.proto {
		case "ether":
			if g.target.Any || g.target.Link != assigned.LinkEthernet {
				g.err = errors.New("filter: ether needs Ethernet")
			}
			g.jump(found)
		case "ip", "ip6":
			g.protocol(x.proto, found, no)
		case "icmp6":
			g.ip6Proto(assigned.ProtoICMP6, found, no)
		default:
			four := g.label()
			g.ip4Proto(numbers[x.proto], four, no)
			g.place(four)
			g.unfragmented(no)
			g.jump(found)
		}
		g.place(found)
	}
}

// keep puts A into scratch memory.
func (g *generator) keep() int {
	const most = 16 // BPF_MEMWORDS
	n := g.slots
	if g.slots++; n >= most {
		g.err = errors.New("filter: the arithmetic is too deep")
		return 0
	}
	g.emit(bpf.StoreScratch{Src: bpf.RegA, N: n})
	return n
}

var operations = map[string]bpf.ALUOp{"+": bpf.ALUOpAdd, "-": bpf.ALUOpSub, "*": bpf.ALUOpMul, "/": bpf.ALUOpDiv, "&": bpf.ALUOpAnd,
	"|": bpf.ALUOpOr, "^": bpf.ALUOpXor, "<<": bpf.ALUOpShiftLeft, ">>": bpf.ALUOpShiftRight}

// value computes x into A.
func (g *generator) value(x arith) {
	switch x := x.(type) {
	case number:
		g.emit(bpf.LoadConstant{Dst: bpf.RegA, Val: uint32(x)})
	case length:
		g.emit(bpf.LoadExtension{Num: bpf.ExtLen})
	case load:
		g.load(x)
	case binary:
		if n, ok := x.r.(number); ok && (x.op == "/" && n == 0 || (x.op == "<<" || x.op == ">>") && n > 31) {
			g.err = errors.New("filter: a division by zero, or a shift by more than 31")
			return
		}
		g.value(x.r)
		slot := g.keep()
		g.value(x.l)
		g.emit(bpf.LoadScratch{Dst: bpf.RegX, N: slot})
		g.slots--
		g.emit(bpf.ALUOpX{Op: operations[x.op]})
	}
}

// load computes proto[offset:size] into A.
func (g *generator) load(x load) {
	g.value(x.at)
	off := g.net
	switch x.proto {
	case "ether":
		off = 0
		g.emit(bpf.TAX{})
	case "ip", "ip6":
		g.emit(bpf.TAX{})
	case "icmp6":
		off += 40
		g.emit(bpf.TAX{})
	default: // behind IPv4's header
		slot := g.keep()
		g.emit(bpf.LoadMemShift{Off: g.net})
		g.emit(bpf.TXA{})
		g.emit(bpf.LoadScratch{Dst: bpf.RegX, N: slot})
		g.slots--
		g.emit(bpf.ALUOpX{Op: bpf.ALUOpAdd})
		g.emit(bpf.TAX{})
	}
	g.emit(bpf.LoadIndirect{Off: off, Size: x.size})
}
