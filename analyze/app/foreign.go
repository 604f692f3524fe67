package app

import (
	"bytes"
	"encoding/binary"
)

// Some protocols that are no HTTP tell by their first bytes which they are. They are named so
// that nobody takes their connections for idle ones; nothing more is read of them.

// foreignSOCKS is the name of a SOCKS proxy's connection that leads nowhere.
const foreignSOCKS = "socks"

// foreign names the protocol that b, the first bytes of a half, begins; "" if it is none of
// those known.
func foreign(b []byte) string {
	for _, p := range prefixes {
		if bytes.HasPrefix(b, []byte(p.first)) {
			return p.name
		}
	}
	for _, p := range [...]struct {
		name string
		is   func([]byte) bool
	}{
		{"redis", isRedis}, {"postgresql", isPostgreSQL}, {"mysql", isMySQL}, {"mqtt", isMQTT}, {"mongodb", isMongoDB}, {"smb", isSMB},
	} {
		if p.is(b) {
			return p.name
		}
	}
	if isMailOrFTP(b) {
		if bytes.Contains(firstLine(b), []byte("FTP")) {
			return "ftp"
		}
		return "smtp"
	}
	return ""
}

var prefixes = [...]struct{ first, name string }{
	{"SSH-", "ssh"},                      // RFC 4253 section 4.2
	{"AMQP", "amqp"},                     // AMQP 0-9-1 section 4.2.2, AMQP 1.0 section 2.2
	{"+OK", "pop3"},                      // RFC 1939 section 3
	{"* OK", "imap"},                     // RFC 9051 section 7.1
	{"* PREAUTH", "imap"},                // likewise
	{"EHLO ", "smtp"}, {"HELO ", "smtp"}, // RFC 5321 section 4.1.1.1
	{"RFB 00", "vnc"},                         // RFC 6143 section 7.1.1
	{"\x13BitTorrent protocol", "bittorrent"}, // BEP 3
	{"INFO {", "nats"}, {"CONNECT {", "nats"}, // its client protocol
	{"<?xml", "xmpp"}, {"<stream:", "xmpp"}, // RFC 6120 section 4.2
	{"\x03\x00\x00", "rdp"},                        // TPKT, RFC 1006 section 6
	{"\xff\xfb", "telnet"}, {"\xff\xfd", "telnet"}, // RFC 854: WILL, DO
}

// isRedis tells RESP: an array of bulk strings asks, one type's sign and a line answer.
func isRedis(b []byte) bool {
	line := firstLine(b)
	if len(line) < 2 || len(line) == len(b) { // it has not ended
		return len(line) > 0 && b[0] == '*' && digits(line[1:])
	}
	switch b[0] {
	case '*', '$', ':':
		return digits(bytes.TrimPrefix(line[1:], []byte("-")))
	case '+':
		return string(line) == "+PONG"
	case '-':
		return bytes.HasPrefix(line, []byte("-ERR ")) || bytes.HasPrefix(line, []byte("-NOAUTH "))
	}
	return string(line) == "PING"
}

// firstLine returns b up to its first line end, which it leaves out.
func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// isPostgreSQL tells a length and the version 3.0, or a code in its place that asks for TLS,
// for GSSAPI or to cancel (PostgreSQL's documentation, "Message Formats").
func isPostgreSQL(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	switch n, code := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]); code {
	case 3 << 16, 3<<16 | 2:
		return n > 8 && n <= 10000
	case 1234<<16 | 5678, 1234<<16 | 5679, 1234<<16 | 5680:
		return n == 8 || n == 16
	}
	return false
}

// isMySQL tells the server's greeting: a length of three bytes, number 0, version 10 and the
// server's own, which begins with a digit.
func isMySQL(b []byte) bool {
	return len(b) > 5 && b[2] == 0 && b[3] == 0 && b[4] == 10 && b[5] >= '0' && b[5] <= '9'
}

// isMQTT tells a CONNECT: its type, its length of up to four bytes, and a name (MQTT 5.0
// section 3.1).
func isMQTT(b []byte) bool {
	if len(b) == 0 || b[0] != 0x10 {
		return false
	}
	k := 1
	for k < len(b) && k < 4 && b[k] >= 0x80 {
		k++
	}
	rest := b[min(k+1, len(b)):]
	return bytes.HasPrefix(rest, []byte("\x00\x04MQTT")) || bytes.HasPrefix(rest, []byte("\x00\x06MQIsdp"))
}

// isMongoDB tells a header of its wire protocol: length, two numbers and OP_MSG, OP_QUERY or
// OP_COMPRESSED.
func isMongoDB(b []byte) bool {
	if len(b) < 16 {
		return false
	}
	n, op := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[12:])
	return n >= 16 && n <= 48_000_000 && (op == 2013 || op == 2004 || op == 2012)
}

// isSMB tells NetBIOS's session message with SMB in it (MS-SMB2 section 2.1).
func isSMB(b []byte) bool {
	return len(b) >= 8 && b[0] == 0 && (b[4] == 0xff || b[4] == 0xfe) && string(b[5:8]) == "SMB"
}

// isMailOrFTP tells a server that is ready: 220 and a text (RFC 5321 section 4.2, RFC 959
// section 5.4).
func isMailOrFTP(b []byte) bool {
	return len(b) > 4 && string(b[:3]) == "220" && (b[3] == ' ' || b[3] == '-')
}
