package script

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"tcpwarm/capture/segment"
)

// An Error is a line that is no script.
type Error struct {
	Line int // from 1
	Msg  string
}

// Error says what is wrong, and in which line.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Parse reads a script.
func Parse(text string) (*Script, error) { return new(parser).parse(text) }

// A parser goes through a script line by line.
type parser struct {
	archive *Archive // where @name looks, or nil
	script  Script
	senders [][2]sender   // by connection and Dir
	last    time.Duration // of the packet above
	line    int
	rest    string // of the line, not read yet
	forged  bool   // the packet is not of its sender
}

// A sender is what one end of a connection has sent so far.
type sender struct {
	next   int64 // one past the highest sequence number sent, from the ISN
	window uint16
	sent   bool
}

func (p *parser) parse(text string) (*Script, error) {
	for l := range strings.Lines(text) {
		p.line++
		p.rest = strings.TrimRight(l, "\r\n")
		if err := p.step(); err != nil {
			return nil, &Error{p.line, err.Error()}
		}
	}
	return &p.script, nil
}

// field takes the next word off the line; "" at its end. A quoted word is taken
// up to its quote. A "#" between words begins a comment.
func (p *parser) field() string {
	p.rest = strings.TrimLeft(p.rest, " \t")
	if strings.HasPrefix(p.rest, "#") {
		p.rest = ""
	}
	n := len(p.rest)
	if strings.HasPrefix(p.rest, `"`) {
		for i := 1; i < n; i++ {
			if p.rest[i] == '\\' {
				i++
			} else if p.rest[i] == '"' {
				n = i + 1
			}
		}
	} else if i := strings.IndexAny(p.rest, " \t"); i >= 0 {
		n = i
	}
	f := p.rest[:n]
	p.rest = p.rest[n:]
	return f
}

// step reads one line.
func (p *parser) step() error {
	f := p.field()
	name, named := strings.CutSuffix(f, ":")
	if named {
		f = p.field()
	} else {
		name = ""
	}
	switch {
	case f == "" && !named:
		return nil
	case f == "conn" && !named:
		return p.conn()
	case f == "ip6" && !named:
		return p.ip6()
	case (f == "snap" || f == "mtu") && !named:
		return p.taken(f)
	}
	conn, err := p.find(name)
	if err != nil {
		return err
	}
	switch {
	case f == "":
		return fmt.Errorf("connection %s does nothing", name)
	case f == "isn":
		return p.isn(conn)
	case f == "=":
		return p.check(conn)
	}
	missing := f[0] == '~'
	if missing {
		if f = f[1:]; f == "" {
			f = p.field()
		}
	}
	return p.packet(conn, missing, f)
}

// end is an error unless the line is used up.
func (p *parser) end() error {
	if f := p.field(); f != "" {
		return fmt.Errorf("%s is too much", f)
	}
	return nil
}

// find returns the index of the named connection. The one without a name comes
// into being when no other has been declared.
func (p *parser) find(name string) (int, error) {
	for i, c := range p.script.Conns {
		if c.Name == name {
			return i, nil
		}
	}
	if name != "" {
		return 0, fmt.Errorf("no connection is named %s", name)
	}
	if len(p.script.Conns) > 0 {
		return 0, fmt.Errorf("which connection? Begin the line with its name, such as %q", p.script.Conns[0].Name+":")
	}
	p.add(Conn{Client: p.endpoint(netip.MustParseAddrPort("10.0.0.1:40000")), Server: p.endpoint(netip.MustParseAddrPort("10.0.0.2:80"))})
	return 0, nil
}

func (p *parser) add(c Conn) {
	p.script.Conns = append(p.script.Conns, c)
	p.senders = append(p.senders, [2]sender{{next: 1, window: 65535}, {next: 1, window: 65535}})
}

// endpoint returns a, IPv4's, as the script's packets have it.
func (p *parser) endpoint(a netip.AddrPort) segment.Endpoint {
	addr := a.Addr()
	if p.script.IP6 {
		b := addr.As16()
		copy(b[:], []byte{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0}) // for documentation (RFC 3849)
		addr = netip.AddrFrom16(b)
	}
	return segment.Endpoint{Addr: segment.AddrFrom(addr), Port: a.Port()}
}

