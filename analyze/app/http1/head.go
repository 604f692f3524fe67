package http1

import (
	"bytes"

	"tcpwarm/capture/segment"
)

// A Mark says when and in which packet a byte was captured.
type Mark = segment.Mark

// A Method is what a response's body depends on (RFC 9112 section 6.3).
type Method uint8

// The methods. Head is a type here, hence the underscore.
const (
	Other Method = iota
	Head_
	Connect
	Simple // a GET of HTTP/0.9
)

// A Head is a start line with its fields. Its slices are borrowed: they are
// valid during the call of Sink.Head.
type Head struct {
	Request bool
	Method  []byte // of a request
	Target  []byte // of a request; what was captured of it if Cut
	Status  int    // of a response; 0 in HTTP/0.9, or if Cut before it
	Minor   int    // HTTP/1.Minor, -1 for HTTP/0.9; 1 is assumed if Cut before it

	// Field values as on the wire, trimmed; the first where there are several;
	// nil if absent.
	Host, ContentType, Upgrade        []byte
	UserAgent, Via                    []byte
	ConnectionHeader, KeepAliveHeader []byte

	Close            bool // a connection option (RFC 9110 section 7.6.1), of any line
	KeepAlive        bool // likewise
	Binds            bool // the request ties its connection to a user
	Expects          bool // 100-continue (RFC 9110 section 10.1.1)
	KeepAliveTimeout int  // seconds of Keep-Alive: timeout=N, -1 if absent

	ContentLength int64 // valid if HasLength; a HEAD response has one, but no body
	HasLength     bool  // Content-Length is there and makes sense
	Chunked       bool  // chunked is the final transfer coding
	UntilClose    bool  // the body ends only with the connection

	Cut        bool // not captured whole, or over MaxHead: fields that are absent may have been sent
	Bytes      int  // on the wire, as far as captured
	Start, End Mark // first and last byte

	badLength bool // Content-Length is not a number, or two differ
	coded     bool // the final transfer coding is not chunked
}

// read parses a whole head at the start of b and returns its length, 0 if b
// ends before it. The start line has end bytes, LF included.
func (h *Head) read(b []byte, end int) int {
	if h.Minor < 0 && h.Request {
		return end // HTTP/0.9: the line is all
	}
	if n := h.fields(b[end:]); n > 0 {
		return end + n
	}
	return 0
}

// line takes the whole start line, LF cut off, and reports whether it is one.
func (h *Head) line(line []byte) (ok bool) {
	if !h.Request {
		h.Status, h.Minor, ok = statusLine(line)
		return ok
	}
	v, ok := requestLine(line)
	if !ok {
		return false
	}
	h.Minor = -1
	if v < len(line) && line[v] == 'H' {
		h.Minor = 0
		if v+7 < len(line) && isDigit(line[v+7]) {
			h.Minor = int(line[v+7] - '0')
		}
	}
	sp := bytes.IndexByte(line, ' ')
	h.Method, h.Target = line[:sp], trimEnd(line[min(targetAt(line, sp), v):v])
	return true
}

// cutLine takes a start line that was not captured to its end, and that Detect has not refused.
// Where a message is due, what begins like one is one.
func (h *Head) cutLine(line []byte, due bool) (ok bool) {
	h.Minor = 1
	if !h.Request {
		return h.cutStatus(line)
	}
	method, _, ended := bytes.Cut(line, []byte(" "))
	if !ended || !due && !isUsual(method) {
		return false
	}
	target, v, _ := bytes.Cut(line[targetAt(line, len(method)):], []byte(" "))
	if len(v) > 7 && string(v[:7]) == "HTTP/1." && isDigit(v[7]) {
		h.Minor = int(v[7] - '0')
	}
	h.Method, h.Target = method, target
	return len(target) > 0 || isUsual(method)
}

func (h *Head) cutStatus(line []byte) bool {
	if len(line) < len("HTTP/1.") {
		return false
	}
	if line[0] == 'I' {
		h.Status, h.Minor = 200, 0
		return true
	}
	if len(line) > 7 {
		h.Minor = int(line[7] - '0')
	}
	if len(line) >= 12 {
		h.Status = number(line[9:12])
	}
	return true
}

// headEnd returns the length of a head that ends in b with an empty line, 0 if
// it does not; from is where to look. CR before LF is optional (RFC 9112
// section 2.2).
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
