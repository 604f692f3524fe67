// Package http1 reads HTTP/1 messages from one direction of a connection.
//
// Bytes come in, in order, cut anywhere, with gaps of known length; heads and
// ends of messages go out to a Sink. Bodies are stepped over, never kept. A
// Parser is fed from one goroutine, never blocks and never keeps what it is
// given; it allocates only while its buffer for heads grows.
package http1

import (
	"bytes"
)

// MaxHead is how many bytes of a head are kept. A longer one is handed on cut.
const MaxHead = 64 << 10

// maxHeld bounds what a client sends after CONNECT before the answer tells
// whether a tunnel has begun.
const maxHeld = 16 << 10

// An End says how a message ended.
type End struct {
	At        Mark  // its last byte
	BodyBytes int64 // on the wire, chunk framing included, gaps too
	Missing   int64 // of these, bytes in gaps
	Complete  bool  // the whole message was there, or its missing bytes could be counted
	ByClose   bool  // the end of the connection was its end
}

// A Sink takes what a Parser reads.
type Sink interface {
	// Head is a message's head, of interim responses too.
	Head(h *Head)
	// End comes once for each Head.
	End(e End)
	// RequestMethod tells a response parser which request the next response
	// answers; ok is false if none is waiting.
	RequestMethod() (m Method, ok bool)
	// Tunnel takes all bytes after the connection has become a tunnel.
	Tunnel(b []byte, at Mark)
}

// A state is what the next byte belongs to.
type state uint8

const (
	inStart   state = iota // between messages
	inHead                 // a head has begun; the buffer holds it so far
	inBody                 // left bytes of a body of known length
	inSize                 // a line with a chunk's size
	inChunk                // left bytes of a chunk, its CRLF included
	inTrailer              // lines after the last chunk
	inRest                 // a body that ends with the connection
	seeking                // lost: the next start line at the start of a line or of a Feed counts
	holding                // after CONNECT: whether a tunnel begins is not known yet
	tunnelled
)

// A Parser reads one direction of a connection. Reset it before use.
type Parser struct {
	sink    Sink
	request bool
	state   state
	open    bool // a Head was handed out, its End is due

	buf   []byte // the head, or the line, read so far
	left  int64
	head  Head
	start Mark
	last  Mark // of the latest byte or gap of the open message
	end   End

	Skipped int64 // bytes that belonged to no message
}

// Reset readies p for a new stream of requests or responses.
func (p *Parser) Reset(request bool, sink Sink) {
	*p = Parser{sink: sink, request: request, buf: p.buf[:0]}
}

// Midway says that the stream does not begin with a message: the next start line
// does.
func (p *Parser) Midway() { p.state = seeking }

// Feed takes the next bytes of the stream.
func (p *Parser) Feed(b []byte, at Mark) {
	fresh := true // b is where Feed began: in a stream with gaps, a place to find a start line
	for len(b) > 0 {
		var n int
		switch p.state {
		case inStart:
			n = p.begin(b, at)
		case inHead:
			n = p.readHead(b, at)
		case inBody, inChunk:
			n = p.body(b, at)
		case inSize, inTrailer:
			n = p.line(b, at)
		case inRest:
			p.end.BodyBytes += int64(len(b))
			p.last = at
			return
		case seeking:
			n = p.seek(b, at, fresh)
		case holding:
			p.buf = append(p.buf, b[:min(len(b), maxHeld-len(p.buf))]...)
			p.start = at
			return
		case tunnelled:
			p.sink.Tunnel(b, at)
			return
		}
		b, fresh = b[n:], false
	}
}

// begin looks at the first bytes of a message. Empty lines before it are
// allowed (RFC 9112 section 2.2).
func (p *Parser) begin(b []byte, at Mark) int {
	if c := b[0]; c == '\r' || c == '\n' {
		return 1
	}
	p.start, p.buf, p.state = at, p.buf[:0], inHead
	return 0
}

// readHead collects a head up to its empty line.
func (p *Parser) readHead(b []byte, at Mark) int {
	had := len(p.buf)
	if had == 0 { // whole heads mostly come in one piece: no copy
		if n := headEnd(b, 0); n > 0 && n <= MaxHead {
			p.headDone(b[:n], at)
			return n
		}
	}
	take := min(len(b), MaxHead-had)
	p.buf = append(p.buf, b[:take]...)
	p.last = at
	if n := headEnd(p.buf, max(0, had-3)); n > 0 {
		whole := p.buf[:n]
		p.buf = p.buf[:0]
		p.headDone(whole, at)
		return n - had
	}
	if !p.plausible() {
		p.Skipped += int64(len(p.buf))
		p.lose()
		return take
	}
	if len(p.buf) == MaxHead {
		p.cutHead()
	}
	return take
}

