package pool

import (
	"fmt"
	"time"

	"tcpwarm/capture/segment"
)

// A Decision says why a used connection was opened.
type Decision struct {
	Conn       int64
	From, To   segment.Endpoint // the client's and the server's
	At         segment.Time     // of the opening
	Pool       int64            // Judge.Number has its ID
	Cause      Cause
	InsteadOf  int64 // the connection that could have served, 0 if none
	Confidence Confidence
	Idle       time.Duration // how long that one had been idle, valid if HasIdle
	HasIdle    bool

	shard                                          *clientShard  // of its pool
	openPacket, endPacket, closePacket, lossPacket int64         // packets
	last                                           int32         // transaction of InsteadOf before
	inUse                                          int32         // transactions on InsteadOf then: it had room for another
	setupRoundTrips                                int32         // that Conn's handshakes took
	closedAfter, cost                              time.Duration // cost is how long they took
	closedByThen                                   bool          // InsteadOf was closed by then
	lossManner                                     closeManner
	onDemand                                       bool // and only when this connection was needed
	mayHideClose                                   bool // a message that could not be read may have said close: a request of Needed's, a response of Avoidable's
	perhapsNeeded                                  bool // it is one of its pool's Excused
	unanswered                                     bool // of InsteadOf's transaction no response was seen
	serverUnseen                                   bool // of Conn's server nothing was captured
	final                                          bool // nothing more can change it
}

// Packets returns the numbers of the packets that show it: of the opening, then
// of what led to it.
func (d *Decision) Packets() []int64 {
	list := []int64{d.openPacket}
	if d.InsteadOf != 0 {
		if d.endPacket != 0 {
			list = append(list, d.endPacket)
		}
		if d.closedByThen && d.closePacket != 0 {
			list = append(list, d.closePacket)
		}
	} else if d.lossPacket != 0 && d.lossPacket != d.openPacket {
		list = append(list, d.lossPacket)
	}
	return list
}

// Text gives the evidence in one sentence.
func (d *Decision) Text() string {
	idle := segment.Span(d.Idle)
	switch d.Cause {
	case Missed:
		if d.inUse > 0 {
			return fmt.Sprintf("#%d carried %d at that time and could have taken more: HTTP/2, with a limit of streams that was not reached (packet %d)", d.InsteadOf, d.inUse, d.openPacket)
		}
		s := fmt.Sprintf("#%d had been idle for %v: its response ended in packet %d, nothing was outstanding, and it was not closed before packet %d", d.InsteadOf, idle, d.endPacket, d.openPacket)
		if d.closePacket != 0 {
			s += fmt.Sprintf(" (it closed in packet %d)", d.closePacket)
		}
		return s
	case Undrained:
		if d.unanswered {
			return fmt.Sprintf("the client closed #%d without waiting for the answer to its request (transaction %d, in packet %d), so it could not be used again", d.InsteadOf, d.last, d.endPacket)
		}
		return fmt.Sprintf("the client stopped reading #%d before the end of its response (transaction %d, last seen in packet %d), so it could not be used again", d.InsteadOf, d.last, d.endPacket)
	case ClientSaidClose:
		return fmt.Sprintf("the request on #%d asked to close it: transaction %d, answered in packet %d", d.InsteadOf, d.last, d.endPacket)
	case ClientClosed:
		if d.mayHideClose {
			return fmt.Sprintf("the client closed #%d in packet %d, %v after its response (packet %d); whether that had said close could not be read", d.InsteadOf, d.closePacket, segment.Span(d.closedAfter), d.endPacket)
		}
		return fmt.Sprintf("the client closed #%d in packet %d, %v after its response (packet %d), unasked", d.InsteadOf, d.closePacket, segment.Span(d.closedAfter), d.endPacket)
	case ClientIdleTimeout:
		if d.onDemand {
			return fmt.Sprintf("the client closed #%d in packet %d, %v before it opened #%d and after %v idle (response in packet %d): it looked only when it needed a connection, so its limit is at most %v",
				d.InsteadOf, d.closePacket, segment.Span(d.Idle-d.closedAfter), d.Conn, segment.Span(d.closedAfter), d.endPacket, segment.Span(d.closedAfter))
		}
		return fmt.Sprintf("the client closed #%d in packet %d after %v idle (response in packet %d)", d.InsteadOf, d.closePacket, segment.Span(d.closedAfter), d.endPacket)
	case ServerClosed:
		if d.mayHideClose {
			return fmt.Sprintf("the server had closed one right after its response (packet %d); whether the request had asked for that could not be read", d.lossPacket)
		}
		return d.lossManner.text(d.lossPacket)
	case ServerSaidClose:
		return fmt.Sprintf("a response said close, or could only end by closing, though its request did not ask for it (packet %d)", d.lossPacket)
	case Reset:
		return fmt.Sprintf("the server reset a connection, or ended it with a request on it (packet %d)", d.lossPacket)
	case UsedUp:
		return fmt.Sprintf("a connection had become a tunnel, or was left on purpose (packet %d)", d.lossPacket)
	case Failed:
		return fmt.Sprintf("an attempt before was refused or never answered (packet %d)", d.lossPacket)
	case Concurrent:
		return "all connections were in use"
	case OtherAddress:
		return "the idle connections go to another address of the same name"
	case Early:
		return "it was opened before all others were in use"
	case Unknown:
		if d.serverUnseen {
			return "the capture has nothing of what its server sent, so whether another had become free is not known"
		}
		return "it was there before the capture began"
	}
	return "the first to this authority"
}

// text says how the server closed a connection in a packet.
func (m closeManner) text(packet int64) string {
	switch {
	case m.goAway && m.atOnce:
		return fmt.Sprintf("the server had ended a connection in use by GOAWAY (packet %d)", packet)
	case m.goAway:
		return fmt.Sprintf("the server had ended an idle connection by GOAWAY (packet %d)", packet)
	case m.atOnce:
		return fmt.Sprintf("the server had closed a connection right after its response, unasked (packet %d)", packet)
	}
	return fmt.Sprintf("the server had closed an idle connection, unasked (packet %d)", packet)
}

// RefutedBy says what would show the cause to be wrong, "" if nothing could.
func (d *Decision) RefutedBy() string {
	switch d.Cause {
	case Missed, ClientClosed, ClientIdleTimeout:
		return fmt.Sprintf("#%d and #%d belong to two programs", d.InsteadOf, d.Conn)
	case Undrained:
		return "the client aborted on purpose, which looks the same"
	case ServerClosed:
		if d.mayHideClose {
			return "the request asked for it"
		}
	}
	return ""
}