// ip6 says that all packets are IPv6's.
func (p *parser) ip6() error {
	if s := &p.script; len(s.Conns) > 0 || s.Snap > 0 || s.MTU > 0 {
		return fmt.Errorf("ip6 must come before all else")
	}
	p.script.IP6 = true
	return p.end()
}

// conn reads "conn [name] client server".
func (p *parser) conn() error {
	c := Conn{}
	first, second := p.field(), p.field()
	if third := p.field(); third != "" {
		c.Name, first, second = first, second, third
	}
	var ends [2]segment.Endpoint
	for i, s := range []string{first, second} {
		a, err := netip.ParseAddrPort(s)
		if err != nil {
			return fmt.Errorf("%q is no address:port", s)
		}
		if !a.Addr().Is4() {
			return fmt.Errorf("%s: scripts write IPv4 addresses, and ip6 for IPv6", s)
		}
		ends[i] = p.endpoint(a)
	}
	c.Client, c.Server = ends[0], ends[1]
	if c.Client == c.Server {
		return fmt.Errorf("%s cannot talk to itself", c.Client)
	}
	if strings.ContainsAny(c.Name, ":~#=\"<>") {
		return fmt.Errorf("a connection cannot be named %s", c.Name)
	}
	key, _ := c.key(ToServer)
	for _, o := range p.script.Conns {
		switch k, _ := o.key(ToServer); {
		case o.Name == c.Name && c.Name == "":
			return fmt.Errorf("the connection without a name is there already")
		case o.Name == c.Name:
			return fmt.Errorf("connection %s is there already", c.Name)
		case k == key:
			return fmt.Errorf("another connection has these addresses and ports")
		}
	}
	p.add(c)
	return p.end()
}

// taken reads how the capture was taken: "snap n" or "mtu n".
func (p *parser) taken(what string) error {
	if len(p.script.Steps) > 0 {
		return fmt.Errorf("%s must come before the first segment", what)
	}
	to, least := &p.script.Snap, int64(p.script.headers(new(segment.Options))+maxOptions) // no header is cut
	if what == "mtu" {
		to, least = &p.script.MTU, 576 // RFC 1122 section 3.3.3
		if p.script.IP6 {
			least = 1280 // RFC 8200 section 5
		}
	}
	n, err := number(p.field(), least, 1<<20)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	*to = int(n)
	return p.end()
}

// isn reads "isn client server".
func (p *parser) isn(conn int) error {
	if p.senders[conn][0].sent || p.senders[conn][1].sent {
		return fmt.Errorf("isn must come before the connection's first segment")
	}
	for d := range p.script.Conns[conn].ISN {
		n, err := number(p.field(), 0, 1<<32-1)
		if err != nil {
			return fmt.Errorf("isn: %w", err)
		}
		p.script.Conns[conn].ISN[d] = segment.Seq(n)
	}
	return p.end()
}

func (p *parser) dir() (Dir, error) {
	switch f := p.field(); f {
	case ">":
		return ToServer, nil
	case "<":
		return ToClient, nil
	default:
		return 0, fmt.Errorf("%q is no direction: > is to the server, < to the client", f)
	}
}

// check reads "dir name value {name value}".
func (p *parser) check(conn int) error {
	d, err := p.dir()
	if err != nil {
		return err
	}
	var pairs []Pair
	for f := p.field(); f != ""; f = p.field() {
		v := p.field()
		if v == "" {
			return fmt.Errorf("%s has no value", f)
		}
		if v[0] == '"' {
			if v, err = unquote(v); err != nil {
				return err
			}
		}
		pairs = append(pairs, Pair{f, v})
	}
	if pairs == nil {
		return fmt.Errorf("nothing to check")
	}
	p.script.Steps = append(p.script.Steps, Step{Line: p.line, Conn: conn, Dir: d, Pairs: pairs})
	return nil
}
