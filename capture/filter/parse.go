package filter

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// An Expr is a parsed expression.
type Expr struct{ root node }

// A node is part of an expression.
type node interface{}

type (
	and  struct{ l, r node }
	or   struct{ l, r node }
	not  struct{ x node }
	pass struct{} // the empty expression
	// A prim is a primitive: what it compares depends on kind.
	prim struct {
		kind  string // host net port portrange proto ipproto etherproto vlan
		proto string // ip ip6 tcp udp sctp icmp icmp6 arp ether, "" if not said
		dir   string // src dst "src and dst", "" for either
		net   netip.Prefix
		lo    uint32 // number, or begin of a range
		hi    uint32
		any   bool // vlan without a number
	}
	relation struct {
		op   string
		l, r arith
	}
)

// An arith is an arithmetic expression.
type arith interface{}

type (
	number uint32
	length struct{} // of the frame
	load   struct {
		proto string
		at    arith
		size  int
	}
	binary struct {
		op   string
		l, r arith
	}
)

// maxDepth bounds nesting.
const maxDepth = 200

// Parse reads an expression. The empty one lets everything through. Its error is
// an *Error.
func Parse(s string) (*Expr, error) {
	e, err := parse(s)
	if err != nil {
		if what := wireshark(s); what != "" {
			return nil, &Error{Column: 1, What: what}
		}
	}
	return e, err
}

func parse(s string) (*Expr, error) {
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, end: len(s) + 1}
	if len(tokens) == 0 {
		return &Expr{pass{}}, nil
	}
	root, err := p.expr(0)
	if err == nil && p.more() {
		err = p.fail("%q is not expected here", p.peek())
	}
	if err != nil {
		return nil, err
	}
	return &Expr{root}, nil
}

type parser struct {
	tokens []token
	at     int
	end    int
	last   prim // whose words are inherited
}

func (p *parser) more() bool { return p.at < len(p.tokens) }

// peek returns the next token's text, "" at the end.
func (p *parser) peek() string {
	if !p.more() {
		return ""
	}
	return p.tokens[p.at].text
}

// accept goes past the next token if it is one of texts.
func (p *parser) accept(texts ...string) (string, bool) {
	for _, t := range texts {
		if p.more() && p.peek() == t {
			p.at++
			return t, true
		}
	}
	return "", false
}

// fail makes an error at the next token.
func (p *parser) fail(format string, args ...any) error {
	e := &Error{Column: p.end, What: fmt.Sprintf(format, args...)}
	if p.more() {
		t := &p.tokens[p.at]
		if e.Column = t.column; t.word {
			e.Word = t.text
		}
	}
	return e
}

func (p *parser) expr(depth int) (node, error) {
	l, err := p.term(depth)
	for err == nil {
		op, ok := p.accept("and", "&&", "or", "||")
		if !ok {
			return l, nil
		}
		var r node
		if r, err = p.term(depth); op == "and" || op == "&&" {
			l = and{l, r}
		} else {
			l = or{l, r}
		}
	}
	return nil, err
}

func (p *parser) term(depth int) (node, error) {
	if depth > maxDepth {
		return nil, p.fail("nested too deep")
	}
	if _, ok := p.accept("not", "!"); ok {
		x, err := p.term(depth + 1)
		return not{x}, err
	}
	if p.peek() == "(" {
		back, last := p.at, p.last
		p.at++
		x, err := p.expr(depth + 1)
		if err == nil {
			if _, ok := p.accept(")"); !ok {
				err = p.fail("a closing bracket is missing")
			}
		}
		if err == nil && !p.isArith() {
			return x, nil
		}
		// It may be arithmetic in brackets.
		p.at, p.last = back, last
		if r, rerr := p.relation(depth); rerr == nil {
			return r, nil
		}
		p.at = back + 1
		if _, err = p.expr(depth + 1); err == nil {
			err = p.fail("a closing bracket is missing")
		}
		return nil, err
	}
	return p.primitive(depth)
}

// isArith reports whether a sign of arithmetic or of comparison comes next.
func (p *parser) isArith() bool {
	switch p.peek() {
	case "+", "-", "*", "/", "&", "|", "^", "<<", ">>", "<", ">", "<=", ">=", "=", "==", "!=", "%":
		return true
	}
	return false
}

// protocols that may stand alone or before a primitive.
var protocols = map[string]bool{"ip": true, "ip6": true, "tcp": true, "udp": true, "sctp": true,
	"icmp": true, "icmp6": true, "arp": true, "ether": true}

