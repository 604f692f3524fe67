package filter

import (
	"strings"
	"testing"
)

// Wireshark's display filters are named as such, with what they are here where that is
// simple; and what is tcpdump's language, right or wrong, is not.
func TestWireshark(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{"tcp.port==80", "tcp port 80"},
		{"tcp.port eq 80", "tcp port 80"},
		{"tcp.dstport == 443 && ip.src==10.0.0.1", "tcp dst port 443 and src host 10.0.0.1"},
		{"ip.addr == 10.0.0.0/8 or ipv6.addr == ::1", "net 10.0.0.0/8 or host ::1"},
		{"tcp.port in {80, 443 8080..8090}", "(tcp port 80 or tcp port 443 or tcp portrange 8080-8090)"},
		{"!(tcp.port != 80)", "not (not tcp port 80)"},
		{"not ip.addr eq 127.0.0.1 and udp.srcport == 53", "not host 127.0.0.1 and udp src port 53"},
		{"vlan.id == 12 and ipv6", "vlan 12 and ip6"},
		{"frame.len >= 100", "greater 100"},
		{"tcp.flags.syn == 1", "tcp[tcpflags] & tcp-syn != 0"},
		{"tcp.flags.reset==0", "tcp[tcpflags] & tcp-rst = 0"},
	} {
		_, err := Parse(x.text)
		if err == nil {
			t.Errorf("%s: taken", x.text)
			continue
		}
		if got := err.Error(); !strings.Contains(got, "Wireshark") || !strings.HasSuffix(got, ": "+x.want) {
			t.Errorf("%s: %s", x.text, got)
		}
		if _, err := Parse(x.want); err != nil {
			t.Errorf("%s gives %s: %v", x.text, x.want, err)
		}
	}
	for _, x := range []struct{ text, hint string }{
		{"http.request", "tcp port 80"},
		{"http", "tcp port 80"},
		{"http.host contains \"example\"", "tcp port 80"},
		{"frame.number == 12", "packet's number"},
		{"frame contains \"x\"", "searches no bytes"},
		{"tcp.port == 80 and tcp matches \"GET\"", "pcap-filter"},
		{"tcp and ip matches \"GET\"", "searches no bytes"},
		{"tcp.stream eq 3", "host and port"},
		{"tls.handshake.type == 1", "tcp port 443"},
		{"tcp.len > 0", "pcap-filter"},
		{"tcp.port > 1024", "pcap-filter"},
	} {
		_, err := Parse(x.text)
		if err == nil || !strings.Contains(err.Error(), "Wireshark") || !strings.Contains(err.Error(), x.hint) {
			t.Errorf("%s: %v", x.text, err)
		}
	}
	for _, text := range []string{"tcp prot 80", "host", "port 80 and", "host example.tcp", "tcp[13", "src.tcp", "contains", "host contains.example", "999999999999"} {
		if _, err := Parse(text); err == nil || strings.Contains(err.Error(), "Wireshark") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
