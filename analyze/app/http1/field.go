package http1

import "bytes"

// wanted are the letters, in lower case, that the names of the fields read
// here begin with. Most lines of a head are passed over for their first letter.
var wanted = func() (w [256]bool) {
	for _, c := range []byte("achuektpvACHUEKTPV") {
		w[c] = true
	}
	return w
}()

// fields reads field lines up to the empty line and returns their length with
// it, 0 if b ends before. A last line without its end is not read: its value
// may be cut.
//
// A line that begins with a space continues the one before (obs-fold, RFC 9112
// section 5.2).
func (h *Head) fields(b []byte) int {
	for pos := 0; pos < len(b); {
		first := b[pos]
		if first == '\n' {
			return pos + 1
		}
		if first == '\r' && pos+1 < len(b) && b[pos+1] == '\n' {
			return pos + 2
		}
		i := bytes.IndexByte(b[pos:], '\n')
		if i < 0 {
			return 0
		}
		end := pos + i + 1
		if wanted[first] {
			for end < len(b) && (b[end] == ' ' || b[end] == '\t') {
				if i = bytes.IndexByte(b[end:], '\n'); i < 0 {
					return 0
				}
				end += i + 1
			}
			h.fieldLine(b[pos:end])
		}
		pos = end
	}
	return 0
}

// fieldLine takes one field line. A space before the colon is an error (RFC
// 9112 section 5.1) that some recipients forgive; so do we. Few names matter,
// and their lengths tell most others at a glance.
func (h *Head) fieldLine(line []byte) {
	name, value, is := bytes.Cut(line, []byte(":"))
	if !is {
		return
	}
	name, value = trim(name), trim(value)
	switch len(name) {
	case 3:
		first(&h.Via, name, "via", value)
	case 4:
		first(&h.Host, name, "host", value)
	case 6:
		h.Expects = h.Expects || equal(name, "expect") && equal(value, "100-continue")
	case 7:
		first(&h.Upgrade, name, "upgrade", value)
	case 10:
		if equal(name, "connection") {
			h.connection(value)
		} else if equal(name, "keep-alive") {
			h.hint(value)
		} else {
			first(&h.UserAgent, name, "user-agent", value)
		}
	case 12:
		first(&h.ContentType, name, "content-type", value)
	case 13:
		if equal(name, "authorization") {
			h.credentials(value)
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
			h.coding(value)
		}
	case 19:
		if equal(name, "proxy-authorization") {
			h.credentials(value)
		}
	}
}

// credentials reads the scheme of credentials (RFC 9110 section 11.4). NTLM and Negotiate
// authenticate the connection, not the request (RFC 4559 section 6).
func (h *Head) credentials(value []byte) {
	scheme, _, _ := bytes.Cut(value, []byte(" "))
	h.Binds = h.Binds || equal(scheme, "ntlm") || equal(scheme, "negotiate")
}

// first sets *field to value if name is what it is called and it is not set.
func first(field *[]byte, name []byte, called string, value []byte) {
	if *field == nil && equal(name, called) {
		*field = value
	}
}

// connection reads connection options: a list, in any case, over any number of
// lines (RFC 9110 sections 7.6.1 and 5.3).
func (h *Head) connection(value []byte) {
	if h.ConnectionHeader == nil {
		h.ConnectionHeader = value
	}
	for len(value) > 0 {
		var option []byte
		option, value = element(value)
		h.Close = h.Close || equal(option, "close")
		h.KeepAlive = h.KeepAlive || equal(option, "keep-alive")
	}
}

// hint reads the timeout of a Keep-Alive field (RFC 2068 section 19.7.1.1; no
// later HTTP defines it).
func (h *Head) hint(value []byte) {
	if h.KeepAliveHeader == nil {
		h.KeepAliveHeader = value
	}
	for len(value) > 0 {
		var param []byte
		param, value = element(value)
		name, digits, is := bytes.Cut(param, []byte("="))
		if !is || !equal(trim(name), "timeout") {
			continue
		}
		if n := decimal(bytes.Trim(trim(digits), `"`)); n >= 0 && n < 1<<31 {
			h.KeepAliveTimeout = int(n)
		}
	}
}

// length reads Content-Length. RFC 9110 section 8.6: digits only; equal values
// that were joined or repeated are one, different ones are an error.
func (h *Head) length(value []byte) {
	if len(value) == 0 {
		h.badLength = true
	}
	for len(value) > 0 {
		var one []byte
		one, value = element(value)
		n := decimal(one)
		if n < 0 || h.HasLength && n != h.ContentLength {
			h.badLength = true
			return
		}
		h.ContentLength, h.HasLength = n, true
	}
}

// coding reads Transfer-Encoding: the last coding of the last line decides (RFC
// 9112 section 6.1). identity, of RFC 2616, is none.
func (h *Head) coding(value []byte) {
	last := value
	if i := bytes.LastIndexByte(value, ','); i >= 0 {
		last = trim(value[i+1:])
	}
	h.Chunked = equal(last, "chunked")
	h.coded = !h.Chunked && len(last) > 0 && !equal(last, "identity")
}

// element cuts the first element off a list (RFC 9110 section 5.6.1).
func element(list []byte) (first, rest []byte) {
	i := bytes.IndexByte(list, ',')
	if i < 0 {
		return trim(list), nil
	}
	return trim(list[:i]), list[i+1:]
}

// decimal returns the number b, -1 if it is none or more than half of what
// fits: sums of such numbers and chunk framing do not overflow.
func decimal(b []byte) (n int64) {
	if len(b) == 0 {
		return -1
	}
	for _, c := range b {
		if !isDigit(c) || n > maxLength/10 {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// maxLength bounds the bytes of a body or chunk: longer ones are lies.
const maxLength = 1 << 60

// trim drops white space at both ends, line ends of folded lines included.
func trim(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for n := len(b); n > 0 && isSpace(b[n-1]); n-- {
		b = b[:n-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

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
