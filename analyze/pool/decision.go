package pool

import (
	"fmt"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Decision says why a used connection was opened.
type Decision struct {
	Conn       int64            // the connection
	From, To   segment.Endpoint // the client's and the server's
	At         segment.Time     // of the opening, by the capture's clock
	Pool       int64            // Judge.PoolID has its ID
	Cause      Cause
	InsteadOf  int64 // the connection that could have served, 0 if none
	Confidence Confidence
	Idle       time.Duration // how long that one had been idle, valid if HasIdle
	HasIdle    bool
	Nth        int64 // of its pool's avoidable ones, as they became final; 0: it is not avoidable

	evidence
	shard           *clientShard  // of its pool, valid if final
	awaits          [2]*Conn      // InsteadOf and Conn, while what they do may change the decision
	setupTime       time.Duration // how long Conn's handshakes took
	setupRoundTrips int32         // that they took
	perhapsNeeded   bool          // it counts in its pool's PerhapsNeeded
	final           bool          // nothing more can change it
	browser         bool          // it was missed by a browser, which keeps connections apart
}

// Evidence is what a decision rests on.
type evidence struct {
	openPacket int64         // Conn's first
	opened     segment.Time  // when Conn was, on the client's clock
	at         segment.Time  // when one was needed
	needPacket int64         // of Conn's first request, if Conn had been opened ahead of that, else 0
	needed     time.Duration // how long before
	lossPacket int64         // that shows the loss which made Conn necessary, 0: none
	lossManner closeManner

	instead

	obeyed bool // the client closed one when the server had announced that it would, or is seen to
	seen   Idle // that, For is 0: it had announced it

	tooLate      bool // the server would have ended InsteadOf by then, as it is seen to, or else as it had announced
	mayBeTooLate bool // it may have: it is seen to once

	mayBeFree    bool // the capture lacks bytes that its pool's server sent: the end of a response may be among them
	serverUnseen bool // of Conn's server nothing is in the capture
	gaps         bool // the capture lacks bytes of InsteadOf: it may have been in use
	inconsistent bool // bytes of Conn or InsteadOf came in two versions
	mayHaveAsked bool // the request on InsteadOf may have asked for its end: it was not all read
	mayHideClose bool // what was not read may have said close: a request, or if Conn was avoidable a response
}

// Instead is what is known of InsteadOf, and of the transaction before on it.
type instead struct {
	firstPacket  int64         // of InsteadOf
	endPacket    int64         // of the transaction
	last         int32         // its number
	unread       event.Unread  // what suggests that it was never read
	unanswered   bool          // the client closed without waiting for an answer
	inUse        int32         // transactions on it then: it had room for another
	freedAt      segment.Time  // when it became idle
	closePacket  int64         // 0: not closed, or not yet
	closedAfter  time.Duration // how long it had idled when it was closed, valid if closedByThen
	left         int32         // how many of the client's idled on then, if it may keep no more; 0: it was not for that
	atLimit      bool          // left is all that it keeps
	closedByThen bool          // the client had closed it when Conn was opened, or did then
	onDemand     bool          // the client closed it because it wanted one
	announced    time.Duration // the timeout that its server had announced, 0: none
	dead         bool          // it was, by the time when one was needed
	diesNext     bool          // it was when it was used next, and may have been by then
	otherUser    bool          // it was tied to a user, and Conn is, perhaps to another
	mayBeUnread  bool          // the client reset it with all acknowledged, as one does that leaves data unread
	refused      bool          // its server had just refused a stream on it: whether it would have taken this one is not known
	status       uint16        // of the transaction's response
}

// newDecision returns what can be said of an opening before it is judged.
func (p *Pool) newDecision(a action) Decision {
	c := a.conn
	d := Decision{Conn: c.id, From: c.client(), To: c.server(), At: c.opened, Pool: p.serial, Confidence: Certain,
		setupRoundTrips: c.setupRoundTrips, setupTime: c.setupCost().Time,
		evidence: evidence{openPacket: a.packet, serverUnseen: c.serverUnseen}}
	if a.occ.ahead {
		d.openPacket, d.needPacket, d.needed = c.packet, a.packet, a.at.Sub(c.neededAt())
	}
	return d
}

// insteadOf says that t could have served, of which one more transaction is in use by now,
// and what had become of its connection.
func (d *Decision) insteadOf(t *token, at, opened segment.Time) {
	c := t.conn
	d.InsteadOf, d.firstPacket, d.inUse = c.id, c.packet, t.inUse-1
	d.Idle, d.HasIdle = max(0, at.Sub(t.freedAt)), t.inUse == 1
	d.last, d.endPacket, d.closePacket, d.status = t.last.n, t.last.endPacket, c.closePacket, t.last.status
	d.freedAt, d.opened, d.announced = t.freedAt, opened, t.last.announced
	d.at = at
	if c.closedByClient(at) {
		d.closedAfter, d.closedByThen, d.left = max(0, c.closedAt.Sub(t.freedAt)), true, c.left
	}
	likely := c.inferred
	switch d.Cause = t.becameOf(at, opened); d.Cause {
	case ClientIdleTimeout:
		if c.closedFor(opened, t.freedAt) {
			d.closedAtNeed(c)
		}
	case Undrained:
		likely = likely || !t.last.certain
	case ClientClosed:
		d.unanswered = t.last.outcome == event.Unanswered
		d.mayHideClose = t.last.mayHideClose
		d.perhapsNeeded = d.mayHideClose && c.inferred // of a head that was cut off what was read counts
		d.mayHaveAsked = t.last.mayHaveAsked
		likely = likely || d.mayHideClose || d.mayHaveAsked
	case Missed:
		d.refused = t.last.refused
		likely = likely || d.refused || c.clockOffset > time.Millisecond || // what the client had been told is an estimate
			at.Sub(t.roomSince()) < max(returnTime, 2*c.rtt)
	}
	if likely {
		d.Confidence = Likely
	}
}

// firstRTO is when a SYN is sent again that was not answered (RFC 6298 section 2): so much earlier at most was it
// sent where only the answer was captured.
const firstRTO = time.Second

// closedAtNeed says that the client closed r because it wanted a connection, found r too old,
// and opened another.
func (d *Decision) closedAtNeed(r *Conn) {
	d.onDemand, d.closedByThen, d.closedAfter = true, true, max(0, r.closedAt.Sub(d.freedAt))
}

// Provoked reports whether the server had ended a connection by a GOAWAY that says the client did wrong.
func (d *Decision) Provoked() bool { return d.lossManner.blamed }

// LeftInUse reports whether the server had ended a connection in use by GOAWAY, without naming an error.
func (d *Decision) LeftInUse() bool {
	m := &d.lossManner
	return d.Cause == ServerClosed && m.goAway && !m.blamed && (m.atOnce || m.left)
}

// FirstPackets returns the first packets of Conn and of InsteadOf, 0 where there is none.
func (d *Decision) FirstPackets() (conn, insteadOf int64) { return d.openPacket, d.firstPacket }

// Packets returns the numbers of the packets that show why: of the opening, then of what led
// to it.
func (d *Decision) Packets() []int64 {
	list := []int64{d.openPacket}
	if d.Cause == OpenedAhead {
		list = append(list, d.needPacket)
	}
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
	if d.Cause.Avoidable() {
		text := d.avoidableText()
		if d.otherUser {
			text += "; but that was tied to a user by NTLM or Negotiate, and whether this one is for the same is not known"
		}
		if d.diesNext {
			text += fmt.Sprintf("; but when #%d was used next it was dead, and may have been already", d.InsteadOf)
		}
		if d.refused {
			text += fmt.Sprintf("; but its server had refused transaction %d on it by REFUSED_STREAM (packet %d), "+
				"and may have taken no more", d.last, d.endPacket)
		}
		if d.mayBeUnread {
			text += "; but the client reset it with all acknowledged, as one does that leaves data unread: " +
				"its response may not have been read"
		}
		if d.inconsistent {
			text += "; but segments may be forged, or repeat other bytes at the same sequence numbers: which were taken is not known"
		}
		if d.gaps {
			text += "; but the capture lacks bytes of it: it may have been in use"
		}
		return text
	}
	return d.neededText()
}

// tooLateText says that the server would have ended the connection that could have served.
func (d *Decision) tooLateText() string {
	ends := fmt.Sprintf("announces that it ends idle ones after %v (Keep-Alive: timeout=%d)", d.announced, d.announced/time.Second)
	if d.seen.For > 0 {
		ends = fmt.Sprintf("is seen to end idle ones after %v (packet %d)", segment.Span(d.seen.For), d.seen.Packet)
	}
	return fmt.Sprintf("#%d would have idled for %v (its response ended in packet %d), and the server %s, whatever the client "+
		"had done to it", d.InsteadOf, segment.Span(d.Idle), d.endPacket, ends)
}

// avoidableText says what had become of the connection that could have served.
func (d *Decision) avoidableText() string {
	switch d.Cause {
	case Undrained:
		switch {
		case d.unread.ByReset && d.Confidence == Likely:
			return fmt.Sprintf("the client reset #%d (packet %d) though it had acknowledged all of its response (transaction %d, ended "+
				"in packet %d), and ends others by FIN: so does one that leaves data unread",
				d.InsteadOf, d.closePacket, d.last, d.endPacket)
		case d.unread.ByWindow && d.Confidence == Likely:
			return fmt.Sprintf("the client's receive window on #%d stayed reduced by its response (transaction %d, ended in packet %d), "+
				"and opens again after others of that size: it was not read", d.InsteadOf, d.last, d.endPacket)
		case d.unread.ByStops && d.Confidence == Likely:
			return fmt.Sprintf("the client reset #%d (packet %d) though it had acknowledged all of its response (transaction %d, ended "+
				"in packet %d), as it reset others in the middle of theirs with no more of it: so does one that leaves data unread",
				d.InsteadOf, d.closePacket, d.last, d.endPacket)
		}
		return fmt.Sprintf("the client stopped reading #%d before the end of its response "+
			"(transaction %d, last seen in packet %d), so it could not be used again", d.InsteadOf, d.last, d.endPacket)
	case ClientSaidClose:
		return fmt.Sprintf("the request on #%d asked to close it: transaction %d, answered in packet %d",
			d.InsteadOf, d.last, d.endPacket)
	case ClientClosed:
		if d.unanswered {
			return fmt.Sprintf("the client closed #%d in packet %d without waiting for the answer to transaction %d: in HTTP/2 "+
				"it could have taken back that request alone", d.InsteadOf, d.closePacket, d.last)
		}
		if d.atLimit {
			return fmt.Sprintf("the client closed #%d in packet %d after %v idle (response in packet %d), when another came: "+
				"over all servers it keeps %d", d.InsteadOf, d.closePacket, segment.Span(d.closedAfter), d.endPacket, d.left)
		}
		how := ", unasked"
		if d.mayHideClose {
			how = "; whether that had said close could not be read"
		} else if d.mayHaveAsked {
			how = "; whether its request had asked for that could not be read"
		}
		if d.closePacket < d.endPacket {
			return fmt.Sprintf("the client closed #%d in packet %d, before its response had come (packet %d)%s",
				d.InsteadOf, d.closePacket, d.endPacket, how)
		}
		return fmt.Sprintf("the client closed #%d in packet %d, %v after its response (packet %d)%s",
			d.InsteadOf, d.closePacket, segment.Span(d.closedAfter), d.endPacket, how)
	case OpenedAhead:
		return d.aheadText()
	case ClientIdleTimeout:
		if d.onDemand {
			return fmt.Sprintf("the client closed #%d in packet %d, when it wanted a connection and opened this one, after %v idle "+
				"(response in packet %d): it looks at its pool only then, so its limit is at most %v",
				d.InsteadOf, d.closePacket, segment.Span(d.closedAfter), d.endPacket, segment.Span(d.closedAfter))
		}
		return fmt.Sprintf("the client closed #%d in packet %d after %v idle (response in packet %d)",
			d.InsteadOf, d.closePacket, segment.Span(d.closedAfter), d.endPacket)
	}
	return d.missedText()
}

// aheadText says that the connection which could have served was idle when Conn, idle too, was
// used at last.
func (d *Decision) aheadText() string {
	which := fmt.Sprintf("#%d was idle too (its response ended in packet %d)", d.InsteadOf, d.endPacket)
	if d.inUse > 0 {
		which = fmt.Sprintf("#%d carried %d and could have taken more", d.InsteadOf, d.inUse)
	}
	return fmt.Sprintf("it was opened %v before its first request (packet %d), and then %s",
		segment.Span(d.needed), d.needPacket, which)
}

// missedText says that the connection which could have served was idle, or had room.
func (d *Decision) missedText() string {
	if d.inUse > 0 {
		return fmt.Sprintf("#%d carried %d at that time and could have taken more: HTTP/2, with a limit of streams "+
			"that was not reached (packet %d)", d.InsteadOf, d.inUse, d.openPacket)
	}
	s := fmt.Sprintf("#%d had been idle for %v: its response ended in packet %d, nothing was outstanding, "+
		"and it was not closed before packet %d", d.InsteadOf, segment.Span(d.Idle), d.endPacket, d.openPacket)
	if d.closePacket != 0 {
		s += fmt.Sprintf(" (it closed in packet %d)", d.closePacket)
	}
	return s
}

// MayBeFree says why Concurrent is no more than Likely in a pool of which the capture lacks bytes that the
// server sent.
const MayBeFree = "all connections were in use; but the capture lacks bytes that the server sent: one may have been free"

// neededText says why the ideal client opened a connection too.
func (d *Decision) neededText() string {
	switch d.Cause {
	case ServerClosed:
		switch {
		case d.tooLate:
			return d.tooLateText()
		case d.obeyed && d.seen.For > 0:
			return fmt.Sprintf("the client closed #%d in packet %d after %v idle, as the server is seen to do "+
				"(after %v, packet %d)", d.InsteadOf, d.closePacket, segment.Span(d.closedAfter), segment.Span(d.seen.For), d.seen.Packet)
		case d.obeyed:
			return fmt.Sprintf("the client closed one after %v idle (packet %d), when the server had announced that it would: "+
				"Keep-Alive: timeout=%d", segment.Span(d.closedAfter), max(d.lossPacket, d.closePacket), d.announced/time.Second)
		case d.mayHideClose:
			return fmt.Sprintf("the server had closed one right after its response (packet %d); "+
				"whether the request had asked for that could not be read", d.lossPacket)
		}
		return d.lossManner.text(d.lossPacket)
	case ServerSaidClose:
		return fmt.Sprintf("a response said close, or could only end by closing, "+
			"though its request did not ask for it (packet %d)", d.lossPacket)
	case Reset:
		if d.lossManner.blamed {
			return d.lossManner.text(d.lossPacket)
		}
		return fmt.Sprintf("the server reset a connection, or ended it with a request on it (packet %d)",
			d.lossPacket)
	case UsedUp:
		return fmt.Sprintf("a connection had become a tunnel, or was left on purpose (packet %d)", d.lossPacket)
	case Failed:
		return fmt.Sprintf("an attempt before was refused or never answered (packet %d)", d.lossPacket)
	case RequestAbandoned:
		return fmt.Sprintf("the client gave up on a request of which no head of the final response had come, "+
			"and HTTP/1 cannot go on with its connection then (packet %d)", d.lossPacket)
	case Concurrent:
		if d.mayBeFree {
			return MayBeFree
		}
		return "all connections were in use"
	case OtherAddress:
		return "the idle connections go to another address of the same name"
	case SilentDrop:
		if d.InsteadOf != 0 {
			return fmt.Sprintf("#%d was dead: what the client sent on it was sent again and never acknowledged", d.InsteadOf)
		}
		return fmt.Sprintf("a connection was dead: what the client sent in packet %d was sent again and never acknowledged, "+
			"while the server answered on another", d.lossPacket)
	case Bound:
		return "the idle connections are tied to a user by NTLM or Negotiate, and this one was authenticated anew, as for another"
	case Early:
		return "it was opened before all others were in use"
	case Unknown:
		if d.serverUnseen {
			return "the capture has nothing of what its server sent, " +
				"so whether another had become free is not known"
		}
		return "it was there before the capture began"
	}
	return "the first to this authority"
}

// text says how the server closed a connection in a packet.
func (m closeManner) text(packet int64) string {
	switch {
	case m.blamed:
		return fmt.Sprintf("the server had ended a connection by GOAWAY, for what it calls the client's error (packet %d)", packet)
	case m.left:
		return fmt.Sprintf("the server had ended a connection in use by GOAWAY, which left out what was asked last: that can be "+
			"asked again (packet %d)", packet)
	case m.goAway && m.atOnce:
		return fmt.Sprintf("the server had ended a connection in use by GOAWAY (packet %d)", packet)
	case m.goAway:
		return fmt.Sprintf("the server had ended an idle connection by GOAWAY (packet %d)", packet)
	case m.unseen:
		return fmt.Sprintf("the server had closed a connection, unasked, by a FIN that the capture lacks "+
			"(packet %d acknowledges it)", packet)
	case m.atOnce:
		return fmt.Sprintf("the server had closed a connection right after its response, unasked (packet %d)", packet)
	}
	return fmt.Sprintf("the server had closed an idle connection, unasked (packet %d)", packet)
}

// RefutedBy says what would show that the cause is another, "" if nothing could.
func (d *Decision) RefutedBy() string {
	if d.mayBeTooLate && d.Cause.Avoidable() {
		return fmt.Sprintf("the server would have ended #%d by then, as it ended another after %v idle (packet %d)",
			d.InsteadOf, segment.Span(d.seen.For), d.seen.Packet)
	}
	switch d.Cause {
	case Missed, ClientClosed, ClientIdleTimeout, OpenedAhead:
		if d.otherUser {
			return fmt.Sprintf("#%d and #%d are two users'", d.InsteadOf, d.Conn)
		}
		if d.browser {
			return fmt.Sprintf("the browser keeps #%d and #%d apart: by credentials, by site, or by proxy", d.InsteadOf, d.Conn)
		}
		return fmt.Sprintf("#%d and #%d belong to two programs", d.InsteadOf, d.Conn)
	case Undrained:
		return "the client aborted on purpose, which looks the same"
	case Bound:
		return "both users are one"
	case ServerClosed:
		switch {
		case d.tooLate && d.seen.For == 0:
			return "the server keeps idle connections longer than it announces"
		case d.mayHideClose:
			return "the request asked for it"
		}
	}
	return ""
}
