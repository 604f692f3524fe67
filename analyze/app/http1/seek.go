package http1

import "bytes"

// lose gives up knowing where messages end: the next start line at the begin of
// a line, or of what is fed at once, begins one. midLine says that the next
// byte does not begin a line.
func (p *Parser) lose(midLine bool) {
	p.state, p.midLine = seeking, midLine
	p.lost, p.begun = true, true
}

// seek looks for a start line in b. Senders begin messages with a segment, so
// fresh, that b is where Feed began, makes its first byte a place for one.
func (p *Parser) seek(b []byte, at Mark, fresh bool) int {
	i := 0
	if p.midLine && !fresh {
		i = nextLine(b, 0)
	}
	for i >= 0 && i < len(b) {
		if c := b[i]; c == '\r' || c == '\n' {
			i++
			continue
		}
		if p.detect(b[i:]) != No {
			p.pass(int64(i), at)
			p.expectLine(at, true)
			return i
		}
		i = nextLine(b, i)
	}
	p.midLine = i < 0
	p.pass(int64(len(b)), at)
	return len(b)
}

// nextLine returns where the line after the one at i begins, -1 if b ends
// before.
func nextLine(b []byte, i int) int {
	n := bytes.IndexByte(b[i:], '\n')
	if n < 0 {
		return -1
	}
	return i + n + 1
}

// Gap says that n bytes of the stream are missing here: lost to the capture, or
// cut off by its snap length.
func (p *Parser) Gap(n int64, at Mark) {
	if n <= 0 {
		return
	}
	switch p.state {
	case inStart:
		p.lose(true)
	case inLine, inHead, inLong:
		p.cut()
		p.missing(n, at)
		p.midLine = true
	case inBody, inChunk:
		p.gapInBody(n, at)
	case inRest:
		p.missing(n, at)
	case inSize, inSizeRest, inChunkEnd, inTrailer:
		p.missing(n, at)
		p.lose(true)
	case seeking:
		p.missing(n, at)
		p.midLine = true
	case holding:
		p.heldBack().gap(n, at)
	case tunnelled:
		p.sink.TunnelGap(n, at)
	}
}

// cut gives up a head in the middle, and reports whether it is handed out, as it is if enough is there.
func (p *Parser) cut() bool {
	n := len(p.buf)
	if p.state == inLong {
		n = p.size
	}
	if !p.cutHead(true) {
		p.pass(int64(n), p.last)
		p.clear()
		p.lose(true)
		return false
	}
	return true
}

// gapInBody steps over a gap that begins within a body or chunk. What goes
// beyond may hold anything, but a body of known length has ended within it.
func (p *Parser) gapInBody(n int64, at Mark) {
	within := min(n, p.left)
	p.left -= within
	p.missing(within, at)
	p.bodyStepped()
	if n > within {
		p.missing(n-within, at)
		p.lose(true)
	}
}

// InHead reports whether a head has begun and is not whole.
func (p *Parser) InHead() bool { return p.state == inLine || p.state == inHead || p.state == inLong }

// Close ends the stream: its FIN or a reset was reached, or the capture ended.
func (p *Parser) Close() {
	switch p.state {
	case holding:
		p.heldBack().closed = true
		return
	case tunnelled:
		return
	case inLine: // half a line is no message: nothing of it was missed
		p.pass(int64(len(p.buf)), p.last)
		p.clear()
	case inHead, inLong: // the connection has ended within the head (RFC 9112 section 8), the capture did not cut it
		p.end.InHead = p.cut()
	}
	complete := p.state == inRest && p.until
	p.end.ByClose = complete
	if p.state != tunnelled {
		p.state, p.midLine, p.begun = seeking, true, true
	}
	p.finish(complete)
}