func (p *parser) primitive(depth int) (node, error) {
	if !p.more() {
		return nil, p.fail("something is missing")
	}
	// tcp[...] or a number begins a comparison.
	if p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "[" || isNumber(p.peek()) && p.compares() || p.peek() == "len" {
		return p.relation(depth)
	}
	switch word, ok := p.accept("less", "greater"); {
	case ok:
		n, err := p.number(1<<32 - 1)
		op := "<="
		if word == "greater" {
			op = ">="
		}
		return relation{op, length{}, number(n)}, err
	}
	if _, ok := p.accept("vlan"); ok {
		v := prim{kind: "vlan", any: true}
		if isNumber(p.peek()) {
			n, err := p.number(4095)
			v.lo, v.any = n, false
			return v, err
		}
		return v, nil
	}
	return p.qualified()
}

// compares reports whether the number that comes next stands in a comparison: a
// sign follows.
func (p *parser) compares() bool {
	p.at++
	defer func() { p.at-- }()
	return p.isArith()
}

// qualified reads [proto] [dir] [kind] value.
func (p *parser) qualified() (node, error) {
	x, said := prim{}, false
	if protocols[p.peek()] {
		x.proto, said = p.peek(), true
		p.at++
	}
	if d, ok := p.accept("src", "dst"); ok {
		x.dir, said = d, true
		if op := p.peek(); (op == "or" || op == "and") && p.at+1 < len(p.tokens) {
			if second := p.tokens[p.at+1].text; second != d && (second == "src" || second == "dst") {
				p.at += 2
				x.dir = ""
				if op == "and" {
					x.dir = "src and dst"
				}
			}
		}
	}
	kind, ok := p.accept("host", "net", "port", "portrange", "proto")
	if ok {
		x.kind, said = kind, true
	}
	switch {
	case !said: // "port 80 or 443"
		if p.last.kind == "" || !p.more() || !p.tokens[p.at].word || reserved(p.peek()) {
			return nil, p.fail("%q is not supported", p.peek())
		}
		x.kind, x.proto, x.dir = p.last.kind, p.last.proto, p.last.dir
	case x.kind == "" && x.dir == "" && (!p.more() || p.peek() == ")" || reserved(p.peek())):
		if x.proto == "ether" {
			return nil, p.fail("ether needs a protocol")
		}
		return prim{kind: "proto", proto: x.proto}, nil
	case x.kind == "":
		x.kind = "host"
	}
	p.last = prim{kind: x.kind, proto: x.proto, dir: x.dir}
	return p.value(x)
}

func reserved(s string) bool {
	switch s {
	case "and", "or", "not", "&&", "||", "!", ")", "(":
		return true
	}
	return false
}

// hasPorts reports whether what proto lets through may have ports; "" is any.
func hasPorts(proto string) bool {
	switch proto {
	case "", "ip", "ip6":
		return true
	case "icmp", "icmp6":
		return false
	}
	_, transport := numbers[proto]
	return transport
}

// value reads what a primitive compares with.
func (p *parser) value(x prim) (node, error) {
	if !p.more() {
		return nil, p.fail("a value is missing after %q", x.kind)
	}
	var err error
	if (x.kind == "port" || x.kind == "portrange") && !hasPorts(x.proto) {
		return nil, p.fail("%s has no ports", x.proto)
	}
	switch x.kind {
	case "port":
		x.lo, err = p.port(p.peek())
		x.hi = x.lo
		p.at++
	case "portrange":
		lo, hi, ok := strings.Cut(p.peek(), "-")
		if !ok {
			return nil, p.fail("a range of ports is written 80-90")
		}
		if x.lo, err = p.port(lo); err == nil {
			x.hi, err = p.port(hi)
		}
		if x.lo > x.hi {
			x.lo, x.hi = x.hi, x.lo
		}
		p.at++
	case "proto":
		return p.protocol(x)
	case "host", "net":
		return p.address(x)
	}
	return x, err
}

func (p *parser) port(s string) (uint32, error) {
	if n, ok := services[s]; ok {
		return n, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, p.fail("%q is not a port", s)
	}
	return uint32(n), nil
}

// protocol reads the number or name after proto.
func (p *parser) protocol(x prim) (node, error) {
	if x.dir != "" {
		return nil, p.fail("a protocol has no direction")
	}
	numbers := map[string]uint32{"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmp6": 58, "sctp": 132}
	top := uint32(255)
	switch x.proto {
	case "", "ip", "ip6":
		x.kind = "ipproto"
	case "ether":
		x.kind, top = "etherproto", 65535
		numbers = map[string]uint32{"ip": 0x0800, "arp": 0x0806, "ip6": 0x86dd}
	default:
		return nil, p.fail("%s has no proto", x.proto)
	}
	if n, ok := numbers[p.peek()]; ok {
		p.at++
		x.lo = n
		return x, nil
	}
	n, err := p.number(top)
	x.lo = n
	return x, err
}

