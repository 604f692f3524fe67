package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// record returns a TLS record (RFC 8446 section 5.1).
func record(kind byte, body ...byte) []byte {
	return append(be16([]byte{kind, 3, 3}, uint16(len(body))), body...)
}

const (
	handshakeRecord = 22
	dataRecord      = 23
	clientHello     = 1
	serverHello     = 2
)

func handshake(kind byte, body []byte) []byte {
	return record(handshakeRecord, append([]byte{kind, 0, byte(len(body) >> 8), byte(len(body))}, body...)...)
}

// vector returns b behind its length in two bytes.
func vector(b []byte) []byte { return append(be16(nil, uint16(len(b))), b...) }

// hello returns a ClientHello of TLS 1.3 for a name.
func hello(random []byte, name string) []byte {
	b := append([]byte{3, 3}, random...)
	b = append(b, 0)                                                             // no session
	b = append(append(b, vector([]byte{0x13, 1, 0x13, 3, 0xc0, 0x2f})...), 1, 0) // suites, no compression
	ext := append(be16(nil, 0), vector(vector(append([]byte{0}, vector([]byte(name))...)))...)
	ext = append(append(ext, be16(nil, 43)...), vector([]byte{2, 3, 4})...)
	return handshake(clientHello, append(b, vector(ext)...))
}

// answer returns a ServerHello with a suite; of TLS 1.3 if that is one of its.
func answer(suite uint16) []byte {
	b := append(append([]byte{3, 3}, strings.Repeat("s", 32)...), 0)
	b = append(be16(b, suite), 0)
	var ext []byte
	if suite>>8 == 0x13 {
		ext = append(be16(nil, 43), vector([]byte{3, 4})...)
	}
	return handshake(serverHello, append(b, vector(ext)...))
}

const (
	chacha = 0x1303 // TLS_CHACHA20_POLY1305_SHA256
	ecdhe  = 0xc02f // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, of TLS 1.2
)

var secure = endpoint{firstServer, 443}

// nonce returns 32 bytes that tell connections apart.
func nonce(i int) []byte { return bytes.Repeat(be32(nil, uint32(i)), 8) }

// sealed13 returns a connection of TLS 1.3.
func (c *capture) sealed13(i int) *conn {
	x := c.open(from(i), secure)
	x.send(client, hello(nonce(i), "a.example")...)
	x.send(server, answer(chacha)...)
	return x
}

func tinyRecords(c *capture, n int) {
	x := c.sealed13(0)
	for end := range 2 {
		x.flood(end, n, func(i int) []byte { return record(dataRecord, make([]byte, 17+i%50*end)...) })
	}
}

func emptyRecords(c *capture, n int) {
	c.sealed13(0).flood(client, n, func(int) []byte { return record(dataRecord) })
}

func sealed(c *capture, n int) {
	for i := range n {
		x := c.open(from(i), secure)
		x.send(client, hello(nonce(i), fmt.Sprintf("a%d.example", i/200))...)
		x.send(server, answer(ecdhe)...)
		for range 2 {
			x.send(client, record(dataRecord, make([]byte, 100)...)...)
			x.send(server, record(dataRecord, make([]byte, 300)...)...)
		}
		x.ack(client)
		x.close(client)
	}
}

// sealedEach has n clients open a TLS connection each, to a server and for a name of its own.
func sealedEach(c *capture, n int) {
	for i := range n {
		x := c.open(endpoint{firstClient + uint32(i), 4000}, endpoint{firstServer + uint32(i), 443})
		x.send(client, hello(nonce(i), longName(i))...)
		x.send(server, answer(ecdhe)...)
		x.send(client, record(dataRecord, make([]byte, 100)...)...)
		x.send(server, record(dataRecord, make([]byte, 300)...)...)
		x.ack(client)
	}
}

func helloByByte(c *capture, n int) {
	for i := range n {
		x := c.open(from(i), secure)
		for _, b := range hello(nonce(i), strings.Repeat("a", 200)) {
			x.send(client, b)
		}
	}
}

// gapThenNoise has keys for connections that lack most of a stream: how many records went by is to
// be guessed, and no guess is right.
func gapThenNoise(c *capture, n int) {
	for i := range n {
		var lines []byte
		for _, what := range []string{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
			"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"} {
			lines = fmt.Appendf(lines, "%s %s %s\n", what, hex.EncodeToString(nonce(i)), strings.Repeat("ab", 32))
		}
		c.secrets(lines)
		x := c.sealed13(i)
		x.send(server, record(dataRecord, make([]byte, 17)...)...)
		x.next[server] += 1_900_000_000
		x.ack(client)
		for range 70 {
			x.send(server, record(dataRecord, make([]byte, 17)...)...)
			x.ack(client)
		}
		x.close(client)
	}
}
