package app

import "testing"

func TestForeignProtocolsByTheirFirstBytes(t *testing.T) {
	for b, want := range map[string]string{
		"SSH-2.0-OpenSSH_9.7\r\n":                   "ssh",
		"220 mail.example ESMTP Postfix\r\n":        "smtp",
		"220-mail.example ESMTP\r\n220 go on\r\n":   "smtp",
		"220 (vsFTPd 3.0.5)\r\n":                    "ftp",
		"EHLO client.example\r\n":                   "smtp",
		"+OK POP3 ready\r\n":                        "pop3",
		"* OK [CAPABILITY IMAP4rev1] ready\r\n":     "imap",
		"*1\r\n$4\r\nPING\r\n":                      "redis",
		"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n": "redis",
		"*90\r\n":                          "redis",
		"PING\r\n":                         "redis",
		"+PONG\r\n":                        "redis",
		"-ERR unknown command\r\n":         "redis",
		"\x00\x00\x00\x08\x04\xd2\x16\x2f": "postgresql",
		"\x00\x00\x00\x54\x00\x03\x00\x00user\x00me\x00":                   "postgresql",
		"\x4a\x00\x00\x00\x0a8.0.36\x00":                                   "mysql",
		"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04test":                 "mqtt",
		"\x10\x95\x01\x00\x06MQIsdp\x03":                                   "mqtt",
		"AMQP\x00\x00\x09\x01":                                             "amqp",
		"INFO {\"server_id\":\"x\"}\r\n":                                   "nats",
		"RFB 003.008\n":                                                    "vnc",
		"\x13BitTorrent protocol":                                          "bittorrent",
		"\x15\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00": "mongodb",
		"\x00\x00\x00\x85\xfeSMB":                                          "smb",
		"\x00\x00\x00\x85\xffSMBr":                                         "smb",

		// The shortest, the longest and each kind of them.
		":5\r\n":                           "redis",
		"\x00\x00\x00\x09\x00\x03\x00\x00": "postgresql",
		"\x00\x00\x27\x10\x00\x03\x00\x02": "postgresql",
		"\x00\x00\x00\x10\x04\xd2\x16\x2e": "postgresql",
		"\x01\x00\x00\x00\x0a0":            "mysql",
		"\x01\x00\x00\x00\x0a9":            "mysql",
		"\x10\x80\x01\x00\x04MQTT":         "mqtt",
		"\x10\xff\xff\xff\x7f\x00\x04MQTT": "mqtt",
		"\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xd4\x07\x00\x00": "mongodb", // 16 bytes, OP_QUERY
		"\x00\x6c\xdc\x02\x01\x00\x00\x00\x00\x00\x00\x00\xdc\x07\x00\x00": "mongodb", // 48 million, OP_COMPRESSED

		// What is near is none of them.
		"$-\r\n":                               "",
		"\x00\x00\x27\x11\x00\x03\x00\x00":     "",
		"\x00\x00\x00\x10\x04\xd2\x16\x2d":     "",
		"\x01\x00\x00\x00\x0a":                 "",
		"\x01\x00\x00\x00\x0a/":                "",
		"\x01\x00\x00\x00\x0a:":                "",
		"\x10":                                 "",
		"\x10\x80":                             "",
		"\x10\xff\xff\xff\xff\x7f\x00\x04MQTT": "",
		"\x01\x6c\xdc\x02\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00": "",
		"\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xd5\x07\x00\x00": "",
		"220 ":                                 "",
		"GET / HTTP/1.1\r\n":                   "",
		"HTTP/1.1 220 OK\r\n":                  "",
		"SSHD":                                 "",
		"220":                                  "",
		"2200 bytes":                           "",
		"*** welcome ***\r\n":                  "",
		"+1 555\r\n":                           "",
		"-rw-r--r-- 1 root\r\n":                "",
		"+PONG":                                "", // its line may go on
		"PING":                                 "",
		"PINGED\r\n":                           "",
		"\x00\x00\x00\x08\x00\x03\x00\x00":     "",
		"\x00\x00\x00\x09\x04\xd2\x16\x2f\x00": "",
		"\x10\x10\x00\x04HTTP\x04":             "",
		"\x4a\x00\x01\x00\x0a8.0.36\x00":       "",
		"\x05\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00": "",
		"": "",
	} {
		if got := foreign([]byte(b)); got != want {
			t.Errorf("%q: %q, want %q", b, got, want)
		}
	}
}