// plausible reports whether the head read so far may be one.
func (p *Parser) plausible() bool {
	if p.request {
		return DetectRequest(p.buf) != No
	}
	return DetectResponse(p.buf) != No || p.bare()
}

// bare reports a response without a head: the answer to HTTP/0.9, or of a
// server that does not mind.
func (p *Parser) bare() bool {
	return false
}

// headEnd returns the length of a head that ends in b with an empty line, 0 if
// it does not; from is where to look. CR before LF is optional.
func headEnd(b []byte, from int) int {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0
		}
		from += i + 1
		if from < len(b) && b[from] == '\n' {
			return from + 1
		}
		if from+1 < len(b) && b[from] == '\r' && b[from+1] == '\n' {
			return from + 2
		}
	}
}

// headDone parses a whole head and decides what follows it.
func (p *Parser) headDone(b []byte, at Mark) {
	is := DetectResponse
	if p.request {
		is = DetectRequest
	}
	if is(b) != Yes {
		p.Skipped += int64(len(b))
		p.state = inStart
		return
	}
	p.head = Head{Request: p.request, KeepAliveTimeout: -1, Bytes: len(b), Start: p.start, End: at}
	p.head.parse(b)
	p.last = at
	p.handOut()
}

// cutHead hands out a head of which only the buffer was captured.
func (p *Parser) cutHead() {
	b := p.buf
	p.buf = p.buf[:0]
	p.head = Head{Request: p.request, KeepAliveTimeout: -1, Bytes: len(b), Start: p.start, End: p.last, Cut: true}
	if !p.head.parse(b) {
		p.Skipped += int64(len(b))
		p.state = seeking
		return
	}
	p.handOut()
}

// handOut gives the head to the sink and goes on to the body (RFC 9112 section
// 6.3, in its order).
func (p *Parser) handOut() {
	h := &p.head
	p.end = End{}
	p.open = true
	method, known := Other, false
	if !p.request {
		method, known = p.sink.RequestMethod()
	}
	next := p.length(h, method, known)
	h.UntilClose = next == inRest && !h.Cut
	p.state = next
	p.sink.Head(h)
	if p.state == tunnelled && p.request { // the sink has called Upgraded
		return
	}
	switch next {
	case inStart, tunnelled, holding:
		p.finish(true)
		p.state = next
	}
}

func (p *Parser) length(h *Head, method Method, known bool) state {
	switch {
	case !p.request && h.Status == 101, !p.request && method == Connect && h.Status/100 == 2:
		return tunnelled
	case !p.request && (h.Status/100 == 1 || h.Status == 204 || h.Status == 304 || method == Head_):
		return inStart
	case p.request && string(h.Method) == "CONNECT":
		return holding
	case h.Chunked && !h.Cut:
		p.buf = p.buf[:0]
		return inSize
	case h.coded && !p.request:
		return inRest
	case h.HasLength && !h.badLength:
		if h.Cut {
			return seeking // fields are missing: one may have said chunked
		}
		if h.Length == 0 {
			return inStart
		}
		p.left = h.Length
		return inBody
	case h.Cut:
		return seeking
	case p.request:
		return inStart
	}
	return inRest
}

// finish ends the open message.
func (p *Parser) finish(complete bool) {
	if !p.open {
		return
	}
	p.open = false
	p.state = inStart
	p.end.At, p.end.Complete = p.last, complete
	p.sink.End(p.end)
}

// body steps over bytes of a body or chunk.
func (p *Parser) body(b []byte, at Mark) int {
	n := int(min(int64(len(b)), p.left))
	p.left -= int64(n)
	p.end.BodyBytes += int64(n)
	p.last = at
	p.stepped()
	return n
}

func (p *Parser) stepped() {
	if p.left > 0 {
		return
	}
	if p.state == inChunk {
		p.buf, p.state = p.buf[:0], inSize
		return
	}
	p.finish(true)
}

// line reads a chunk's size, or a trailer line (RFC 9112 section 7.1).
func (p *Parser) line(b []byte, at Mark) int {
	p.last = at
	i := bytes.IndexByte(b, '\n')
	n := i + 1
	if i < 0 {
		n = len(b)
	}
	p.end.BodyBytes += int64(n)
	p.buf = append(p.buf, b[:min(n, MaxHead-len(p.buf))]...)
	if i < 0 {
		if len(p.buf) == MaxHead {
			p.giveUpChunks()
		}
		return n
	}
	line := bytes.TrimSpace(p.buf)
	empty := len(line) == 0
	if p.state == inTrailer {
		p.buf = p.buf[:0]
		if empty {
			p.finish(true)
		}
		return n
	}
	size, ok := chunkSize(line)
	p.buf = p.buf[:0]
	switch {
	case !ok:
		p.giveUpChunks()
	case size == 0:
		p.state = inTrailer
	default:
		p.left, p.state = size+2, inChunk
	}
	return n
}

