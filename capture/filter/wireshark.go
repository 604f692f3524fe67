package filter

import (
	"regexp"
	"strings"
)

// displayField finds a field, a protocol or a comparison that only Wireshark's display filters know.
var displayField = regexp.MustCompile(`(?:^|[\s(!])` +
	`((?:tcp|udp|ip|ipv6|eth|frame|http|http2|tls|ssl|quic|dns|icmp|icmpv6|arp|vlan|sctp|data|_ws)\.[a-z_][a-z0-9_.]*` +
	`|[a-z][a-z0-9_]*\s+(?:contains|matches)(?:$|\s)` +
	`|(?:http|http2|tls|ssl|quic|dns|ipv6|websocket|grpc)(?:$|[\s)&|]))`)

// displayTerm is one comparison of a display filter, or a word or sign between two.
var displayTerm = regexp.MustCompile(`([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)\s*(==|!=|>=|<=|\beq\b|\bne\b|\bge\b|\ble\b)\s*([0-9a-fA-F.:/]+)` +
	`|([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)\s+in\s*\{([0-9,.\s]+)\}|&&|\|\||[!()]|[a-z0-9]+|\s+|.`)

// primitives are what fields are in tcpdump's language.
var primitives = map[string]string{
	"tcp.port": "tcp port", "tcp.srcport": "tcp src port", "tcp.dstport": "tcp dst port",
	"udp.port": "udp port", "udp.srcport": "udp src port", "udp.dstport": "udp dst port",
	"ip.addr": "host", "ip.src": "src host", "ip.dst": "dst host", "ip.host": "host",
	"ipv6.addr": "host", "ipv6.src": "src host", "ipv6.dst": "dst host", "vlan.id": "vlan",
}

// flagBits are the flags of TCP by their fields.
var flagBits = map[string]string{
	"tcp.flags.syn": "tcp-syn", "tcp.flags.fin": "tcp-fin", "tcp.flags.reset": "tcp-rst",
	"tcp.flags.push": "tcp-push", "tcp.flags.ack": "tcp-ack",
}

// wireshark says that s is a display filter, with what to write instead; "" if s is none.
func wireshark(s string) string {
	m := displayField.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	field := strings.TrimRight(m[1], " \t)&|")
	said := field + " is of Wireshark's display filters, this is tcpdump's language; "
	if same, ok := fromDisplay(s); ok {
		return said + "there it is: " + same
	}
	switch protocol, _, _ := strings.Cut(field, "."); {
	case protocol == "http", protocol == "http2", protocol == "websocket", protocol == "grpc":
		return said + "it sees no HTTP: filter by the server's port, such as tcp port 80"
	case protocol == "tls", protocol == "ssl":
		return said + "it sees no TLS: filter by the server's port, such as tcp port 443"
	case strings.HasSuffix(field, " contains"), strings.HasSuffix(field, " matches"):
		return said + "it searches no bytes: filter by host and port"
	case strings.HasPrefix(field, "frame."):
		return said + "it knows no packet's number or time: filter by host and port"
	case strings.HasSuffix(field, ".stream"):
		return said + "it knows no connections: filter by host and port, such as host 10.0.0.1 and tcp port 40000"
	}
	return said + "see pcap-filter(7)"
}

// fromDisplay puts a display filter of simple comparisons into tcpdump's language.
func fromDisplay(s string) (string, bool) {
	var words []string
	for _, m := range displayTerm.FindAllStringSubmatch(s, -1) {
		var word string
		switch all := strings.TrimSpace(m[0]); {
		case m[1] != "":
			word = comparison(m[1], m[2], m[3])
		case m[4] != "":
			word = oneOf(m[4], m[5])
		case all == "&&":
			word = "and"
		case all == "||":
			word = "or"
		case all == "!":
			word = "not"
		case all == "ipv6":
			word = "ip6"
		default:
			word = all
		}
		if word != "" {
			words = append(words, word)
		}
	}
	same := strings.NewReplacer("( ", "(", " )", ")").Replace(strings.Join(words, " "))
	_, err := parse(same)
	return same, err == nil
}

// comparison is a field, an operator and a value; "?", which nothing takes, if it is not simple.
func comparison(field, op, value string) string {
	bit, isFlag := flagBits[field]
	same, known := primitives[field]
	equal, unequal := op == "==" || op == "eq", op == "!=" || op == "ne"
	switch {
	case isFlag && (equal || unequal):
		if equal == (value == "1") {
			return "tcp[tcpflags] & " + bit + " != 0"
		}
		return "tcp[tcpflags] & " + bit + " = 0"
	case field == "frame.len" && (op == ">=" || op == "ge"):
		return "greater " + value
	case field == "frame.len" && (op == "<=" || op == "le"):
		return "less " + value
	case !known || !equal && !unequal:
		return "?"
	}
	if strings.Contains(value, "/") {
		same = strings.Replace(same, "host", "net", 1)
	}
	if unequal {
		same = "not " + same
	}
	return same + " " + value
}

// oneOf is a field and a set of values and of ranges.
func oneOf(field, set string) string {
	var list []string
	for _, v := range strings.FieldsFunc(set, func(r rune) bool { return r == ',' || r == ' ' }) {
		if from, to, ok := strings.Cut(v, ".."); ok {
			list = append(list, strings.Replace(comparison(field, "==", from+"-"+to), "port", "portrange", 1))
			continue
		}
		list = append(list, comparison(field, "==", v))
	}
	return "(" + strings.Join(list, " or ") + ")"
}
