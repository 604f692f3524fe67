package scenario

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Sizes of bodies, in bytes.
const (
	smallUnread = 2_000
	largeUnread = 1_000_000 // far more than the kernels of both sides take unread
	errorBody   = 20_000
)

func ofSize(n int) string { return strings.Repeat("0123456789", n/10) }

// bodies are responses whose end has to be found, and reached.
var bodies = []Scenario{
	{
		Name: "head", Family: HTTP1,
		About: "Responses to HEAD have a Content-Length and no body (RFC 9110 section 9.3.2): a good client waits for " +
			"none, and goes on.",
		Asks:  "HEAD instead of GET",
		steps: oneByOne(4),
		Wants: func(r *Request) bool { return r.Method == http.MethodHead },
	},
	{
		Name: "no-content", Family: HTTP1,
		About: "204 has no body and no Content-Length (RFC 9110 section 15.3.5): the next request goes on the same " +
			"connection.",
		steps: oneByOne(4),
		serve: behaviour{answer: func(x *exchange) { x.respond("204 No Content", "", "") }},
	},
	{
		Name: "not-modified", Family: HTTP1,
		About: "304 has no body (RFC 9110 section 15.4.5): the next request goes on the same connection.",
		Asks:  "the field If-None-Match, of any value, in each request",
		steps: oneByOne(4),
		serve: behaviour{answer: func(x *exchange) {
			if x.head.Header.Get("If-None-Match") == "" {
				x.respond("200 OK", "ETag: \"1\"\r\n", smallBody)
				return
			}
			x.respond("304 Not Modified", "ETag: \"1\"\r\n", "")
		}},
		Wants: func(r *Request) bool { return strings.Contains(r.Conditions, "If-None-Match") },
	},
	{
		Name: "chunked", Family: HTTP1,
		About: "The body comes in chunks, the last one late (RFC 9112 section 7.1): the response ends with that, and " +
			"the connection can be used again.",
		steps: oneByOne(4),
		serve: behaviour{answer: chunked},
	},
	{
		Name: "unread-small", Family: HTTP1,
		About: "The command looks at the status of each response only, and its body is small: a good library takes " +
			"the rest in, and keeps the connection (RFC 9112 section 9.3 lets it be used only after the whole body).",
		Asks:  "to look at the status only, leave the body unread, and close or drop the response",
		steps: oneByOne(4),
		serve: behaviour{answer: func(x *exchange) { x.respond("200 OK", "", ofSize(smallUnread)) }},
	},
	{
		Name: "unread-large", Family: HTTP1,
		About: "The same with a megabyte: the library reads on, or the connection is lost.",
		Asks:  "to look at the status only, leave the body unread, and close or drop the response",
		steps: oneByOne(3),
		serve: behaviour{answer: func(x *exchange) { x.respond("200 OK", "", ofSize(largeUnread)) }},
	},
	{
		Name: "error-bodies", Family: HTTP1,
		About: "404, 500 and 503 with bodies of 20 kB: what is an error to the client is a response like any other to " +
			"the connection. A good client reads it to its end.",
		steps: oneByOne(6),
		serve: behaviour{answer: func(x *exchange) {
			status := []string{"404 Not Found", "500 Internal Server Error", "503 Service Unavailable"}
			x.respond(status[max(0, x.URL)%len(status)], "", ofSize(errorBody))
		}},
	},
}

// lastChunk is how long the last chunk takes.
const lastChunk = 20 * time.Millisecond

func chunked(x *exchange) {
	x.begin(http.StatusOK)
	x.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
	x.write(fmt.Sprintf("%x\r\n%s\r\n", len(smallBody), smallBody))
	x.s.sleep(lastChunk)
	x.write("0\r\n\r\n")
	x.over()
}
