package http1

import "bytes"

// headDone hands out the head in p.head, whose bytes are b.
func (p *Parser) headDone(b []byte, at Mark) {
	h := p.head
	h.Bytes, h.End = len(b), at
	p.handOut(p.bodyState(h))
}

// cutHead hands out a head of which the buffer holds only the beginning, if
// that is enough to know it for one. With a gap the head's end is not known;
// without, it was too long to keep.
func (p *Parser) cutHead(gap bool) bool {
	h := p.head
	if !p.readCut(h) {
		*h = Head{}
		return false
	}
	h.Cut, h.Bytes, h.End = true, len(p.buf), p.last
	if p.state == inLong {
		h.Bytes = p.size
	}
	next := p.bodyState(h)
	switch {
	case next == tunnelled: // no field matters
	case gap,
		next == inStart && h.Request && !h.HasLength,
		next == inRest && !h.coded:
		next = seeking // a field that says where the body ends may be missing
	}
	p.handOut(next)
	return true
}

func (p *Parser) readCut(h *Head) bool {
	line, fields, whole := bytes.Cut(p.buf, []byte("\n"))
	if !whole {
		*h = Head{Request: p.request, KeepAliveTimeout: -1}
		return h.cutLine(p.buf, !p.sought)
	}
	p.startLine(line) // as it was when it came
	h.fields(fields)
	return true
}

// handOut gives p.head to the sink; next is what follows it.
func (p *Parser) handOut(next state) {
	p.finish(false) // found by seeking, it ends the message before
	h := p.head
	h.Start = p.start
	h.UntilClose = next == inRest
	if next == seeking {
		p.lost, p.midLine = true, false
	}
	p.begun, p.open, p.until = true, true, next == inRest
	p.expect = sends
	if h.Expects && h.Minor > 0 {
		p.expect = asks
	}
	p.end, p.state = End{At: h.End}, next
	p.sink.Head(h)
	*h = Head{} // it borrows from Feed's argument
	if next == inStart || next == holding || next == tunnelled {
		p.finish(true)
	}
	p.clear()
}

// bodyState tells what follows a head: RFC 9112 section 6.3, its rules in their
// order.
func (p *Parser) bodyState(h *Head) state {
	if h.badLength {
		h.HasLength, h.ContentLength = false, 0
	}
	if h.Request {
		return p.requestBody(h)
	}
	if h.Status == 101 { // RFC 9110 section 7.8
		return tunnelled
	}
	method := Other
	if h.Status/100 != 1 {
		method = p.sink.RequestMethod()
	}
	switch {
	case method == Head_, h.Status/100 == 1, h.Status == 204, h.Status == 304: // rule 1
		return inStart
	case method == Connect && h.Status/100 == 2: // rule 2
		return tunnelled
	case h.Chunked: // rules 3 and 4: Transfer-Encoding overrides Content-Length
		return p.chunks()
	case h.coded, !h.HasLength: // rules 4, 5 and 8
		return inRest
	}
	return p.length(h) // rule 6
}

func (p *Parser) requestBody(h *Head) state {
	switch {
	case string(h.Method) == "CONNECT": // RFC 9110 section 9.3.6: no content
		return holding
	case h.Chunked:
		return p.chunks()
	case h.coded: // rule 4: where it ends nobody knows, the server refuses it
		return seeking
	case !h.HasLength: // rule 7; and 5, for a server refuses a bad length too
		return inStart
	}
	return p.length(h)
}

func (p *Parser) length(h *Head) state {
	p.left = h.ContentLength
	if p.left == 0 {
		return inStart
	}
	return inBody
}

// finish ends the open message, if one is. The next state is set before: the
// sink may change it by Upgraded or Resume.
func (p *Parser) finish(complete bool) {
	if !p.open {
		return
	}
	p.open = false
	p.end.Complete = complete
	p.sink.End(p.end)
}

// An expect says whether a body must follow its head.
type expect uint8

const (
	sends   expect = iota
	asks           // it follows when the recipient has said that it may
	refused        // the recipient has answered before a byte of it came
)

// Answered says that the final response to the message being read has come. A client that waits for
// 100 Continue and gets another answer need not send its body (RFC 9110 section 10.1.1).
func (p *Parser) Answered() {
	if p.open && p.expect == asks && p.end.BodyBytes == 0 && (p.state == inBody || p.state == inSize) {
		p.expect = refused
	}
}

// mayNotFollow ends the open message without its body if b, the first bytes after the answer,
// begins the next one.
func (p *Parser) mayNotFollow(b []byte) {
	p.expect = sends
	if p.detect(b) == Yes {
		p.state = inStart
		p.finish(true)
	}
}
