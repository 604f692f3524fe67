package main

import (
	"encoding/binary"
	"math/rand/v2"
)

// random returns numbers that are the same each time.
func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func synFlood(c *capture, n int) {
	for i := range n {
		stamps := append(be32([]byte{1, 1, 8, 10}, uint32(i+1), 0), synOptions...)
		c.segment(endpoint{firstClient + uint32(i), 4000}, web, tcp{flags: syn, seq: uint32(i) * 2_654_435_761, options: stamps})
	}
}

func synFloodOfOne(c *capture, n int) {
	for i := range n {
		a, b := port(i)
		c.segment(a, b, tcp{flags: syn, seq: uint32(i) * 2_654_435_761, options: synOptions})
	}
}

// refuse has a client try to connect, and the server refuse it.
func (c *capture) refuse(a, b endpoint, isn uint32) {
	c.segment(a, b, tcp{flags: syn, seq: isn, options: synOptions})
	c.segment(b, a, tcp{flags: rst | ack, ack: isn + 1})
}

func refusals(c *capture, n int) {
	for i := range n {
		c.refuse(endpoint{firstClient + uint32(i), 4000}, web, uint32(i)*7919)
	}
}

func halfOpen(c *capture, n int) {
	for i := range n {
		x := c.pair(from(i), web)
		x.put(client, tcp{flags: syn, options: synOptions})
		x.next[client]++
		x.put(server, tcp{flags: syn | ack, options: synOptions})
	}
}

func churn(c *capture, n int) {
	for i := range n {
		x := c.open(endpoint{firstClient + uint32(i), 4000}, web)
		x.exchange()
		x.close(client)
	}
}

func sameTuple(c *capture, n int) {
	isn := uint32(0)
	for range n {
		x := c.pair(from(0), web)
		x.next = [2]uint32{isn + 100_000, isn + 200_000}
		x.handshake()
		x.exchange()
		x.close(client)
		isn += 300_000
	}
}

// sameSum has all connections agree in the sum and in the exclusive or of what tells them
// apart: a hash without a seed that only adds or xors puts them in one slot.
func sameSum(c *capture, n int) {
	for i := range n {
		bits := uint32(i) << 3
		x := c.open(endpoint{firstClient ^ bits, 4000}, endpoint{firstServer ^ bits, 80})
		x.exchange()
	}
}

// openEach has n clients open a connection each, to a server and for a name of its own.
func openEach(c *capture, n int) {
	c.ipv6 = true
	for i := range n {
		x := c.open(endpoint{firstClient + uint32(i), 4000}, endpoint{firstServer + uint32(i), 80})
		x.ask(ofLongHost(i))
	}
}

func idle(c *capture, n int) {
	for i := range n {
		c.open(from(i), web).exchange()
	}
}

func behindHoles(c *capture, n int) {
	b := make([]byte, 1400)
	for i := range n {
		x := c.open(from(i), web)
		x.exchange()
		x.next[server]++
		for range 46 {
			x.send(server, b...)
		}
	}
}

func parallel(c *capture, n int) {
	all := make([]*conn, n)
	for i := range all {
		all[i] = c.open(port(i))
		all[i].say(client, getSlash)
	}
	for _, x := range all {
		x.say(server, nothing)
		x.ack(client)
		x.close(client)
	}
}

func manyServers(c *capture, n int) {
	for i := range n {
		a, _ := port(i)
		c.open(a, endpoint{firstServer + uint32(i), 80}).exchange()
	}
}

func fourfold(c *capture, n int) {
	c.copies = 4
	churn(c, n)
}

func bodyByByte(c *capture, n int) {
	x := c.open(from(0), web)
	x.say(client, getSlash)
	x.say(server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\n")
	for i := range n {
		x.send(server, 'x')
		if i%2 == 0 {
			x.ack(client)
		}
	}
	x.close(server)
}

func headByByte(c *capture, n int) {
	x := c.open(from(0), web)
	for sent := 0; sent < n; sent += len(getSlash) {
		for _, b := range []byte(getSlash) {
			x.send(client, b)
		}
		x.say(server, nothing)
	}
}

func spacesByByte(c *capture, n int) {
	x := c.open(from(0), web)
	x.say(client, "GET")
	for range n {
		x.send(client, ' ')
	}
}

func overlaps(c *capture, n int) {
	x := c.open(from(0), web)
	x.say(client, getSlash)
	x.say(server, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
	for i := range n {
		x.send(server, make([]byte, 100)...)
		x.forge(server, -60, ack, nothing+nothing)
		x.next[server] += uint32(2*len(nothing) - 60)
		x.forge(server, -50, ack, getSlash)
		if i%10 == 0 {
			x.ack(client)
		}
	}
}

func farAhead(c *capture, n int) {
	x := c.open(from(0), web)
	x.say(client, getSlash)
	for i := range 4096 {
		x.forge(server, 1<<20+2*i, ack, "x")
	}
	for i := range n {
		x.forge(server, 2+2*i, ack, "y")
	}
}

func backwards(c *capture, n int) {
	x := c.open(from(0), web)
	x.say(client, getSlash)
	const run = 4000
	for k := range (n + run - 1) / run {
		for i := range min(run, n) {
			x.forge(server, (k+1)*9000-2*i, ack, "x")
		}
	}
}

func sacks(c *capture, n int) {
	x := c.open(from(0), web)
	x.say(client, getSlash)
	x.say(server, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
	una := x.next[server]
	for range 2000 {
		x.send(server, make([]byte, 1000)...)
	}
	r := random()
	for i := range n {
		option := []byte{1, 1, 5, 2 + 4*8}
		for range 4 {
			at := una + 2*r.Uint32N(1<<20)
			option = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(option, at), at+1)
		}
		x.put(client, tcp{flags: ack, ack: una, options: option})
		if i%4 == 0 {
			x.send(server, make([]byte, 10)...)
		}
	}
}

func jumps(c *capture, n int) {
	x := c.open(from(0), web)
	r := random()
	by := []uint32{1 << 31, 1 << 30, 1, ^uint32(0), 1_000_000}
	for i := range n {
		x.exchange()
		if i%3 == 0 {
			x.next[client] += by[r.IntN(len(by))]
		}
		if i%5 == 0 {
			x.next[server] += by[r.IntN(len(by))]
		}
	}
}

func resets(c *capture, n int) {
	x := c.open(from(0), web)
	r := random()
	for range n {
		x.forge(server, int(r.Uint32()), rst, "")
		x.exchange()
	}
}

func probes(c *capture, n int) {
	x := c.open(from(0), web)
	x.exchange()
	c.step = second / 2
	for range n {
		x.forge(client, -1, ack, "")
		x.ack(server)
	}
}
