package scenario

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An exchange is a request of HTTP/1 that is to be answered.
type exchange struct {
	*Request
	s      *Server
	c      net.Conn
	t      *traced
	head   *http.Request
	nth    int  // of its connection, from 1
	ends   bool // the connection ends after the response
	failed bool // it could not be written
}

// requestTime is how long a request may take to come once it has begun.
const requestTime = 5 * time.Second

// serveHTTP1 answers the requests of one connection.
func (s *Server) serveHTTP1(t *traced, c net.Conn) {
	r := bufio.NewReader(c)
	serve := &s.Scenario.serve
	for n := 1; ; n++ {
		c.SetReadDeadline(time.Time{})
		if serve.idle > 0 && n > 1 {
			c.SetReadDeadline(time.Now().Add(serve.idle))
		}
		if _, err := r.Peek(1); err != nil {
			if isTimeout(err) {
				s.end(t, c)
			} else {
				t.Close()
			}
			return
		}
		c.SetReadDeadline(time.Now().Add(requestTime))
		head, err := http.ReadRequest(r)
		if err != nil {
			t.Close()
			return
		}
		x := &exchange{s: s, c: c, t: t, head: head, nth: n, ends: head.Close}
		x.Request = s.ledger.add(t.seen, &Request{URL: s.url(head.URL.Path), Method: head.Method, Path: head.URL.Path,
			Protocol: head.Proto, Conditions: conditions(head.Header)})
		if strings.EqualFold(head.Header.Get("Expect"), "100-continue") {
			x.write("HTTP/1.1 100 Continue\r\n\r\n")
		}
		io.Copy(io.Discard, head.Body)
		if serve.gather && !s.gather(x.URL) {
			t.Close()
			return
		}
		if serve.answer != nil {
			serve.answer(x)
		} else {
			x.respond("200 OK", "", smallBody)
		}
		switch {
		case x.failed:
			t.Close()
			return
		case x.ends:
			s.end(t, c)
			return
		}
	}
}

// conditions are the fields of a head that Asks may be about.
func conditions(h http.Header) string {
	var b strings.Builder
	for _, name := range []string{"Authorization", "Expect", "If-None-Match"} {
		if v := h.Get(name); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	return b.String()
}

// smallBody is what is answered where nothing else matters.
const smallBody = "{\"served by\": \"tcpwarm challenge\"}\n"

// respond writes a response with its length. fields are lines of its head, each with its
// CRLF. To HEAD, and where the status has no body (RFC 9110 section 6.4.1), none is sent.
func (x *exchange) respond(status, fields, body string) {
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	if strings.HasPrefix(status, "204") || strings.HasPrefix(status, "304") {
		length, body = "", ""
	}
	if x.Method == http.MethodHead {
		body = ""
	}
	code, _ := strconv.Atoi(status[:3])
	x.raw(code, fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: application/json\r\n%s%s\r\n%s", status, length, fields, body))
}

// raw writes a whole final response.
func (x *exchange) raw(status int, response string) {
	x.begin(status)
	x.write(response)
	x.over()
}

// begin notes that the final response begins.
func (x *exchange) begin(status int) {
	x.s.ledger.do(func() { x.Begun, x.Status = time.Now(), status })
}

// over notes that the final response was written: and its connection's end, where it ends with it,
// comes before the next URL does.
func (x *exchange) over() {
	if x.ends && !x.failed {
		x.s.finish(x.t, x.c)
	}
	x.s.ledger.do(func() { x.Done = !x.failed })
}

// write writes bytes as they are.
func (x *exchange) write(b string) {
	x.c.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := io.WriteString(x.c, b); err != nil {
		x.failed = true
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// writeTime is how long a client may leave a response unread.
const writeTime = 10 * time.Second

// comesAgain notes that the client has to come again for what it asked.
func (x *exchange) comesAgain(why Again) { x.s.ledger.do(func() { x.Again = why }) }
