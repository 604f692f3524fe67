package pool

import "slices"

const inferredOnly = "its transactions are inferred from encrypted records and can only be bounded"

// verdict says how well p reuses its connections, from its sums, and where that is not
// known why. An avoidable connection counts whatever else is not known; but for bounds that
// leave open whether it was one.
func (p *Pool) verdict() (v Verdict, why string) {
	if why := p.unsure(); why != "" {
		return NotKnown, why
	}
	switch {
	case p.boundsLeaveReuseOpen():
		return NotKnown, inferredOnly
	case p.Avoidable > 0 && p.Avoidable == p.PerhapsNeeded.Sum() && p.contradicted():
		return NotKnown, p.contradiction()
	case p.Avoidable > 0 && p.Avoidable == p.PerhapsNeeded.Sum() && p.Gaps+p.ServerGaps > 0:
		return NotKnown, "the capture lacks bytes of connections that seem to have been idle: requests or responses may hide there"
	case p.Avoidable > 0 && p.Avoidable == p.PerhapsNeeded.Sum() && p.conns.diedNext > 0:
		return NotKnown, "connections that seem to have been idle were dead when they were used next: since when is not known"
	case p.Avoidable > 0 && p.Avoidable == p.PerhapsNeeded.Sum() && p.conns.otherUser > 0:
		return NotKnown, "its connections were tied to users by NTLM or Negotiate; whether the next was for another user is not known"
	case p.Avoidable > 0 && p.Avoidable == p.PerhapsNeeded.Sum() && p.conns.refused > 0:
		return NotKnown, "the server refused streams where its settings left room: whether it would have taken more is not known"
	case p.Avoidable > 0 && p.Avoidable == p.PerhapsNeeded.Sum():
		return NotKnown, "the client closed right after answers that could not be read: they may have said close"
	case p.Avoidable > 0 && p.Reused > 0:
		return PartlyReused, ""
	case p.Avoidable > 0:
		return NotReused, ""
	}
	if why := p.evidenceMissing(); why != "" {
		return NotKnown, why
	}
	switch {
	case p.Reused > p.ReusedUnanswered:
		return Reused, ""
	case p.MaxUnder > 0:
		return NotKnown, inferredOnly
	case p.endedByServer() > 0:
		return ServerPrevents, ""
	}
	return NoOpportunity, ""
}

const contradicted = "segments may be forged, or repeat other bytes at the same sequence numbers: " +
	"which were taken is not known, nor which pool they are of"

const garbled = "where a request or a response should begin its connections carried bytes that are no HTTP message: " +
	"what was asked and answered there is not known"

// contradiction says what contradicted reports.
func (p *Pool) contradiction() string {
	if p.Inconsistent > 0 && p.Inconsistent == p.Garbled {
		return garbled
	}
	return contradicted
}

// contradicted reports whether bytes of p's connections came in two versions, or of another connection of its client
// to the same server, which may be p's.
func (p *Pool) contradicted() bool {
	return p.Inconsistent > 0 || slices.ContainsFunc(p.clientServers, func(cs *clientServer) bool { return cs.inconsistent })
}

// unsure says why nothing that p came to is sure, not even that connections were avoidable; ""
// if nothing is against it.
func (p *Pool) unsure() string {
	switch {
	case p.ambiguousClient():
		return "more clients were seen at its address than are told apart"
	case p.moreNames:
		return "more names were seen at its address than are told apart"
	case p.Untimed > 0 && p.Used > 1:
		return "packets of its connections have no time, or one far before or years after an earlier packet's"
	case p.OutOfOrder > 0:
		return "more was waiting to be judged than is kept: what came first was not always known"
	}
	return ""
}

// lacksPast reports whether connections that its client had before might have served it.
func (p *Pool) lacksPast() bool { return p.cameBack && p.Used+p.Opaque > 0 }

// withhold says that p's verdict is not known, and what its connections may have been then.
func (p *Pool) withhold(why string) {
	if p.unsure() != "" {
		p.PerhapsNeeded = p.Causes.avoidable()
	}
	p.Verdict, p.WithheldBecause = NotKnown, why
	p.Unjudged = p.Needed - p.PerhapsAvoidable
	if !p.lacksPast() { // its first was needed
		p.Unjudged--
	}
	p.Unjudged = max(0, p.Unjudged)
}

// boundsLeaveReuseOpen reports whether transactions that may not have been there decide
// whether connections were avoidable, or whether any transaction was reused.
func (p *Pool) boundsLeaveReuseOpen() bool {
	return p.MaxOver > 0 && (p.Avoidable > 0 || p.Reused <= p.MaxOver)
}

// evidenceMissing says what the capture lacks to say that nothing was avoidable, "" if
// nothing.
func (p *Pool) evidenceMissing() string {
	switch several := p.Used > 1; {
	case p.Snapped > 0:
		return "the capture's snap length cut off what its connections carried"
	case p.Opaque > p.Gaps:
		return "what its connections carried is encrypted"
	case p.Gaps > 0:
		return "the capture lacks bytes that the client sent: requests may hide there"
	case p.contradicted():
		return p.contradiction()
	case p.ServerGaps > 0 && several:
		return "the capture lacks bytes that the server sent: responses, or their ends, may hide there"
	case p.conns.serverUnseen > 0 && several:
		return "the capture lacks what the server sent"
	case p.lacksPast():
		return "its client had been seen before: what it had then is not kept, for there were too many"
	case p.conns.wentOn > 0 && several:
		return "some of its connections went on behind a FIN or RST that had seemed to end them"
	case p.GivenUp > 0 && several:
		return "some of its connections were given up, for there were too many: what came of them is not known"
	case p.conns.midstream > 0 && several:
		return "some connections were opened before the capture began"
	case p.PerhapsAvoidable > 0:
		return "the server closed right after its answers; whether the requests asked for that could not be read"
	case p.NotHTTP > 0 && p.Used == 0 && p.Spoken != "":
		return "its connections carried " + p.Spoken + ", not HTTP"
	case p.NotHTTP > 0 && p.Used == 0:
		return "what its connections carried is not HTTP"
	}
	return ""
}

// endedByServer counts what shows that the server does not let connections be reused.
func (p *Pool) endedByServer() int64 {
	return p.ReusedUnanswered + p.Causes.Of(ServerClosed) + p.Causes.Of(ServerSaidClose) + p.Causes.Of(Reset)
}
