package http1

import "unsafe"

import "bytes"

// MaxHead is how many bytes of a head are kept. A longer one is handed out cut,
// with the fields within these bytes.
const MaxHead = 64 << 10

// maxKept is how many bytes of buffer a Parser keeps after a head that needed
// more: most heads take far less, and there are many parsers.
const maxKept = 16 << 10

// An End says how a message ended.
type End struct {
	At        Mark  // its last byte, in a gap perhaps; never the FIN that ends a body
	BodyBytes int64 // on the wire: chunk framing and gaps included; after a cut head also the rest of the head
	Missing   int64 // of these, bytes in gaps
	Complete  bool  // the message reached its end, gaps or not
	InHead    bool  // the connection ended before the head did
	ByClose   bool  // and the end of the connection was its end
}

// A Sink takes what a Parser reads.
type Sink interface {
	// Head is a message's head, of interim responses too.
	Head(h *Head)
	// End comes once for each Head.
	End(e End)
	// RequestMethod tells a response parser which request the next final
	// response answers; ok is false if none is waiting. It is asked once for
	// each, before Head, and once more if a stream begins with no head.
	RequestMethod() Method
	// Tunnel takes all bytes after the connection has become a tunnel.
	Tunnel(b []byte, at Mark)
	// TunnelGap says that n of them are missing here.
	TunnelGap(n int64, at Mark)
}

// A state is what the next byte belongs to.
type state uint8

const (
	inStart    state = iota // between messages
	inLine                  // a start line; the buffer holds it so far
	inHead                  // the fields; the buffer holds the head so far
	inLong                  // a head beyond MaxHead, which the buffer holds
	inBody                  // left bytes of a body of known length
	inSize                  // the digits of a chunk's size, left so far
	inSizeRest              // the rest of that line
	inChunk                 // left bytes of a chunk
	inChunkEnd              // the line end after a chunk
	inTrailer               // lines after the last chunk
	inRest                  // a body that ends with the connection
	seeking                 // lost: the next start line begins a message
	holding                 // after CONNECT: whether a tunnel begins is not known yet
	tunnelled
)

// An openMessage is one whose Head was handed out.
type openMessage struct {
	open   bool   // there is one: its End is due
	until  bool   // it is complete when the connection ends
	expect expect // whether its body may stay away
	end    End
}

// A Parser reads one direction of a connection. Reset a zero one before use.
type Parser struct {
	sink    Sink
	head    *Head // scratch, in use until Sink.Head returns
	request bool
	state   state
	begun   bool // the stream is past its start: a message, a gap or bytes that are none
	sought  bool // the start line being read was found by seeking
	midLine bool // while seeking: the next byte does not begin a line
	lost    bool // has been seeking at some time
	eol     eol  // inLong, inTrailer: what is left of an empty line
	digits  bool // inSize: there was one
	openMessage

	left  int64  // bytes of body or chunk to come
	start Mark   // of the message being read
	last  Mark   // latest byte of the head being read
	buf   []byte // the head read so far
	size  int    // inLong: bytes of the head so far
	held  *held  // nil but after CONNECT

	// Garbled says that there was no message where one should begin: it was damaged, or is somebody else's. What a client
	// begins with may be another protocol.
	Garbled bool

	// Skipped counts captured bytes that belonged to no message.
	Skipped int64
}

// New returns a parser of requests or of responses.
func New(request bool, sink Sink) *Parser {
	p := new(Parser)
	p.Reset(request, sink, new(Head))
	return p
}

// Reset readies p for a new stream of requests or responses. It reads heads into
// head. That is large, and the parsers of one goroutine may share it: what a
// Sink.Head does last may feed another parser.
func (p *Parser) Reset(request bool, sink Sink, head *Head) {
	*p = Parser{sink: sink, head: head, request: request, buf: p.buf[:0]}
}

// Sought reports whether the message being read was found by seeking: what was before it is
// not known.
func (p *Parser) Sought() bool { return p.sought }

