package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// ignored returns what has n clients leave a connection idle and use another one, which was
// avoidable, and sends on the idle one what its receiver ignores (RFC 9293 section 3.10.7.4, RFC
// 5961 section 3.2): by its place from SND.NXT of the server, or for a SYN of the client.
func ignored(offset int, flags byte) func(c *capture, n int) {
	return func(c *capture, n int) {
		c.step = millisecond
		for i := range n {
			addr := firstClient + uint32(i)
			first := c.open(endpoint{addr, 4000}, web)
			first.exchange()
			first.exchange()
			if flags == syn {
				first.forge(client, offset, flags, "")
				first.ack(server)
			} else {
				first.forge(server, offset, flags, "")
			}
			c.at += second
			next := c.open(endpoint{addr, 4001}, web)
			next.exchange()
			next.exchange()
			first.exchange()
			first.close(client)
			next.close(client)
		}
	}
}

func oneAvoidableEach(m *measure) error {
	n := int64(m.n)
	if t := &m.Totals; t.Connections != 2*n || t.Avoidable != n || m.Verdict != "partly-reused" {
		return fmt.Errorf("%d connections, %d of them avoidable, want %d and %d", t.Connections, t.Avoidable, 2*n, n)
	}
	return nil
}

// lacking has n clients open a second connection. The first one had ended an exchange then, or was
// in another: what was sent on it last is to be left out of the capture.
func lacking(c *capture, n int, leaveOut func(x *conn)) {
	c.step = millisecond
	for i := range n {
		addr := firstClient + uint32(i)
		first := c.open(endpoint{addr, 4000}, web)
		first.exchange()
		c.at += second / 10
		leaveOut(first)
		c.at += second / 10
		next := c.open(endpoint{addr, 4001}, web)
		next.exchange()
		c.at += second / 2
		if first.awaits {
			first.say(server, nothing)
			first.ack(client)
		}
		first.close(client)
		next.close(client)
	}
}

func lacksRequest(c *capture, n int) {
	lacking(c, n, func(x *conn) {
		x.next[client] += uint32(len(getSlash))
		x.ack(server)
		x.awaits = true
	})
}

func lacksResponse(c *capture, n int) {
	lacking(c, n, func(x *conn) {
		x.say(client, getSlash)
		x.next[server] += uint32(len(nothing))
		x.ack(client)
	})
}

func fragmented(c *capture, n int) {
	lacking(c, n, func(x *conn) {
		whole := x.c.tcp(x.ends[client], x.ends[server], tcp{flags: psh | ack,
			seq: x.next[client], ack: x.next[server], data: []byte(getSlash)})
		whole[6] = 0x20 // more fragments follow
		x.c.packet(whole)
		x.next[client] += uint32(len(getSlash))
		x.ack(server)
		x.awaits = true
	})
}

// forgedResponse has a response in two versions, the first of which says close.
func forgedResponse(c *capture, n int) {
	const open = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"
	lacking(c, n, func(x *conn) {
		x.say(client, getSlash)
		x.forge(server, 0, psh|ack, strings.Replace(open, "keep-alive", "close     ", 1))
		x.say(server, open)
		x.ack(client)
	})
}

// forgedRequest has a request in two versions, the first of which is for another name.
func forgedRequest(c *capture, n int) {
	lacking(c, n, func(x *conn) {
		x.forge(client, 0, psh|ack, strings.Replace(getSlash, "a.example", "b.example", 1))
		x.say(client, getSlash)
		x.say(server, nothing)
		x.ack(client)
	})
}

// notKnown is the verdict of which nothing follows, whatever is said of single connections.
const notKnown = "not-known"

// nothingCertain holds where the capture lacks what would tell why the second connections were opened.
func nothingCertain(m *measure) error {
	t := &m.Totals
	if t.Connections != int64(2*m.n) || m.Verdict != notKnown && m.certain["missed"]+m.certain["concurrent"] > 0 {
		return fmt.Errorf("%d connections, certain %v", t.Connections, m.certain)
	}
	return nil
}

