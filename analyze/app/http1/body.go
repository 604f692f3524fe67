package http1

import (
	"bytes"
	"math"
)

// passBody steps over bytes of a body.
func (p *Parser) passBody(b []byte, at Mark) int {
	if p.state == inRest {
		p.pass(int64(len(b)), at)
		return len(b)
	}
	n := min(int64(len(b)), p.left)
	p.left -= n
	p.pass(n, at)
	p.bodyStepped()
	return int(n)
}

// Content returns how many of the next bytes are content: whatever they are, they change nothing.
func (p *Parser) Content() int64 {
	switch {
	case p.expect == refused: // it may be the next request
		return 0
	case p.state == inBody, p.state == inChunk:
		return p.left
	case p.state == inRest:
		return math.MaxInt64
	}
	return 0
}

// bodyStepped ends a body of known length, or goes on behind a chunk, when
// none of it is left.
func (p *Parser) bodyStepped() {
	switch {
	case p.left > 0:
	case p.state == inChunk:
		p.state, p.eol = inChunkEnd, atLine
	default:
		p.state = inStart
		p.finish(true)
	}
}

// pass counts captured bytes: of the open message, or of none.
func (p *Parser) pass(n int64, at Mark) {
	switch {
	case n == 0:
	case p.open:
		p.end.BodyBytes += n
		p.end.At = at
	default:
		p.Skipped += n
	}
}

// missing counts bytes in a gap for the open message; where none is open nobody reads the sums.
func (p *Parser) missing(n int64, at Mark) {
	p.end.BodyBytes += n
	p.end.Missing += n
	p.end.At = at
}

// chunks readies p for a chunked body.
func (p *Parser) chunks() state {
	p.left, p.digits = 0, false
	return inSize
}

// readChunked reads a chunked body (RFC 9112 section 7.1). Nothing is kept of
// extensions and trailers, so that they may have any length.
func (p *Parser) readChunked(b []byte, at Mark) int {
	n := 0
	switch p.state {
	case inChunk:
		return p.passBody(b, at)
	case inSize:
		return p.readSize(b, at)
	case inSizeRest:
		n = bytes.IndexByte(b, '\n') + 1
		if n > 0 {
			p.sizeDone()
		} else {
			n = len(b)
		}
	case inChunkEnd:
		n = 1
		if p.eol.step(b[0]) {
			p.state = p.chunks()
		} else if p.eol == inText {
			p.lose(true) // the size was wrong, or bytes are missing unseen
			return 0
		}
	case inTrailer:
		for n < len(b) {
			n++
			if p.eol.step(b[n-1]) {
				p.state = inStart
				break
			}
		}
	}
	p.pass(int64(n), at)
	if p.state == inStart {
		p.finish(true)
	}
	return n
}

// readSize reads the digits of a chunk's size.
func (p *Parser) readSize(b []byte, at Mark) int {
	for i, c := range b {
		d := hex(c)
		switch {
		case d >= 0 && p.left > maxLength>>4: // overflow: whatever comes is the body
			p.pass(int64(i), at)
			p.state, p.until = inRest, false
			return i
		case d >= 0:
			p.left = p.left<<4 | int64(d)
			p.digits = true
		case !p.digits && (c == ' ' || c == '\t'):
		case !p.digits: // no size: perhaps the next message
			p.pass(int64(i), at)
			p.lose(false)
			return i
		case c == '\n':
			p.pass(int64(i+1), at)
			p.sizeDone()
			return i + 1
		case c == '\r' || c == ';' || c == ' ' || c == '\t':
			p.pass(int64(i), at)
			p.state = inSizeRest
			return i
		default:
			p.pass(int64(i), at)
			p.lose(true)
			return i
		}
	}
	p.pass(int64(len(b)), at)
	return len(b)
}

// sizeDone goes on to the chunk, or behind the last one.
func (p *Parser) sizeDone() {
	p.state = inChunk
	if p.left == 0 {
		p.state, p.eol = inTrailer, atLine
	}
}

// hex returns the value of a hexadecimal digit, -1 if c is none.
func hex(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