// giveUpChunks takes the rest of the connection for the body: its framing is
// broken.
func (p *Parser) giveUpChunks() {
	p.buf, p.state = p.buf[:0], inRest
}

func chunkSize(line []byte) (n int64, ok bool) {
	for i, c := range line {
		var d byte
		switch {
		case isDigit(c):
			d = c - '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			d = c | 0x20 - 'a' + 10
		case i > 0 && (c == ';' || c == ' ' || c == '\t'): // extensions
			return n, true
		default:
			return 0, false
		}
		if n > 1<<58 {
			return 0, false
		}
		n = n<<4 | int64(d)
	}
	return n, len(line) > 0
}

// lose gives up finding message ends: the next start line begins a message.
func (p *Parser) lose() {
	p.buf, p.state = p.buf[:0], seeking
}

// seek looks for a start line at b, if it is a place where one may begin, or
// after the next line end.
func (p *Parser) seek(b []byte, at Mark, fresh bool) int {
	is := DetectResponse
	if p.request {
		is = DetectRequest
	}
	i := 0
	if !fresh {
		i = bytes.IndexByte(b, '\n') + 1
		if i == 0 {
			i = len(b)
		}
	}
	for i < len(b) {
		if is(b[i:]) == Yes && b[i] != '\r' && b[i] != '\n' {
			p.passed(int64(i), at)
			p.finish(false)
			p.start, p.buf, p.state = at, p.buf[:0], inHead
			return i
		}
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
	}
	p.passed(int64(len(b)), at)
	return len(b)
}

// passed counts bytes of the open message, or of none.
func (p *Parser) passed(n int64, at Mark) {
	switch {
	case n == 0:
	case p.open:
		p.end.BodyBytes += n
		p.last = at
	default:
		p.Skipped += n
	}
}

// Gap says that n bytes of the stream are missing here.
func (p *Parser) Gap(n int64, at Mark) {
	switch p.state {
	case inBody, inChunk:
		p.gapInBody(n, at)
	case inHead:
		if len(p.buf) > 0 {
			p.cutHead()
		} else {
			p.lose()
		}
		p.missing(n, at)
		if p.state == inStart || p.state == inBody || p.state == inSize {
			p.lose()
		}
	case inRest, seeking:
		p.missing(n, at)
	case inStart:
		p.Skipped += n
		p.lose()
	case inSize, inTrailer:
		p.missing(n, at)
		p.lose()
	}
}

func (p *Parser) gapInBody(n int64, at Mark) {
	step := min(n, p.left)
	p.left -= step
	p.missing(step, at)
	chunked := p.state == inChunk
	p.stepped()
	if rest := n - step; rest > 0 || chunked && p.left == 0 && step == n && p.state == inSize && rest > 0 {
		if p.state == inStart {
			p.Skipped += rest
		} else {
			p.missing(rest, at)
		}
		p.lose()
	}
}

func (p *Parser) missing(n int64, at Mark) {
	if p.open {
		p.end.BodyBytes += n
		p.end.Missing += n
		p.last = at
	}
}

// Close ends the stream: with its FIN, a reset, or the end of the capture.
func (p *Parser) Close(at Mark) {
	switch p.state {
	case inHead:
		if len(p.buf) > 0 && p.likely() {
			p.cutHead()
		}
	case inRest:
		p.end.ByClose = true
		if p.head.UntilClose {
			p.last = at
		}
		p.finish(p.head.UntilClose)
	}
	p.finish(false)
	if p.state != tunnelled {
		p.state = seeking
	}
}

// likely reports whether the head begun is worth counting.
func (p *Parser) likely() bool {
	if p.request {
		return DetectRequest(p.buf) == Yes
	}
	return DetectResponse(p.buf) == Yes
}

// Upgraded says that the connection has become a tunnel: all further bytes, and
// those held since a CONNECT, go to Sink.Tunnel.
func (p *Parser) Upgraded() {
	held := p.buf
	was := p.state
	p.state, p.buf = tunnelled, nil
	p.open = false
	if (was == holding || was == inHead) && len(held) > 0 {
		p.sink.Tunnel(held, p.start)
	}
}

// Resume says that a CONNECT was refused: what came after it are requests.
func (p *Parser) Resume() {
	if p.state != holding {
		return
	}
	held := bytes.Clone(p.buf)
	p.buf, p.state = p.buf[:0], inStart
	p.Feed(held, p.start)
}
