package verdict

import (
	"net"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// unsure reports pools that were not kept apart: they may be of d's server.
func (d *Demands) unsure(pools []*pool.Pool) bool { return d.Server != "" && anySummedUp(pools) }

// summedUp reports whether p is the sum of pools that were not kept apart.
func summedUp(p *pool.Pool) bool { return len(p.Servers) == 0 && p.Connections > 0 }

// Of returns those of pools that d is about: its server's.
func (d *Demands) Of(pools []*pool.Pool) []*pool.Pool {
	if d.Server == "" {
		return pools
	}
	host, port := d.Server, ""
	if h, p, err := net.SplitHostPort(d.Server); err == nil {
		host, port = h, p
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	name := d.Redact.Name(host)
	if isGlob(host) {
		name = host // stand-ins are like no name
	}
	addr, err := netip.ParseAddr(host)
	if err == nil {
		addr = d.Redact.Addr(segment.AddrFrom(addr)).Netip()
	}
	var list []*pool.Pool
	for _, p := range pools {
		if slices.ContainsFunc(p.Servers, func(s segment.Endpoint) bool {
			at := strconv.Itoa(int(s.Port))
			called, listens := p.Name, at
			if h, n, err := net.SplitHostPort(p.Name); err == nil { // what a tunnel leads to
				called, listens = h, n
			}
			return matches(name, called) && (port == "" || port == listens) ||
				isGlob(host) && matches(host, s.Addr.Netip().String()) && (port == "" || port == at) ||
				s.Addr.Netip() == addr && (port == "" || port == at)
		}) {
			list = append(list, p)
		}
	}
	return list
}

// isGlob reports whether a server is named by a pattern: * stands for anything, ? for one letter.
func isGlob(server string) bool { return strings.ContainsAny(server, "*?") }

// matches reports whether name is what pattern, which may be a name itself, stands for.
func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return pattern == name || err == nil && ok
}
