package verdict

import (
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// Seen is what a capture held beside pools: it says why nothing was judged.
type Seen struct {
	Packets  int64
	Filtered int64  // of them, that the filter did not let through
	Unread   int64  // packets that may hold TCP and could not be looked into
	QUIC     int64  // packets
	Ignored  int64  // transactions
	Others   int64  // connections that are not the command's
	NotRead  string // what was met without TCP, or is not read, by name
}

// nothing returns why there was nothing to judge, and what was seen instead; "" if
// there was something.
func (d *Demands) nothing(pools []*pool.Pool, m map[string]Interval, s *Seen) string {
	ignored := s.Ignored > 0 && m["transactions"].High == 0
	if m["connections"].High > 0 && !ignored {
		return ""
	}
	switch {
	case ignored:
		return plural.Count(s.Ignored, "request") + ", all to be ignored"
	case d.Server != "" && len(pools) > 0:
		return fmt.Sprintf("no server matches %s; there %s", d.serverShown(), servers(pools))
	case d.Filter != "" && s.Packets == 0: // live, where the kernel keeps the others out
		return fmt.Sprintf("no packet came that the filter %q lets through", d.Filter)
	case d.Filter != "" && s.Filtered == s.Packets:
		return fmt.Sprintf("the filter %q let none of %s through", d.Filter, plural.Count(s.Packets, "packet"))
	case d.Command:
		return "the command opened no TCP connection that was captured; seen instead: " + s.instead()
	}
	return "no TCP connection to judge; seen instead: " + s.instead()
}

// instead lists what was seen.
func (s *Seen) instead() string {
	list := []string{plural.Count(s.Packets-s.Filtered, "packet")}
	for _, x := range []struct {
		n         int64
		one, many string
	}{
		{s.Others, "connection of another program", "connections of other programs"},
		{s.QUIC, "QUIC packet, which is not judged", "QUIC packets, which are not judged"},
		{s.Unread, "packet that could not be looked into", "packets that could not be looked into"},
	} {
		switch {
		case x.n == 1:
			list = append(list, "1 "+x.one)
		case x.n > 1:
			list = append(list, fmt.Sprintf("%d %s", x.n, x.many))
		}
	}
	if s.NotRead != "" {
		return strings.Join(list, ", ") + ", namely " + s.NotRead
	}
	return strings.Join(list, ", ")
}

// serverShown is Server as a report may show it.
func (d *Demands) serverShown() string {
	if d.Redact == nil {
		return d.Server
	}
	return "the one asked for"
}

// mostServers bounds how many are named.
const mostServers = 5

// servers says which there were, in order of first packet.
func servers(pools []*pool.Pool) string {
	var names []string
	seen := map[string]bool{}
	for _, p := range pools {
		name := p.Name
		if len(p.Servers) > 0 {
			name = p.Servers[0].String()
			if _, _, err := net.SplitHostPort(p.Name); err == nil { // what a tunnel leads to
				name = p.Name
			} else if p.Name != "" {
				name = net.JoinHostPort(p.Name, strconv.Itoa(int(p.Servers[0].Port)))
			}
		}
		if !seen[name] && name != "" {
			seen[name] = true
			names = append(names, name)
		}
	}
	was := plural.Were(int64(len(names))) + " "
	if n := len(names) - mostServers; n > 0 {
		return was + strings.Join(names[:mostServers], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return was + strings.Join(names, ", ")
}

// unmeasured is the interval of what was not measured.
var unmeasured = Interval{math.Inf(-1), math.Inf(1)}

// undecide leaves none of all decided: nothing was measured.
func undecide(all []Held) {
	for i := range all {
		all[i].OK, all[i].Held, all[i].Measured = false, false, unmeasured
	}
}