// address reads a host's or a network's address.
func (p *parser) address(x prim) (node, error) {
	text := p.peek()
	full := text
	for x.kind == "net" && strings.Count(full, ".") < 3 && !strings.Contains(full, ":") { // net 10.1
		full += ".0"
	}
	addr, err := netip.ParseAddr(full)
	switch {
	case err != nil || addr.Zone() != "":
		return nil, p.fail("%q is not an address; names are not looked up", text)
	case x.proto == "ip" && !addr.Is4() || x.proto == "ip6" && addr.Is4() || x.proto == "arp" && !addr.Is4():
		return nil, p.fail("%q is no address of %s", text, x.proto)
	case x.proto != "" && x.proto != "ip" && x.proto != "ip6" && x.proto != "arp":
		return nil, p.fail("%s with an address is not supported; write: %s and %s %s", x.proto, x.proto, x.kind, text)
	}
	column := p.tokens[p.at].column
	p.at++
	n := addr.BitLen()
	if x.kind == "net" {
		if n, err = p.bits(addr, text); err != nil {
			return nil, err
		}
	}
	x.net = netip.PrefixFrom(addr, n)
	if x.net != x.net.Masked() {
		return nil, &Error{Column: column, What: fmt.Sprintf("%s has bits beyond its length", x.net)}
	}
	return x, nil
}

// bits reads how long a net's prefix is: /N, mask M, or as many bytes as were
// written.
func (p *parser) bits(addr netip.Addr, text string) (int, error) {
	if _, ok := p.accept("/"); ok {
		n, err := strconv.Atoi(p.peek())
		if err != nil || n < 0 || n > addr.BitLen() {
			return 0, p.fail("%q is not the length of a net", p.peek())
		}
		p.at++
		return n, nil
	}
	if _, ok := p.accept("mask"); ok {
		return p.mask()
	}
	if addr.Is4() {
		return 8 * (strings.Count(text, ".") + 1), nil
	}
	return addr.BitLen(), nil
}

// mask reads a netmask of leading ones.
func (p *parser) mask() (int, error) {
	m, err := netip.ParseAddr(p.peek())
	if err != nil || !m.Is4() {
		return 0, p.fail("%q is not a netmask", p.peek())
	}
	b := m.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	n := 0
	for v&(1<<31) != 0 {
		v <<= 1
		n++
	}
	if v != 0 {
		return 0, p.fail("%q is not a netmask of leading ones", p.peek())
	}
	p.at++
	return n, nil
}

func isNumber(s string) bool {
	return s != "" && s[0] >= '0' && s[0] <= '9' && !strings.ContainsAny(s, ".:")
}

func (p *parser) number(top uint32) (uint32, error) {
	n, err := strconv.ParseUint(p.peek(), 0, 32)
	if err != nil || uint32(n) > top {
		return 0, p.fail("a number up to %d is expected", top)
	}
	p.at++
	return uint32(n), nil
}

// relation reads a comparison.
func (p *parser) relation(depth int) (node, error) {
	l, err := p.arith(0, depth)
	if err != nil {
		return nil, err
	}
	op, ok := p.accept("<=", ">=", "==", "!=", "=", "<", ">")
	if !ok {
		return nil, p.fail("a comparison is expected")
	}
	if op == "==" {
		op = "="
	}
	r, err := p.arith(0, depth)
	return relation{op, l, r}, err
}

// levels of precedence, loosest first (C's).
var levels = [][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/"}}

func (p *parser) arith(level, depth int) (arith, error) {
	if depth > maxDepth {
		return nil, p.fail("nested too deep")
	}
	if level == len(levels) {
		return p.factor(depth + 1)
	}
	l, err := p.arith(level+1, depth)
	for err == nil {
		op, ok := p.accept(levels[level]...)
		if !ok {
			return l, nil
		}
		var r arith
		r, err = p.arith(level+1, depth)
		l = binary{op, l, r}
	}
	return nil, err
}

func (p *parser) factor(depth int) (arith, error) {
	if _, ok := p.accept("("); ok {
		x, err := p.arith(0, depth)
		if err == nil {
			if _, ok := p.accept(")"); !ok {
				err = p.fail("a closing bracket is missing")
			}
		}
		return x, err
	}
	if _, ok := p.accept("len"); ok {
		return length{}, nil
	}
	if n, ok := constants[p.peek()]; ok {
		p.at++
		return number(n), nil
	}
	if protocols[p.peek()] && p.peek() != "arp" && p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "[" {
		return p.load(depth)
	}
	n, err := p.number(1<<32 - 1)
	if err != nil {
		return nil, p.fail("%q is not a value", p.peek())
	}
	return number(n), nil
}

// load reads proto[offset:size].
func (p *parser) load(depth int) (arith, error) {
	x := load{proto: p.peek(), size: 1}
	p.at += 2
	var err error
	if x.at, err = p.arith(0, depth); err != nil {
		return nil, err
	}
	if _, ok := p.accept(":"); ok {
		size, ok := p.accept("1", "2", "4")
		if !ok {
			return nil, p.fail("a size is 1, 2 or 4")
		}
		x.size = int(size[0] - '0')
	}
	if _, ok := p.accept("]"); !ok {
		return nil, p.fail("a closing bracket is missing")
	}
	return x, nil
}
