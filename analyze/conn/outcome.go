package conn

import (
	"time"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// conclude decides what became of the transactions that have not ended, once
// the connection has.
func (x *httpTracker) conclude(at segment.Mark) {
	x.reviseStart()
	if x.tunnel != nil {
		x.tunnel.app.Close(0, at)
		x.tunnel.app.Close(1, at)
		defer x.tunnel.app.Release()
	}
	x.flushConnect()
	x.concludePending()
	x.concludeWaiting(at)
}

// concludePending decides of the responses that were captured to the last byte, but never acknowledged: if the
// client reset or had closed before, it did not read on.
func (x *httpTracker) concludePending() {
	c := x.conn
	client, server := &c.half[c.client], &c.half[1-c.client]
	for i := range x.pending {
		p := &x.pending[i]
		e := p.event
		left := client.SawRST || c.closing.By == event.Client && client.SawFIN && server.Flight() > 1
		switch {
		case e.Outcome != event.Complete:
		case !left && c.unanswered(server, client): // the client never had it, and still waits as far as it knows
			e.Outcome, e.Time, e.Packet = event.Unanswered, max(e.Time, c.env.Now.Time), max(e.Packet, c.env.Now.Packet)
			if c.closing.By != event.Nobody {
				e.Time, e.Packet = c.closing.At.Time, c.closing.At.Packet
			}
		case !left:
		case x.leftBeforeAnswer(e.N, p.askedEnd):
			x.noteGivenUp(p.asked, p.askedEnd)
			e.Outcome, e.Time, e.Packet = event.Unanswered, c.closing.At.Time, c.closing.At.Packet
		default:
			x.abandon(&e, p.began)
			if e.N == x.last.n {
				x.stopped = x.last.bytes
			}
		}
		c.emit(&e)
	}
	x.pending = x.pending[:0]
}

// concludeWaiting decides of the transactions that have no response, or none to its end, when the connection ended.
func (x *httpTracker) concludeWaiting(at segment.Mark) {
	c := x.conn
	client := &c.half[c.client]
	deadAt, isDead := c.dead()
	for _, t := range x.judgedApp().PayloadLayer().Waiting() {
		inside := t
		if x.judgesTunnel {
			t = x.tunnel.outside(t)
		}
		x.keep(inside, t.N)
		if t.N <= x.ignoredThrough {
			continue
		}
		if !t.HasStatus || x.leftBeforeAnswer(t.N, t.RequestEnd) {
			x.noteGivenUp(t.Start, t.RequestEnd)
		}
		e := event.Event{Kind: event.Answered, N: t.N, Time: at.Time, Packet: at.Packet,
			Outcome: event.Unanswered, Status: uint16(t.Status), Unserved: x.facts.leavesOut(t)}
		reading := t.HasStatus && !t.ResponseDone && !x.leftBeforeAnswer(t.N, t.RequestEnd)
		leaves := c.closing.By == event.Client
		switch {
		case isDead && !t.HasStatus:
			e.Dead = true
			e.Time, e.Packet = deadAt.Time, deadAt.Packet
		case reading && t.EventStream && leaves:
			e.Outcome = event.Consumed
			e.Time, e.Packet = c.closing.At.Time, c.closing.At.Packet
		case reading && (leaves || client.SawRST || client.Window.Known && client.Window.Offered == 0):
			x.abandon(&e, t.FirstByte)
			x.stopped = t.ResponseBytes
		case c.closing.By != event.Nobody:
			e.Time, e.Packet = c.closing.At.Time, c.closing.At.Packet
		default: // nothing ended it but that the capture did, or the connection was given up
			e.Time = max(e.Time, c.env.Now.Time)
		}
		c.emit(&e)
	}
}

// leftBeforeAnswer reports whether the client left without a byte of the answer to transaction n, whose
// request ended at asked, as what it acknowledged by then shows. An answer that crosses its FIN or RST was
// never there to be read; but one that it acknowledges after its FIN is read by a client that has closed one
// half only.
func (x *httpTracker) leftBeforeAnswer(n int32, asked segment.Mark) bool {
	c := x.conn
	return c.closing.By == event.Client && x.asked.n == n && !x.halfCloses(asked) && !c.clientHad.After(x.asked.after) &&
		!c.half[1-c.client].Una.After(x.asked.after) &&
		x.judgedApp().FinalLayer().Protocol() == app.HTTP1
}

// noteGivenUp notes it if the client has closed for want of an answer to a request. One that sends its
// FIN right after the request still waits: it closes one half. One whose request was never
// acknowledged though it was sent again had nobody to wait for.
func (x *httpTracker) noteGivenUp(start, end segment.Mark) {
	c := x.conn
	client := &c.half[c.client]
	switch {
	case c.closing.By != event.Client, c.closing.At.Time < end.Time, client.Unacked.Resends > 0:
	case !client.SawRST && x.halfCloses(end):
	default:
		x.facts.GivenUp.Add(start, end, c.closing.At)
	}
}

// halfCloses reports whether the client's FIN belongs to the request that ended at asked: it has no more to
// send, and still waits.
func (x *httpTracker) halfCloses(asked segment.Mark) bool {
	a, b := x.conn.shake.RTTs()
	return !x.conn.closing.Reset && x.conn.closing.At.Time.Sub(asked.Time) < max(promptly, 2*(a+b))
}

// promptly is how soon after a request a FIN belongs to it.
const promptly = 50 * time.Millisecond

// abandon makes e an abandoned transaction. The client stopped reading when its
// window last showed that it did, but not before there was something to read; or when
// it closed if that was earlier: a zero window shows itself only later.
func (x *httpTracker) abandon(e *event.Event, began segment.Mark) {
	c := x.conn
	client := &c.half[c.client]
	e.Outcome, e.Certain = event.Abandoned, true
	if client.Window.Known {
		e.Time, e.Packet = x.readAt, client.Window.MovedAt
		if began.Time > e.Time {
			e.Time, e.Packet = began.Time, began.Packet
		}
	}
	if c.closing.By == event.Client && c.closing.At.Time < e.Time {
		e.Time, e.Packet = c.closing.At.Time, c.closing.At.Packet
	}
}

// leastShown is what a client reads before its window must show it, where segments are
// longer (loopback's are): one as long as Ethernet's, in bytes.
const leastShown = 1460

// unread says what suggests that the last complete transaction was never read.
//
// The window does, whose right edge has not moved on by its bytes although the client spoke
// again when it closed; or it ended at half its size or less. A client that read on would have
// said so, but for less than a segment (RFC 9293 section 3.8.6.2.2); and macOS and Windows say
// nothing after much more.
//
// A RST does that ends the connection with all acknowledged, as Linux sends one for a socket
// that is closed with data unread (tcp_close, after RFC 1122 section 4.2.2.13); a program can
// always end by one, too.
func (x *httpTracker) unread() event.Unread {
	c := x.conn
	client, server, l := &c.half[c.client], &c.half[1-c.client], &x.last
	if l.n == 0 || !client.SawFIN && !client.SawRST || x.judgedApp().FinalLayer().Protocol() == app.HTTP2 {
		return event.Unread{}
	}
	w := &client.Window
	shows := l.hasAdvance && l.bytes >= max(x.leastShown(), int64(4<<w.Scale))
	moved := w.EdgeAdvance - l.advance
	read := shows && moved >= l.bytes && w.Offered == l.most && w.Most == l.most // else it may have grown with what it received
	u := event.Unread{N: l.n, Bytes: l.bytes, Shown: shows,
		ByWindow: shows && (moved < l.bytes/2 || 2*w.Offered <= w.Most),
		ByReset:  !read && c.closing.By == event.Client && c.closing.Reset && !server.SawFIN && server.Flight() == 0}
	if !u.ByWindow && !u.ByReset {
		return event.Unread{}
	}
	return u
}

// leastShown returns how many bytes a client reads before its window must show it.
func (x *httpTracker) leastShown() int64 {
	if client := &x.conn.half[x.conn.client]; client.HasMSS {
		return min(leastShown, int64(client.MSS))
	}
	return leastShown
}

// reads notes that the client's window has opened again by all of the last complete response,
// if it has: this client's windows show what it reads, of so much. One that has grown may have done so with
// what came, read or not (Linux's tcp_grow_window).
func (x *httpTracker) reads() {
	w, l := &x.conn.half[x.conn.client].Window, &x.last
	if l.hasAdvance && w.Known && l.bytes >= x.leastShown() && w.EdgeAdvance-l.advance >= l.bytes && 2*w.Offered > w.Most &&
		w.Most == l.most && (x.reopened == 0 || l.bytes < x.reopened) {
		x.reopened = l.bytes
	}
}
