package http1

import (
	"bytes"

	"tcpwarm/capture/segment"
)

// A Mark says when and in which packet a byte was captured.
type Mark = segment.Mark

// A Method is what a response's body depends on (RFC 9112 section 6.3).
type Method uint8

// The methods.
const (
	Other Method = iota
	Head_
	Connect
)

// A Head is a start line with its fields. Its slices are borrowed: they are
// valid during the call of Sink.Head.
type Head struct {
	Request bool
	Method  []byte // of a request
	Target  []byte
	Status  int // of a response
	Minor   int // HTTP/1.Minor; -1 for HTTP/0.9

	Host, ContentType, Upgrade []byte // field values, nil if absent

	Close            bool // a connection option (RFC 9110 section 7.6.1)
	KeepAlive        bool // likewise
	KeepAliveTimeout int  // seconds of Keep-Alive: timeout=N, -1 if absent
	Expect100        bool

	HasLength  bool
	Length     int64 // of Content-Length, valid if HasLength
	badLength  bool  // Content-Length is not a number, or two differ
	Chunked    bool  // chunked is the final transfer coding
	coded      bool  // another transfer coding is
	UntilClose bool  // the body ends only with the connection

	Cut        bool // the head was not captured whole: what is absent says nothing
	Bytes      int  // on the wire, as far as captured
	Start, End Mark // first and last byte
}

// parse reads b, a head as captured, line by line. It is forgiving: bare LF,
// folded lines, spaces where none belong (RFC 9112 sections 2.2 and 5).
func (h *Head) parse(b []byte) bool {
	line, rest := cutLine(b)
	if !h.startLine(line) {
		return false
	}
	for len(rest) > 0 {
		line, rest = cutLine(rest)
		if i := bytes.IndexByte(line, ':'); i > 0 {
			h.field(bytes.TrimSpace(line[:i]), bytes.TrimSpace(line[i+1:]))
		}
	}
	return true
}

func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	return bytes.TrimSuffix(b[:i], []byte("\r")), b[i+1:]
}

func (h *Head) startLine(line []byte) bool {
	if !h.Request {
		return h.statusLine(line)
	}
	sp := bytes.IndexByte(line, ' ')
	if sp < 0 {
		return h.Cut && len(line) > 0
	}
	h.Method, line = line[:sp], bytes.TrimLeft(line[sp+1:], " ")
	h.Minor = -1
	if i := bytes.LastIndex(line, []byte("HTTP/1.")); i >= 0 && i+7 < len(line) {
		h.Minor = int(min(line[i+7]-'0', 1))
		line = line[:i]
	} else if h.Cut {
		h.Minor = 1
	}
	h.Target = bytes.TrimRight(line, " ")
	return true
}

func (h *Head) statusLine(line []byte) bool {
	if bytes.HasPrefix(line, []byte("ICY ")) && len(line) >= 7 {
		h.Status, h.Minor = number(line[4:7]), 0
		return true
	}
	if len(line) < 12 {
		return false
	}
	h.Minor = int(min(line[7]-'0', 1))
	h.Status = number(line[9:12])
	return true
}

func number(b []byte) (n int) {
	for _, c := range b {
		n = n*10 + int(c-'0')
	}
	return n
}

// field takes one field line. Few names matter; their lengths differ enough to
// tell most others at a glance.
func (h *Head) field(name, value []byte) {
	switch len(name) {
	case 4:
		if equal(name, "host") && h.Host == nil {
			h.Host = value
		}
	case 6:
		if equal(name, "expect") && equal(value, "100-continue") {
			h.Expect100 = true
		}
	case 7:
		if equal(name, "upgrade") {
			h.Upgrade = value
		}
	case 10:
		if equal(name, "connection") {
			h.connection(value)
		} else if equal(name, "keep-alive") {
			h.hint(value)
		}
	case 12:
		if equal(name, "content-type") {
			h.ContentType = value
		}
	case 14:
		if equal(name, "content-length") {
			h.length(value)
		}
	case 16:
		if equal(name, "proxy-connection") {
			h.connection(value)
		}
	case 17:
		if equal(name, "transfer-encoding") {
			last := value
			if i := bytes.LastIndexByte(value, ','); i >= 0 {
				last = bytes.TrimSpace(value[i+1:])
			}
			h.Chunked = equal(last, "chunked")
			h.coded = !h.Chunked && !equal(last, "identity")
		}
	}
}

// equal compares without regard to case; lower is in lower case.
func equal(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func (h *Head) connection(value []byte) {
	for len(value) > 0 {
		option := value
		if i := bytes.IndexByte(value, ','); i >= 0 {
			option, value = value[:i], value[i+1:]
		} else {
			value = nil
		}
		switch option = bytes.TrimSpace(option); {
		case equal(option, "close"):
			h.Close = true
		case equal(option, "keep-alive"):
			h.KeepAlive = true
		}
	}
}

// hint reads timeout= of a Keep-Alive field.
func (h *Head) hint(value []byte) {
	i := bytes.Index(bytes.ToLower(value), []byte("timeout="))
	if i < 0 {
		return
	}
	n, any := 0, false
	for _, c := range value[i+len("timeout="):] {
		if !isDigit(c) || n > 1e6 {
			break
		}
		n, any = n*10+int(c-'0'), true
	}
	if any {
		h.KeepAliveTimeout = n
	}
}

// length reads Content-Length: digits only, and repeated ones must agree (RFC
// 9110 section 8.6).
func (h *Head) length(value []byte) {
	if i := bytes.IndexByte(value, ','); i >= 0 {
		value = bytes.TrimSpace(value[:i])
	}
	var n int64
	for _, c := range value {
		if !isDigit(c) || n > 1<<59 {
			h.badLength = true
			return
		}
		n = n*10 + int64(c-'0')
	}
	if len(value) == 0 || h.HasLength && n != h.Length {
		h.badLength = true
		return
	}
	h.Length, h.HasLength = n, true
}
