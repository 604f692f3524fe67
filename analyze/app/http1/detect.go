package http1

import "bytes"

// An Answer says whether bytes are HTTP/1.
type Answer uint8

// The answers.
const (
	More Answer = iota // not enough bytes to tell
	Yes
	No
)

const (
	maxMethod = 32   // bytes; longer ones are no method
	maxLine   = 1024 // bytes of a start line looked at
)

// usual methods need no version to be believed.
var usual = []string{"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "NOTIFY", "SUBSCRIBE", "M-SEARCH"}

// DetectRequest tells by b, the first bytes of a stream or line, whether a
// request begins there (RFC 9112 section 3). Any token is a method; one that is
// not usual needs its version to be seen. Without a version only GET is
// believed: HTTP/0.9.
func DetectRequest(b []byte) Answer {
	b = bytes.TrimLeft(b, "\r\n")
	sp := bytes.IndexByte(b[:min(len(b), maxMethod+1)], ' ')
	word := b[:min(len(b), maxMethod+1)]
	if sp >= 0 {
		word = b[:sp]
	}
	for _, c := range word {
		if !isToken(c) {
			return No
		}
	}
	switch {
	case sp == 0 || sp < 0 && len(b) > maxMethod:
		return No
	case sp < 0:
		return More
	}
	line := b[sp+1 : min(len(b), maxLine)]
	end := bytes.IndexByte(line, '\n')
	if end < 0 {
		switch {
		case len(line) == 0 && len(b) < maxLine:
			return More
		case len(line) > 0 && isUsual(word) && (line[0] > ' ' && line[0] < 0x7f):
			return Yes
		case len(b) >= maxLine || len(line) > 0 && line[0] <= ' ':
			return No
		}
		return More
	}
	line = bytes.TrimRight(line[:end], "\r ")
	i := bytes.LastIndexByte(line, ' ')
	if i < 0 { // no version, or no target
		if bytes.HasPrefix(line, []byte("HTTP/1.")) {
			return Yes
		}
		if string(word) == "GET" && len(line) > 0 && line[0] == '/' {
			return Yes
		}
		return No
	}
	if v := line[i+1:]; len(v) >= 7 && string(v[:7]) == "HTTP/1." {
		return Yes
	}
	return No
}

// DetectResponse tells whether a response begins at b (RFC 9112 section 4).
func DetectResponse(b []byte) Answer {
	b = bytes.TrimLeft(b, "\r\n")
	for _, want := range []string{"HTTP/1.", "ICY 200"} {
		n := min(len(b), len(want))
		if string(b[:n]) != want[:n] {
			continue
		}
		if n < len(want) {
			return More
		}
		if want[0] == 'I' {
			return Yes
		}
		switch {
		case len(b) < 12:
			if len(b) > 8 && b[8] != ' ' {
				return No
			}
			return More
		case b[8] == ' ' && isDigit(b[7]) && isDigit(b[9]) && isDigit(b[10]) && isDigit(b[11]):
			return Yes
		}
		return No
	}
	return No
}

func isUsual(m []byte) bool {
	for _, u := range usual {
		if string(m) == u {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isToken reports a character of a token (RFC 9110 section 5.6.2).
func isToken(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
}
