package transaction

import "tcpwarm/analyze/app/tls"

// steers reports whether a client's record of HTTP/2 carries no request.
func (f *Inferrer) steers(n int) bool {
	return f.records == 1 && isPreface(n) ||
		f.records == 2 && f.bytes == int64(prefaceLen+n) && isSettings(n) ||
		isControl(n, f.answers.bytes)
}

// isSure reports whether a client's record of n bytes after a turn of the server
// begins a request for sure: it is as long as another one was, or nothing else may
// come there.
func (f *Inferrer) isSure(n int) bool {
	a := &f.answers
	switch {
	case f.blind:
		return false
	case f.inside() == 0 || alike(n, f.firstLen) || alike(n, f.lastLen):
		return true
	case n > mostHead || a.cut || f.switched():
		return false
	case f.ticketsMayCome() && a.n <= mostTickets+1 && a.long <= mostTicket:
		return false // tickets, and what is no answer either
	}
	return a.n > 1 || a.first.least > mostInterim
}

// alike reports whether two requests of one client may be so long: most of a head
// is the same in all.
func alike(a, b int) bool { return 4*a >= 3*b && 3*a <= 4*b }

// switched reports whether one of the answers may have been one that grants a
// WebSocket.
func (f *Inferrer) switched() bool {
	a := &f.asked
	if f.upgrade == 0 && f.current != nil && !f.MaybeHTTP2() &&
		a.n == 1 && a.last.most >= leastUpgrade &&
		f.answers.n > 0 && f.answers.first.may(leastSwitch, mostSwitch) {
		f.upgrade = a.last.most
	}
	return f.upgrade > 0
}

// frames reports whether a client's record of n bytes is hardly a request, though
// the one before may have asked for a WebSocket, in more than twice as many bytes.
func (f *Inferrer) frames(n int) bool { return f.switched() && n < shortRequest }

// answered reports whether the server's turn was a response: not session tickets
// alone, nor 100 Continue, nor that after them.
func (f *Inferrer) answered() bool {
	a := &f.answers
	if a.n == 0 || f.areTickets() {
		return false
	}
	return !a.last.may(leastContinue, mostContinue) || a.n > 1 && !f.mayBeTickets(a.n-1)
}

// mayBeTickets reports whether the first n records of the server's latest turn may
// be session tickets, which come before the first answer.
func (f *Inferrer) mayBeTickets(n int) bool {
	return f.ticketsMayCome() && n <= mostTickets && f.answers.inTicket >= n
}

func (f *Inferrer) ticketsMayCome() bool {
	return f.info.Version == tls.Version13 && f.inside() == 1 && !f.ticketsSent && (f.ticketCount == 0 || f.answers.first == f.ticketLength)
}

// areTickets reports whether the turn looks like nothing else: OpenSSL sends two,
// equally long, and a request may come between them.
func (f *Inferrer) areTickets() bool {
	a := &f.answers
	return f.mayBeTickets(a.n) && a.same && (a.n >= 2 || f.ticketCount > 0)
}

// MaybeHTTP2 reports whether the connection may be HTTP/2: the client offered it,
// or may have, and the server's choice is hidden or was it.
func (f *Inferrer) MaybeHTTP2() bool {
	switch {
	case f.info.ALPN != "":
		return f.info.ALPN == "h2"
	case f.info.Version == 0: // no hello was seen
		return true
	}
	return f.info.OffersH2 && f.info.Version == tls.Version13 && (f.choice != choiceHTTP1 || f.looksLikeHTTP2())
}

// isHTTP2 reports whether it is, as far as lengths can tell.
func (f *Inferrer) isHTTP2() bool {
	return f.MaybeHTTP2() && (f.info.ALPN == "h2" || f.choice == choiceHTTP2 || f.looksLikeHTTP2())
}

// looksLikeHTTP2 reports whether the server began with its settings, or both sides
// have acknowledged the other's.
func (f *Inferrer) looksLikeHTTP2() bool { return f.settings || f.ackedBy[0] && f.ackedBy[1] }