// Lost reports whether p seeks the next message.
func (p *Parser) Lost() bool { return p.state == seeking }

// Midstream says that the stream does not begin with a message: the next start line
// does.
func (p *Parser) Midstream() { p.lose(true) }

// Feed takes the next bytes of the stream.
func (p *Parser) Feed(b []byte, at Mark) {
	if p.expect == refused {
		p.mayNotFollow(b)
	}
	for fresh := true; len(b) > 0; fresh = false {
		n := 0
		switch p.state {
		case inStart:
			n = p.begin(b, at)
		case inLine:
			n = p.readLine(b, at, fresh)
		case inHead:
			n = p.readFields(b, at)
		case inLong:
			n = p.passLong(b, at)
		case inBody, inRest:
			n = p.passBody(b, at)
		case inSize, inSizeRest, inChunk, inChunkEnd, inTrailer:
			n = p.readChunked(b, at)
		case seeking:
			n = p.seek(b, at, fresh)
		case holding:
			p.heldBack().add(b, at)
			return
		case tunnelled:
			p.sink.Tunnel(b, at)
			return
		}
		b = b[n:]
	}
}

// begin starts a message. Empty lines before it are allowed (RFC 9112 section
// 2.2).
func (p *Parser) begin(b []byte, at Mark) int {
	n := len(b) - len(skipEmpty(b))
	if n < len(b) {
		p.expectLine(at, false)
	}
	return n
}

// expectLine readies p for a start line that begins with the next byte.
func (p *Parser) expectLine(at Mark, sought bool) {
	p.state, p.start, p.sought = inLine, at, sought
	p.clear()
}

// clear empties the buffer.
func (p *Parser) clear() {
	if cap(p.buf) > maxKept {
		p.buf = nil
	}
	p.buf = p.buf[:0]
}

// readLine reads a start line, and the whole head if b has it: then nothing is
// copied.
func (p *Parser) readLine(b []byte, at Mark, fresh bool) int {
	end := bytes.IndexByte(b, '\n') + 1
	if len(p.buf) == 0 && end > 0 && end <= MaxHead {
		return p.readWhole(b, end, at)
	}
	if fresh && p.sought && p.detect(p.buf) == More && p.detect(b) == Yes {
		// What was sought and looked promising was the tail of a segment.
		p.pass(int64(len(p.buf)), p.last)
		p.expectLine(at, true)
		return 0
	}
	n := len(b)
	if end > 0 {
		n = end
	}
	n = min(n, MaxHead-len(p.buf))
	p.buf = append(p.buf, b[:n]...)
	p.last = at
	switch {
	case p.buf[len(p.buf)-1] == '\n':
		if p.startLine(p.buf[:len(p.buf)-1]) {
			p.lineDone(at)
			return n
		}
	case p.detect(p.buf) == No:
	case len(p.buf) < MaxHead:
		return n
	case !p.sought: // nobody's first guess for so long a line
		p.long()
		return n
	}
	p.noLine(p.buf, at)
	return n
}

// lineDone goes on to the fields, unless the buffered line is all of the head.
func (p *Parser) lineDone(at Mark) {
	if p.head.Request && p.head.Minor < 0 {
		p.headDone(p.buf, at)
		return
	}
	*p.head = Head{}
	p.state = inHead
}

// readWhole is readLine for a start line that b has whole, its LF at end-1.
func (p *Parser) readWhole(b []byte, end int, at Mark) int {
	p.last = at
	if !p.startLine(b[:end-1]) {
		p.noLine(b[:end], at)
		return end
	}
	n := p.head.read(b, end)
	if n > 0 && n <= MaxHead {
		p.headDone(b[:n], at)
		return n
	}
	n = end
	p.buf = append(p.buf, b[:n]...)
	*p.head = Head{}
	p.state = inHead
	return n
}

