package conn

import (
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// readySteps readies steps, which may have served another connection, where they are wanted; nil where not.
func readySteps(steps *tcp.Steps, wanted bool) *tcp.Steps {
	switch {
	case !wanted:
		return nil
	case steps == nil:
		return new(tcp.Steps)
	}
	steps.Reset()
	return steps
}

// noteStep notes what s adds to time-sequence graphs.
func (c *Conn) noteStep(s *segment.Segment, own, peer *Half, kind tcp.Kind) {
	if c.steps.Note(s, &own.Half, &peer.Half, kind); c.steps.Full() {
		if c.flushSteps(); c.steps.Full() { // nobody has sent anything yet: there is no picture in ACKs
			c.steps.Drop()
		}
	}
}

// flushSteps hands on what was noted, once it is known who the client is.
func (c *Conn) flushSteps() {
	if c.steps == nil || !c.opened {
		return
	}
	if list := c.steps.Take(); list != nil {
		c.sink.Steps(list)
	}
}
