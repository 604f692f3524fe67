package report

import (
	"fmt"
	"net"
)

// An Authority is what the server of a pool is called. Pools of several clients with an
// equal one have the same server.
type Authority struct {
	Name      string // with the port, if one is known; the address where there is no name
	Through   string // address of the proxy, where Name is what a tunnel leads to
	Addresses int
}

// Authority returns what p's server is called.
func (p *Pool) Authority() Authority { return AuthorityOf(p.Name, p.Server) }

// AuthorityOf returns what a server is called that has a name, or "", and addresses with ports.
func AuthorityOf(name string, servers []string) Authority {
	a := Authority{Name: name, Addresses: len(servers)}
	if len(servers) == 0 {
		return a
	}
	if name == "" {
		a.Name = servers[0]
	} else if _, _, err := net.SplitHostPort(name); err == nil { // only a tunnel's target has its port with it
		a.Through = servers[0]
	} else if _, port, err := net.SplitHostPort(servers[0]); err == nil {
		a.Name = net.JoinHostPort(name, port)
	}
	return a
}

// Label returns a in words, each part of it as shown makes it.
func (a Authority) Label(shown func(string) string) string {
	s := shown(a.Name)
	if a.Through != "" {
		s += " through " + shown(a.Through)
	}
	if a.Addresses > 1 {
		s += fmt.Sprintf(" (%d addresses)", a.Addresses)
	}
	return s
}