// startLine takes a whole start line. One found by seeking needs a version: a
// body may well have lines that begin with GET.
func (p *Parser) startLine(line []byte) bool {
	*p.head = Head{Request: p.request, KeepAliveTimeout: -1}
	return p.head.line(line) && (!p.sought || p.head.Minor >= 0)
}

// noLine gives up b as a start line.
func (p *Parser) noLine(b []byte, at Mark) {
	n, ended := int64(len(b)), b[len(b)-1] == '\n'
	*p.head = Head{}
	p.clear()
	if p.bare(b, at) {
		return
	}
	p.Garbled = p.Garbled || !p.sought && (p.begun || !p.request)
	p.pass(n, at)
	p.lose(!ended)
}

// bare takes b for the first bytes of an HTTP/0.9 response, which has no head,
// if nothing came before that says otherwise and a request of HTTP/0.9 waits for it.
func (p *Parser) bare(b []byte, at Mark) bool {
	if p.request || p.begun || bytes.HasPrefix(b, []byte("HTTP/")) {
		return false
	}
	if p.sink.RequestMethod() != Simple {
		return false
	}
	p.begun = true
	h := Head{Minor: -1, KeepAliveTimeout: -1, UntilClose: true, Start: p.start, End: p.start}
	p.open, p.until, p.end, p.state = true, true, End{}, inRest
	p.sink.Head(&h)
	p.pass(int64(len(b)), at)
	return true
}

// readFields collects a head up to its empty line.
func (p *Parser) readFields(b []byte, at Mark) int {
	had := len(p.buf)
	take := min(len(b), MaxHead-had)
	p.buf = append(p.buf, b[:take]...)
	p.last = at
	if n := headEnd(p.buf, had-2); n > 0 {
		p.startLine(p.buf[:bytes.IndexByte(p.buf, '\n')])
		p.head.read(p.buf[:n], bytes.IndexByte(p.buf, '\n')+1)
		p.headDone(p.buf[:n], at)
		return n - had
	}
	if len(p.buf) == MaxHead {
		p.long()
	}
	return take
}

// long goes on behind a head's first MaxHead bytes.
func (p *Parser) long() {
	p.state, p.size, p.eol = inLong, len(p.buf), inText
	for _, c := range p.buf[len(p.buf)-2:] {
		p.eol.step(c)
	}
}

// passLong steps over a head beyond MaxHead.
func (p *Parser) passLong(b []byte, at Mark) int {
	p.last = at
	for i, c := range b {
		if p.eol.step(c) {
			p.size += i + 1
			p.cutHead(false)
			return i + 1
		}
	}
	p.size += len(b)
	return len(b)
}

// detect asks whether a message of this direction begins with b.
func (p *Parser) detect(b []byte) Answer {
	if p.request {
		return DetectRequest(b)
	}
	return DetectResponse(b)
}

// An eol watches for an empty line, CR before its LF optional.
type eol uint8

const (
	atLine eol = iota // at the begin of a line
	atCR              // behind its first character, a CR
	inText            // within a line
)

// step takes the next byte and reports whether it ends an empty line.
func (e *eol) step(c byte) bool {
	switch {
	case c == '\n':
		empty := *e != inText
		*e = atLine
		return empty
	case c == '\r' && *e == atLine:
		*e = atCR
	default:
		*e = inText
	}
	return false
}

// Memory returns how many bytes p holds beside itself.
func (p *Parser) Memory() int {
	n := cap(p.buf)
	if p.held != nil {
		n += int(unsafe.Sizeof(*p.held)) + cap(p.held.bytes) + cap(p.held.pieces)*int(unsafe.Sizeof(piece{}))
	}
	return n
}

// Trim gives back what p has grown beyond what most heads take.
func (p *Parser) Trim() {
	if cap(p.buf) > usualHead {
		p.buf = nil
	}
	p.held = nil
}

// usualHead is how many bytes of room for a head a parser keeps for the next connection.
const usualHead = 4 << 10