// between has one client that closes each of its 20 connections after use, and others that are
// refused meanwhile.
func between(c *capture, n int) {
	const used = 20
	refused := 0
	for i := range used {
		c.step = millisecond
		x := c.open(endpoint{firstServer + 1000, uint16(4000 + i)}, web)
		x.exchange()
		x.close(client)
		c.at += second
		c.step = 10 * microsecond
		for ; refused < (i+1)*n/used; refused++ {
			c.refuse(endpoint{firstClient + uint32(refused), 4000}, web, uint32(refused)*7919)
		}
	}
}

func clientClosed(m *measure) error {
	if m.Verdict != "not-reused" || m.Totals.Avoidable != 19 {
		return fmt.Errorf("%d avoidable, want 19", m.Totals.Avoidable)
	}
	return nil
}

func namesOfOne(c *capture, n int) {
	for i := range n {
		x := c.open(from(i%ports), web)
		x.ask(ofHost(i))
		x.close(client)
		c.at += millisecond
	}
}

// comeBack has n clients use and close a connection each, and then all of them another one, which was avoidable.
func comeBack(c *capture, n int) {
	for range 2 {
		for i := range n {
			x := c.open(endpoint{firstClient + uint32(i), uint16(4000 + c.n%2000)}, web)
			x.exchange()
			c.at += second / 10
			x.close(client)
		}
	}
}

// notJudgedAnew reports an error where what was forgotten makes a verdict better than what was seen: what is left must be
// avoidable, or not known.
func notJudgedAnew(m *measure) error {
	if v := m.Verdict; v != "not-reused" && v != "not-known" {
		return fmt.Errorf("%d of %d connections avoidable", m.Totals.Avoidable, m.Totals.Used)
	}
	return nil
}

func unfinished(c *capture, n int) {
	for i := range n {
		x := c.open(from(i%ports), endpoint{firstServer + uint32(i/ports), 80})
		x.say(client, "GET / HTTP/1.1\r\nHost: a.example\r\nX: ")
	}
}

func noneAvoidable(m *measure) error {
	if m.Verdict != notKnown && m.Totals.Avoidable != 0 {
		return fmt.Errorf("%d avoidable, want none", m.Totals.Avoidable)
	}
	return nil
}

// clock returns what writes clients that leave a connection idle and use another one, by a clock
// that is a function of the packet's number and its true time.
func clock(of func(n, at int64) int64) func(w io.Writer, n int) error {
	return func(w io.Writer, n int) error {
		c := newCapture(w)
		c.section()
		c.iface()
		c.clock, c.step = of, millisecond
		for i := range n {
			addr := firstClient + uint32(i)
			first := c.open(endpoint{addr, 4000}, web)
			first.exchange()
			first.exchange()
			c.at += second
			next := c.open(endpoint{addr, 4001}, web)
			next.exchange()
			next.close(server)
			first.close(server)
		}
		return c.w.Flush()
	}
}

const year = 365 * 24 * 3600 * second

func still(_, _ int64) int64     { return epoch }
func jumping(n, at int64) int64  { return at - epoch + n/12%2*250*year }
func reversed(_, at int64) int64 { return epoch - (at - epoch) }
func erratic(n, at int64) int64  { return at + n%5*30*year }
func last(_, at int64) int64     { return math.MaxInt64 - epoch + at }

// notConcurrent holds where the clock tells nothing: in the order of the packets the first
// connection was idle, and nothing may be said against that, nor more than there is.
func notConcurrent(m *measure) error {
	t := &m.Totals
	if m.Verdict != notKnown && m.certain["concurrent"] > 0 || t.Avoidable > int64(m.n) || t.Connections != int64(2*m.n) {
		return fmt.Errorf("%d connections, %d avoidable, certain %v", t.Connections, t.Avoidable, m.certain)
	}
	if m.Verdict == "reused" || m.Verdict == "no-opportunity" || m.Verdict == "server-prevents" {
		return fmt.Errorf("%d of %d are avoidable", m.n, 2*m.n)
	}
	return nil
}
