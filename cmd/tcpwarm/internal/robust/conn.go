package main

// A conn is a connection as two well-behaved endpoints have it; what is hostile is added to it.
type conn struct {
	c    *capture
	ends [2]endpoint
	next [2]uint32 // SND.NXT of each

	awaits bool // the client a response that is due later
}

// Which end sends.
const (
	client = iota
	server
)

const (
	firstClient = 10<<24 + 1        // 10.0.0.1
	firstServer = 192<<24 + 168<<16 // 192.168.0.0
	ports       = 60_000            // of one address, from 1024 on
	getSlash    = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
	nothing     = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	largest     = 60_000 // bytes that a segment carries, as captures before segmentation have it
)

// synOptions are an MSS of 1460 and permission for SACK.
var synOptions = []byte{2, 4, 5, 180, 4, 2, 1, 1}

// from returns the i-th endpoint a client connects from: ports first, then addresses.
func from(i int) endpoint { return endpoint{firstClient + uint32(i/ports), uint16(1024 + i%ports)} }

// port returns the i-th port of the one client, and the server it goes to: another one
// where its ports have all been used.
func port(i int) (endpoint, endpoint) {
	return endpoint{firstClient, uint16(1024 + i%ports)}, endpoint{firstServer + uint32(i/ports), 80}
}

var web = endpoint{firstServer, 80}

// pair returns a connection that is not open yet.
func (c *capture) pair(from, to endpoint) *conn {
	isn := from.addr*2_654_435_761 + uint32(from.port)*40_503
	return &conn{c: c, ends: [2]endpoint{from, to}, next: [2]uint32{isn, isn * 7}}
}

// open returns a connection after its handshake.
func (c *capture) open(from, to endpoint) *conn {
	x := c.pair(from, to)
	x.handshake()
	return x
}

func (x *conn) handshake() {
	x.put(client, tcp{flags: syn, options: synOptions})
	x.next[client]++
	x.put(server, tcp{flags: syn | ack, options: synOptions})
	x.next[server]++
	x.ack(client)
}

// put has an end send t, at its SND.NXT and with what it has received, unless t says otherwise.
// SND.NXT stays.
func (x *conn) put(end int, t tcp) {
	if t.seq == 0 {
		t.seq = x.next[end]
	}
	if t.ack == 0 && t.flags&ack != 0 {
		t.ack = x.next[1-end]
	}
	x.c.segment(x.ends[end], x.ends[1-end], t)
}

func (x *conn) ack(end int) { x.put(end, tcp{flags: ack}) }

// send has an end send data, in as few segments as there can be.
func (x *conn) send(end int, data ...byte) {
	for len(data) > 0 {
		n := min(largest, len(data))
		x.put(end, tcp{flags: psh | ack, data: data[:n]})
		x.next[end] += uint32(n)
		data = data[n:]
	}
}

func (x *conn) say(end int, s string) { x.send(end, []byte(s)...) }

// forge sends a segment by its place from SND.NXT on, which stays as it is.
func (x *conn) forge(end int, offset int, flags byte, data string) {
	x.put(end, tcp{flags: flags, seq: x.next[end] + uint32(offset), data: []byte(data)})
}

// exchange has the client ask for / and the server answer.
func (x *conn) exchange() { x.ask(getSlash) }

func (x *conn) ask(request string) {
	x.say(client, request)
	x.say(server, nothing)
	x.ack(client)
}

// close has an end close the connection, and the other one too.
func (x *conn) close(first int) {
	for _, end := range []int{first, 1 - first} {
		x.put(end, tcp{flags: fin | ack})
		x.next[end]++
	}
	x.ack(first)
}

// flood has an end send n pieces, as many in a segment as it has room for.
func (x *conn) flood(end, n int, piece func(i int) []byte) {
	var b []byte
	for i := range n {
		p := piece(i)
		if len(b)+len(p) > largest {
			x.send(end, b...)
			b = b[:0]
		}
		b = append(b, p...)
	}
	x.send(end, b...)
}
