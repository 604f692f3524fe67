package redact

import (
	"slices"

	"tcpwarm/capture/segment"
)

// Names is the gate through which everything that names people or machines goes on its
// way into a report, but for the addresses of segments, which Segments changes before
// anybody reads them. It remembers the hosts that requests name, with a Redactor or
// without: many connections name the same few, which are made only once. It serves one
// goroutine. A nil one lets everything through as it is.
type Names struct {
	by    *Redactor
	hosts map[string]string

	agents map[string]string // what clients call themselves
	agent  string            // the latest of them: many connections are one program's
}

// Bounds of Names.hosts: how many there are, then it begins anew; and how long one is
// (RFC 1035 section 2.3.4, and a port).
const (
	maxHosts = 4096
	maxHost  = 255 + len(":65535")
)

// Names returns r's gate. That of a nil Redactor lets everything through, and remembers.
func (r *Redactor) Names() *Names { return &Names{by: r} }

// Host returns what is shown of a host's name, or of a host and a port.
func (n *Names) Host(s string) string {
	if n == nil {
		return s
	}
	return n.by.Name(s)
}

// HostBytes is Host for the bytes of a packet. Of a name that it remembers it allocates
// nothing; what is longer than a name may be is cut.
func (n *Names) HostBytes(b []byte) string {
	b = b[:min(len(b), maxHost)]
	if n == nil {
		return string(b)
	}
	if s, ok := n.hosts[string(b)]; ok {
		return s
	}
	if n.hosts == nil || len(n.hosts) >= maxHosts {
		n.hosts = map[string]string{}
	}
	plain := string(b)
	s := n.by.Name(plain)
	n.hosts[plain] = s
	return s
}

// maxAgent bounds what is shown of what a client calls itself.
const maxAgent = 256

// Agent returns what is shown of what a client calls itself: of one that it remembers it
// allocates nothing, what is too long is cut, and a Redactor leaves nothing of it.
func (n *Names) Agent(b []byte) string {
	b = b[:min(len(b), maxAgent)]
	if n == nil || len(b) == 0 {
		return string(b)
	}
	if n.by != nil {
		return ""
	}
	if string(b) == n.agent {
		return n.agent
	}
	if s, ok := n.agents[string(b)]; ok {
		n.agent = s
		return s
	}
	if n.agents == nil || len(n.agents) >= maxAgents {
		n.agents = map[string]string{}
	}
	s := string(b)
	n.agents[s], n.agent = s, s
	return s
}

// maxAgents bounds Names.agents; then it begins anew.
const maxAgents = 1024

// Addr returns what is shown of an address that was read in content.
func (n *Names) Addr(a segment.Addr) segment.Addr {
	if n == nil {
		return a
	}
	return n.by.Addr(a)
}

// Target returns what is shown of a request's target.
func (n *Names) Target(s string) string {
	if n == nil {
		return s
	}
	return n.by.Target(s)
}

// Text returns what is shown of words that a program has put into a message.
func (n *Names) Text(s string) string {
	if n == nil || n.by == nil {
		return s
	}
	return ""
}

// Client returns what is shown of a client's endpoint, whose address is shown as it is.
func (n *Names) Client(e segment.Endpoint) segment.Endpoint {
	if n == nil {
		return e
	}
	return n.by.Client(e)
}

// Method returns what is shown of a request's method: a Redactor leaves those that everybody
// uses.
func (n *Names) Method(s string) string { return n.oneOf(s, methods[:]) }

// ALPN returns what is shown of a protocol that TLS has chosen: a Redactor leaves those that
// everybody uses.
func (n *Names) ALPN(s string) string { return n.oneOf(s, protocols[:]) }

// oneOf returns s if it is known or everything is shown, else what stands for any other.
func (n *Names) oneOf(s string, known []string) string {
	if n == nil || n.by == nil || s == "" || slices.Contains(known, s) {
		return s
	}
	return "other"
}

// The methods of RFC 9110 and RFC 5789.
var methods = [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

// The protocols of HTTP, as IANA registers them for ALPN.
var protocols = [...]string{"http/1.0", "http/1.1", "h2", "h2c", "h3"}
