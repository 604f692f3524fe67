package conn

import (
	"unsafe"

	"tcpwarm/capture/segment"
)

// Memory returns how many bytes c takes: itself and what it holds, but for its Identity.
func (c *Conn) Memory() int {
	n := int(unsafe.Sizeof(*c)) + cap(c.syns)*int(unsafe.Sizeof(markedSYN{})) + cap(c.history.letters)
	n += c.app.Memory() + c.http.memory() + c.reset.memory()
	if c.steps != nil {
		n += c.steps.Memory()
	}
	for d := range c.half {
		h := &c.half[d]
		n += h.stream.Memory() + h.Half.Memory()
		if v := c.views[d]; v != nil {
			n += v.Memory()
		}
	}
	return n
}

// memory returns how many bytes r holds.
func (r *pendingReset) memory() int {
	return r.bytes + (cap(r.held)+cap(r.rest))*int(unsafe.Sizeof(heldBack{}))
}

// memory returns how many bytes x holds.
func (x *httpTracker) memory() int {
	n := cap(x.records)*int(unsafe.Sizeof(Record{})) + x.text + x.starts.memory()
	if cap(x.pending) > len(x.room) {
		n += cap(x.pending) * int(unsafe.Sizeof(pending{}))
	}
	if x.connect != nil {
		n += int(unsafe.Sizeof(*x.connect))
	}
	if t := x.tunnel; t != nil {
		n += int(unsafe.Sizeof(*t)) + t.app.Memory() + cap(t.records)*int(unsafe.Sizeof(Record{}))
	}
	return n
}

// HalfOpen reports whether all that was seen of c is a SYN, sent once or more.
func (c *Conn) HalfOpen() bool {
	a, b := &c.half[0], &c.half[1]
	return a.Packets == 0 && b.SawSYN && b.PayloadBytes == 0 || b.Packets == 0 && a.SawSYN && a.PayloadBytes == 0
}

// GiveUpWaiting frees what waits for bytes that are missing: they are taken not to come. What is known of
// windows and of segments is handed on.
func (c *Conn) GiveUpWaiting(at segment.Mark) {
	for _, d := range c.bothSides() {
		c.half[d].stream.GiveUpHoles(at, &c.half[d])
		if c.half[d].View != nil {
			c.flushSamples(segment.Dir(d))
		}
	}
	c.flushSteps()
}
