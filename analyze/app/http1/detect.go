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
	maxLine   = 1024 // bytes within which an unusual method must show its version
)

// usual methods are believed before their version is seen.
var usual = [...]string{"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "NOTIFY",
	"SUBSCRIBE", "UNSUBSCRIBE", "M-SEARCH", "PURGE"}

// preface opens HTTP/2 (RFC 9113 section 3.4), and looks like a request.
const preface = "PRI * HTTP/2"

// DetectRequest tells by b, the first bytes of a stream or line, whether a
// request begins there (RFC 9112 section 3). Any token is a method; one that is
// not usual needs its version to be seen. Without a version only GET is
// believed: HTTP/0.9.
func DetectRequest(b []byte) Answer {
	b = skipEmpty(b)
	sp := bytes.IndexByte(b[:min(len(b), maxMethod+1)], ' ')
	if sp <= 0 { // a space is no token
		if len(b) > maxMethod || !isToken(b) {
			return No
		}
		return More
	}
	if end := bytes.IndexByte(b[:min(len(b), maxLine)], '\n'); end >= 0 {
		if _, ok := requestLine(b[:end]); ok {
			return Yes
		}
		return No
	}
	at := targetAt(b, sp)
	switch known := isUsual(b[:sp]); {
	case !isToken(b[:sp]):
		return No
	case len(b) == at:
		return More
	case !isTarget(b[at]):
		return No
	case known:
		return Yes
	case len(b) >= maxLine || bytes.HasPrefix(b, []byte(preface)):
		return No
	}
	return More
}

// requestLine checks a whole request line, its LF cut off (RFC 9112 section 3),
// and returns where its version begins: at its end if it has none, which is
// HTTP/0.9. A target may hold spaces or, after a usual method, lack: section 3.2
// forbids both, but servers answer them. So they do HTTP/1 without a minor version.
func requestLine(line []byte) (version int, ok bool) {
	sp := bytes.IndexByte(line[:min(len(line), maxMethod+1)], ' ')
	if sp <= 0 || !isToken(line[:sp]) {
		return 0, false
	}
	if at := targetAt(line, sp); at >= len(line) || !isTarget(line[at]) {
		return 0, false
	}
	if len(line) >= maxLine && !isUsual(line[:sp]) {
		return 0, false
	}
	line = trimEnd(line)
	if v := len(line) - len("HTTP/1.x"); v > sp && string(line[v:v+7]) == "HTTP/1." && isDigit(line[v+7]) {
		switch {
		case line[v-1] == ' ':
			return v, v > sp+1 || isUsual(line[:sp])
		case line[v-1] == '/' && v == sp+2:
			return v, true // their space lacks
		}
	}
	if v := bytes.LastIndexByte(line, ' ') + 1; v > sp+1 && (string(line[v:]) == "HTTP/1" || string(line[v:]) == "HTTP/1.") {
		return v, true
	}
	target := line[min(sp+1, len(line)):]
	simple := string(line[:sp]) == "GET" && bytes.IndexByte(target, ' ') < 0 &&
		(bytes.HasPrefix(target, []byte("/")) || bytes.HasPrefix(target, []byte("http://")))
	return len(line), simple
}

// targetAt returns where the target of a request line begins whose method ends at sp.
// After a usual method there may be several spaces: servers take them for one (RFC 9112
// section 3).
func targetAt(line []byte, sp int) int {
	at := sp + 1
	if at < len(line) && line[at] == ' ' && isUsual(line[:sp]) {
		for at < len(line) && line[at] == ' ' {
			at++
		}
	}
	return at
}

// DetectResponse tells by b, the first bytes of a stream or line, whether a
// response begins there (RFC 9112 section 4). ICY is what SHOUTcast servers say
// for HTTP/1.0.
func DetectResponse(b []byte) Answer {
	b = skipEmpty(b)
	const http, icy = "HTTP/1.", "ICY 200"
	switch {
	case len(b) == 0:
		return More
	case b[0] == 'I':
		return prefix(b, icy)
	}
	if a := prefix(b, http); a != Yes {
		return a
	}
	for i, c := range b[len(http):min(len(b), len("HTTP/1.x NNN"))] {
		if i == 1 && c != ' ' || i != 1 && !isDigit(c) {
			return No
		}
	}
	if len(b) < len("HTTP/1.x ") {
		return More
	}
	return Yes
}

// statusLine checks a whole status line, its LF cut off (RFC 9112 section 4). A
// missing reason may have taken its space with it.
func statusLine(line []byte) (status, minor int, ok bool) {
	line = trimEnd(line)
	if bytes.HasPrefix(line, []byte("ICY 200")) {
		return 200, 0, true
	}
	const n = len("HTTP/1.x NNN")
	if len(line) < n || DetectResponse(line[:n]) != Yes || len(line) > n && line[n] != ' ' {
		return 0, 0, false
	}
	return number(line[9:n]), int(line[7] - '0'), true
}

// prefix tells whether b begins with want, as far as b goes.
func prefix(b []byte, want string) Answer {
	n := min(len(b), len(want))
	switch {
	case string(b[:n]) != want[:n]:
		return No
	case n < len(want):
		return More
	}
	return Yes
}

// skipEmpty drops empty lines before a start line (RFC 9112 section 2.2).
func skipEmpty(b []byte) []byte {
	for len(b) > 0 && (b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// trimEnd drops the CR of a line end, and spaces before it.
func trimEnd(line []byte) []byte {
	for n := len(line); n > 0 && (line[n-1] == '\r' || line[n-1] == ' '); n-- {
		line = line[:n-1]
	}
	return line
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

// isTarget reports what a request target may begin with.
func isTarget(c byte) bool { return c > ' ' && c < 0x7f }

// tokenChars are those of a token (RFC 9110 section 5.6.2).
var tokenChars = func() (t [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789" +
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] = true
	}
	return t
}()

func isToken(b []byte) bool {
	for _, c := range b {
		if !tokenChars[c] {
			return false
		}
	}
	return true
}

// number reads digits that are known to be such.
func number(b []byte) (n int) {
	for _, c := range b {
		n = n*10 + int(c-'0')
	}
	return n
}
