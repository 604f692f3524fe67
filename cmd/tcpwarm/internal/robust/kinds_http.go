package main

import (
	"encoding/binary"
	"fmt"
	"strings"
)

func exchanges(c *capture, n int) {
	x := c.open(from(0), web)
	for range n {
		x.exchange()
	}
}

func unanswered(c *capture, n int) {
	x := c.open(from(0), web)
	x.flood(client, n, func(int) []byte { return []byte(getSlash) })
	x.ack(server)
}

func pipelined(c *capture, n int) {
	x := c.open(from(0), web)
	x.flood(client, n, func(int) []byte { return []byte(getSlash) })
	x.flood(server, n, func(int) []byte { return []byte(nothing) })
	x.ack(client)
}

func liveExchanges(c *capture, n int) { live(c, n, getSlash) }

func longTargets(c *capture, n int) {
	live(c, n, strings.Replace(getSlash, "/", "/"+strings.Repeat("x", 500), 1))
}

// live makes n exchanges on 200 connections, in turn and many at once.
func live(c *capture, n int, request string) {
	const open, batch = 200, 20
	var all [open]*conn
	for i := range all {
		all[i] = c.open(port(i))
	}
	for i := range n / batch {
		all[i%open].say(client, strings.Repeat(request, batch))
		all[i%open].say(server, strings.Repeat(nothing, batch))
		all[i%open].ack(client)
	}
}

func endlessHead(c *capture, n int) {
	x := c.open(from(0), web)
	x.say(client, "GET / HTTP/1.1\r\nHost: a.example\r\n")
	x.flood(client, n, func(i int) []byte { return fmt.Appendf(nil, "Connection: keep-alive%d\r\n", i%20) })
	x.say(client, "\r\n")
	x.say(server, nothing)
}

func largeHeads(c *capture, n int) {
	line := []byte("X-Filler: " + strings.Repeat("x", 1388) + "\r\n")
	for i := range n {
		x := c.open(from(i), web)
		x.say(client, "GET / HTTP/1.1\r\nHost: a.example\r\n")
		for range 43 {
			x.send(client, line...)
		}
	}
}

func tinyChunks(c *capture, n int) {
	x := c.open(from(0), web)
	x.say(client, getSlash)
	x.say(server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	x.flood(server, n, func(int) []byte { return []byte("1;a=b\r\nx\r\n") })
	x.say(server, "0\r\n\r\n")
	x.exchange()
}

// ofHost returns a request for a name.
func ofHost(i int) string { return fmt.Sprintf("GET / HTTP/1.1\r\nHost: a%x.example\r\n\r\n", i) }

func hostNames(c *capture, n int) {
	x := c.open(from(0), web)
	for i := range n {
		x.ask(ofHost(i))
	}
}

// longName returns a name of 250 bytes: the longest are 253 (RFC 1035 section 2.3.4, without the root's).
func longName(i int) string {
	label := strings.Repeat("a", 48) + "."
	return fmt.Sprintf("%s%s%s%s%054x", label, label, label, label, i)
}

func ofLongHost(i int) string { return "GET / HTTP/1.1\r\nHost: " + longName(i) + "\r\n\r\n" }

func longHostNames(c *capture, n int) {
	x := c.open(from(0), web)
	for i := range n {
		x.ask(ofLongHost(i))
	}
}

func openOfNames(c *capture, n int) {
	for i := range n {
		c.open(from(i), web).ask(ofLongHost(i))
	}
}

func nameEach(c *capture, n int) {
	for i := range n {
		x := c.open(port(i))
		x.ask(ofHost(i))
		x.close(client)
	}
}

func clients(c *capture, n int) {
	c.step = millisecond
	churn(c, n)
}

const signature = "\r\n\r\n\x00\r\nQUIT\n" // begins version 2 of the PROXY protocol's header

// proxiedClients has a proxy open connections, each for another client, and say more of each than anybody reads.
func proxiedClients(c *capture, n int) {
	more := strings.Repeat("\xe0\x00\x0dSECRET-SECRET", 64)
	for i := range n {
		x := c.open(from(i), web)
		head := append([]byte(signature), 0x21, 0x11, 0, 0)
		head = be16(be32(head, firstServer+77_000+uint32(i), web.addr), uint16(i), 80)
		head = append(head, more...)
		binary.BigEndian.PutUint16(head[14:], uint16(len(head)-16))
		x.send(client, head...)
		x.exchange()
		x.close(client)
	}
}

func proxyHeaders(c *capture, n int) {
	heads := []string{
		"PROXY TCP4 " + strings.Repeat("9", 150),
		"PROXY UNKNOWN\r\n",
		"PROXY TCP4 1.2.3.%d 4.4.4.4 1 2\r\n",
		"PROXY TCP6 fe80::%x%%eth0 ::1 1 2\r\n",
		signature + strings.Repeat("\xff", 30),
		signature + "\x21\x11\xff\xff" + strings.Repeat("x", 60),
	}
	for i := range n {
		x := c.open(from(i), web)
		h := heads[i%len(heads)]
		if strings.Contains(h, "%") {
			h = fmt.Sprintf(h, i%251)
		}
		x.say(client, h)
		x.exchange()
		x.close(client)
	}
}

func connects(c *capture, n int) {
	for i := range n {
		x := c.open(from(i), web)
		for k := range 5 {
			x.say(client, fmt.Sprintf("CONNECT t%d.example:443 HTTP/1.1\r\nHost: t\r\n\r\n", k))
			x.say(server, "HTTP/1.1 200 OK\r\n\r\n")
		}
		x.exchange()
		x.say(client, preface)
		x.close(client)
	}
}

func socks(c *capture, n int) {
	greetings := []string{"\x04\x01\x00P\x00\x00\x00\x01user", "\x05\xff" + strings.Repeat("\x02", 255), "\x05\x01\x00", "\x05\x00"}
	for i := range n {
		x := c.open(from(i), web)
		x.say(client, greetings[i%len(greetings)])
		x.say(server, "\x05\x00")
		x.say(client, "\x05\x01\x00\x03\xff"+strings.Repeat("n", i%256))
		x.say(server, "\x05\x00\x00\x09")
		x.exchange()
		x.close(client)
	}
}
