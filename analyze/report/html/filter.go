package html

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"tcpwarm/analyze/report"
)

// mostInFilter bounds how many packets or servers a display filter names: nobody types more away.
const mostInFilter = 40

// packetFilter shows packets in Wireshark; "" of none.
func packetFilter(packets []int64) string {
	packets = slices.Compact(slices.Sorted(slices.Values(packets)))
	switch len(packets) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("frame.number == %d", packets[0])
	}
	words := make([]string, 0, mostInFilter)
	for _, n := range packets[:min(mostInFilter, len(packets))] {
		words = append(words, fmt.Sprint(n))
	}
	return "frame.number in {" + strings.Join(words, ", ") + "}"
}

// connectionFilter shows the packets of c. It asks for no tcp.stream: Wireshark's numbers differ where
// a port is used again. Where addresses are stand-ins it shows the first packet and the last.
func connectionFilter(c *report.Connection, redacted bool) string {
	client, server := endpoint(c.Client), endpoint(c.Server)
	if redacted || client == "" || server == "" {
		return packetFilter([]int64{c.FirstPacket, c.LastPacket})
	}
	return fmt.Sprintf("%s && %s && frame.number >= %d && frame.number <= %d",
		client, server, c.FirstPacket, c.LastPacket)
}

// poolFilter shows the packets of p, of whose connections some are kept; "" where the capture has not
// the addresses that the report has.
func poolFilter(p *report.Pool, kept []*report.Connection, redacted bool) string {
	if redacted || len(p.Server) == 0 || len(p.Server) > mostInFilter {
		return ""
	}
	var servers []string
	for _, s := range p.Server {
		f := endpoint(s)
		if f == "" {
			return ""
		}
		servers = append(servers, f)
	}
	filter := servers[0]
	if len(servers) > 1 {
		filter = "((" + strings.Join(servers, ") || (") + "))"
	}
	// A proxy speaks for clients whose addresses are in no IP header.
	onWire := !slices.ContainsFunc(kept, func(c *report.Connection) bool {
		a, err := netip.ParseAddrPort(c.Client)
		return err != nil || a.Addr().String() != p.Client
	})
	if client := address(p.Client); onWire && client != "" {
		filter = client + " && " + filter
	}
	return filter
}

// endpoint is the part of a filter for ip:port, "" if s is none.
func endpoint(s string) string {
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s && tcp.port == %d", address(a.Addr().String()), a.Port())
}

func address(s string) string {
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return ""
	case a.Unmap().Is4():
		return "ip.addr == " + a.Unmap().String()
	}
	return "ipv6.addr == " + a.WithZone("").String()
}
