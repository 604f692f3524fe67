package main

import (
	"encoding/binary"
	"strings"
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Types and flags of frames, RFC 9113 section 6.
const (
	dataFrame         = 0
	headersFrame      = 1
	resetFrame        = 3
	settingsFrame     = 4
	pingFrame         = 6
	updateFrame       = 8
	continuationFrame = 9

	endStream  = 1
	endHeaders = 4
	settingACK = 1
)

func frame(kind, flags byte, stream uint32, payload ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	return append(binary.BigEndian.AppendUint32(append(b, flags), stream), payload...)
}

// number writes an integer of HPACK, RFC 7541 section 5.1.
func number(n int, bits int, high byte) []byte {
	most := 1<<bits - 1
	if n < most {
		return []byte{high | byte(n)}
	}
	b := []byte{high | byte(most)}
	for n -= most; n >= 128; n >>= 7 {
		b = append(b, byte(n)|128)
	}
	return append(b, byte(n))
}

// kept is a field that goes to the dynamic table, its name by its index or, at 0, as it is.
func kept(index int, name, value string) []byte {
	b := number(index, 6, 0x40)
	if index == 0 {
		b = append(append(b, number(len(name), 7, 0)...), name...)
	}
	return append(append(b, number(len(value), 7, 0)...), value...)
}

// Indexes of the static table, and the first of the dynamic one.
const (
	authority = 1
	method    = 2
	path      = 4
	dynamic   = 62
)

// fields are those of GET http://a/: three indexes, and a literal that is not kept.
var fields = []byte{0x82, 0x86, 0x84, 0x01, 1, 'a'}

// http2 returns a connection on which both ends have said that they speak it.
func (c *capture) http2(from, to endpoint, setting ...byte) *conn {
	x := c.open(from, to)
	x.say(client, preface)
	x.send(client, frame(settingsFrame, 0, 0)...)
	x.send(server, frame(settingsFrame, 0, 0, setting...)...)
	x.send(client, frame(settingsFrame, settingACK, 0)...)
	return x
}

// stream returns the i-th a client opens.
func stream(i int) uint32 { return uint32(2*i + 1) }

func get(i int) []byte { return frame(headersFrame, endStream|endHeaders, stream(i), fields...) }

func getAndReset(i int) []byte {
	return append(get(i), frame(resetFrame, 0, stream(i), 0, 0, 0, 8)...)
}

func rapidReset(c *capture, n int) { c.http2(from(0), web).flood(client, n, getAndReset) }

func openStreams(c *capture, n int) { c.http2(from(0), web).flood(client, n, get) }

func resetAtLimit(c *capture, n int) {
	const open = 4095
	x := c.http2(from(0), web)
	x.flood(client, open, get)
	x.flood(client, n, func(i int) []byte { return getAndReset(open + i) })
}

func settings(c *capture, n int) {
	c.http2(from(0), web).flood(server, n, func(i int) []byte {
		return frame(settingsFrame, 0, 0, be32(be16(nil, uint16(1+i%6)), uint32(i)*7919)...)
	})
}

func continuations(c *capture, n int) {
	x := c.http2(from(0), web)
	x.send(client, frame(headersFrame, endStream, 1, fields...)...)
	field := append([]byte{0, 40}, strings.Repeat("x", 40)+"\x28"+strings.Repeat("y", 40)...)
	x.flood(client, n, func(int) []byte { return frame(continuationFrame, 0, 1, field...) })
}

func emptyContinuations(c *capture, n int) {
	x := c.http2(from(0), web)
	x.send(client, frame(headersFrame, endStream, 1, fields...)...)
	x.flood(client, n, func(int) []byte { return frame(continuationFrame, 0, 1) })
}

func hpackBomb(c *capture, n int) {
	x := c.http2(from(0), web)
	block := append(append([]byte{}, fields...), kept(0, "x", strings.Repeat("z", 4000))...)
	x.send(client, frame(headersFrame, endStream|endHeaders, 1, block...)...)
	references := append(append([]byte{}, fields...), strings.Repeat(string(number(dynamic, 7, 0x80)), 16_000)...)
	x.flood(client, n, func(i int) []byte { return frame(headersFrame, endStream|endHeaders, stream(i+1), references...) })
}

func largeFields(c *capture, n int) {
	const table = 1 << 20
	x := c.http2(from(0), web, be32(be16(nil, 1), table)...)
	block := number(table, 5, 0x20)
	for _, index := range []int{method, path, authority} {
		block = append(block, kept(index, "", "/"+strings.Repeat("m", 60_000))...)
	}
	const each = 16_000
	x.send(client, frame(headersFrame, endStream, 1, block[:each]...)...)
	for block = block[each:]; len(block) > each; block = block[each:] {
		x.send(client, frame(continuationFrame, 0, 1, block[:each]...)...)
	}
	x.send(client, frame(continuationFrame, endHeaders, 1, block...)...)
	x.flood(client, n, func(i int) []byte {
		return frame(headersFrame, endStream|endHeaders, stream(i+1), 0x80|dynamic, 0x80|dynamic+1, 0x80|dynamic+2)
	})
}

func pings(c *capture, n int) {
	x := c.http2(from(0), web)
	x.flood(client, n, func(int) []byte { return frame(pingFrame, 0, 0, []byte("12345678")...) })
	x.flood(server, n, func(int) []byte { return frame(updateFrame, 0, 0, 0, 0, 0, 1) })
}

func besideIdle(c *capture, n int) {
	exchange := func(x *conn, i int) {
		x.send(client, get(i)...)
		x.send(server, frame(headersFrame, endStream|endHeaders, stream(i), 0x88)...)
		x.ack(client)
	}
	first := c.http2(from(0), web)
	exchange(first, 0)
	for i := range n {
		x := c.http2(port(1 + i%(ports-1)))
		exchange(x, 0)
		x.close(client)
	}
	exchange(first, 1)
}
