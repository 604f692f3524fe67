package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// A Conn is what findings need to know of one connection. Marks with packet 0
// did not happen.
type Conn struct {
	ID             int64
	Client, Server segment.Addr
	Port           uint16 // the server's
	Transactions   int64
	RTT            time.Duration // of the handshake, 0 if not known

	ClosedBy             event.Side
	Reset                bool
	Closed               segment.Mark // the first FIN or RST
	ClientRST, ServerRST bool

	TLS Handshake

	FirstEnd         segment.Mark // last byte of the first response that ended
	LastEnd          segment.Mark // last byte of the latest complete response
	LastPromised     bool         // request and response of it promised persistence
	LastComplete     bool         // no transaction was left without its response's end
	Ignored          segment.Mark // the latest request, sent after LastEnd, if it has no whole response
	SaidClose        segment.Mark // a response that said close ...
	ReusedAfterClose segment.Mark // ... and the request that followed it all the same
	StaleRequest     segment.Mark // a request sent after the server's FIN

	SYN     segment.Mark // the latest that the client sent before the answer, where it was not its first
	Restart IdleRestart  // the first
	Pace    Pace         // of the direction that carries the content

	First   segment.Mark
	Missing int64 // bytes of both directions that the capture lacks
	OneWay  bool  // the capture has only one direction
	Midway  bool  // the capture began after it
}

// A Handshake is TLS's.
type Handshake struct {
	Seen    bool // both hellos: there is TLS, and the rest is sure
	Resumed bool // the server took up a session
	Asks    bool // the client would have a ticket
	Takes   bool // the client would have one taken up
	Gives   bool // the server gave one to take up later
	Read    bool // else Gives may be hidden
	Name    string
	Who     event.Who // whose it is, of those at the client's address
}

// Evidence is what a finding rests on.
type Evidence struct {
	Packets    []int64 // numbered from 1 over the whole capture
	Text       string
	Confidence pool.Confidence
}

// A connRule finds at most one thing on a connection.
type connRule struct {
	id       string
	holds    func(*Conn) bool
	evidence func(*Conn) Evidence // asked only where it holds, and few of many are kept
}

var connRules = []connRule{
	{"header-lies", headerLies, headerEvidence},
	{"stale-reuse-race", staleReuse, staleEvidence},
	{"syn-resent", synResent, synEvidence},
	{"window-lost-after-idle", windowLost, windowEvidence},
	{"receiver-limited", receiverLimited, receiverEvidence},
	{"sender-idle", senderIdle, senderEvidence},
	{"lossy", lossy, lossyEvidence},
	{"nagle-delayed-ack", nagle, nagleEvidence},
}

// headerLies: persistence promised by both sides, but closed within a round
// trip of the response, by a client of its only one; or close said, then reused.
func headerLies(c *Conn) bool {
	switch {
	case c.ReusedAfterClose.Packet != 0:
		return true
	case c.ClosedBy == event.Nobody || !c.LastPromised || !c.LastComplete || c.LastEnd.Packet == 0:
		return false
	case c.ClosedBy == event.Client && c.Transactions > 1:
		return false // it did use the connection again; now it is done
	}
	idle := c.Closed.Time.Sub(c.LastEnd.Time)
	return 0 <= idle && idle <= max(c.RTT, time.Millisecond)
}

func headerEvidence(c *Conn) Evidence {
	if c.ReusedAfterClose.Packet != 0 {
		return Evidence{Packets: []int64{c.SaidClose.Packet, c.ReusedAfterClose.Packet}, Confidence: pool.Certain,
			Text: fmt.Sprintf("#%d: the response that ended in packet %d said close, yet packet %d asked again on it",
				c.ID, c.SaidClose.Packet, c.ReusedAfterClose.Packet)}
	}
	sure := pool.Certain
	if c.ClosedBy == event.Client {
		sure = pool.Likely // a program that ends closes all
	}
	return Evidence{Packets: []int64{c.LastEnd.Packet, c.Closed.Packet}, Confidence: sure,
		Text: fmt.Sprintf("#%d: both sides promised persistence, but the %s closed in packet %d, %v after the response ended in packet %d",
			c.ID, sideName(c.ClosedBy), c.Closed.Packet, segment.Span(c.Closed.Time.Sub(c.LastEnd.Time)), c.LastEnd.Packet)}
}

// staleReuse: request bytes cross or follow the server's FIN and are answered by
// a reset.
func staleReuse(c *Conn) bool {
	return c.StaleRequest.Packet != 0 && c.ClosedBy == event.Server && c.ServerRST
}

func staleEvidence(c *Conn) Evidence {
	return Evidence{Packets: []int64{c.Closed.Packet, c.StaleRequest.Packet}, Confidence: pool.Certain,
		Text: fmt.Sprintf("#%d: the server closed in packet %d, the request in packet %d came too late and was reset",
			c.ID, c.Closed.Packet, c.StaleRequest.Packet)}
}

func sideName(s event.Side) string {
	if s == event.Client {
		return "client"
	}
	return "server"
}
