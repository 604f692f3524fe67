package filter

import (
	"fmt"
	"strings"
)

// An Error says what of an expression is not understood.
type Error struct {
	Column int // from 1
	What   string
	Word   string // that stands there, "" if none does: it may be mistyped
}

// Words are those that an expression may hold.
func Words() []string {
	return []string{"and", "or", "not", "host", "net", "port", "portrange", "proto", "src", "dst", "tcp", "udp", "sctp", "ip", "ip6",
		"icmp", "icmp6", "arp", "ether", "vlan", "less", "greater", "len"}
}

// Error says what is wrong, and where in the expression.
func (e *Error) Error() string { return fmt.Sprintf("filter: column %d: %s", e.Column, e.What) }

// A token is a word, a number, an address, or a sign.
type token struct {
	text   string
	column int
	word   bool
}

// signs in the order in which they are tried.
var signs = []string{"&&", "||", "<<", ">>", "<=", ">=", "==", "!=",
	"(", ")", "[", "]", "!", "&", "|", "^", "+", "-", "*", "/", "<", ">", "=", ":", "%"}

// maxTokens bounds an expression.
const maxTokens = 2048

// lex cuts s into tokens.
func lex(s string) ([]token, error) {
	var list []token
	depth := 0
	for i := 0; i < len(s); {
		escaped := s[i] == '\\' && i+1 < len(s) && isWord(s[i+1]) // \tcp: the shell's escape of a keyword
		if escaped || strings.IndexByte(" \t\r\n", s[i]) >= 0 {
			i++
			continue
		}
		if len(list) >= maxTokens {
			return nil, &Error{Column: i + 1, What: "the expression is too long"}
		}
		dashes := len(list) > 0 && (list[len(list)-1].text == "port" || list[len(list)-1].text == "portrange")
		n := wordEnd(s, i, dashes, depth == 0)
		word := n > i
		for _, sign := range signs {
			if !word && strings.HasPrefix(s[i:], sign) {
				n = i + len(sign)
				break
			}
		}
		if n == i {
			return nil, &Error{Column: i + 1, What: fmt.Sprintf("%q is not understood", s[i:i+1])}
		}
		switch s[i:n] {
		case "[":
			depth++
		case "]":
			depth--
		}
		list = append(list, token{s[i:n], i + 1, word})
		i = n
	}
	return list, nil
}

// wordEnd returns where the word that begins at i ends. Dashes are part of ranges,
// of services and of the names of flags; colons of addresses, which do not stand
// in brackets.
func wordEnd(s string, i int, dashes, colons bool) int {
	n := i
	for n < len(s) && (isWord(s[n]) || dashes && s[n] == '-' || colons && s[n] == ':') {
		n++
	}
	if n < len(s) && s[n] == '-' {
		end := wordEnd(s, n+1, false, false)
		if _, ok := constants[s[i:end]]; ok {
			return end
		}
	}
	return n
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_'
}

// constants are names of offsets and bits (pcap-filter(7)).
var constants = map[string]uint32{
	"tcpflags": 13, "tcp-fin": 1, "tcp-syn": 2, "tcp-rst": 4, "tcp-push": 8, "tcp-ack": 16, "tcp-urg": 32, "tcp-ece": 64, "tcp-cwr": 128,
	"icmptype": 0, "icmpcode": 1, "icmp-echoreply": 0, "icmp-unreach": 3, "icmp-redirect": 5, "icmp-echo": 8, "icmp-timxceed": 11,
}

// services are the ports that may be named.
var services = map[string]uint32{
	"ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "http": 80, "pop3": 110, "ntp": 123, "imap2": 143, "snmp": 161,
	"bgp": 179, "ldap": 389, "https": 443, "submission": 587, "imaps": 993, "pop3s": 995, "socks": 1080, "mysql": 3306, "postgresql": 5432,
	"amqp": 5672, "redis": 6379, "http-alt": 8080,
}
