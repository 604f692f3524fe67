package http1

import "testing"

// A client that asks before it sends its body need not send it if the answer is another than
// 100 Continue (RFC 9110 section 10.1.1): then its next request may follow the head.
func TestAnsweredBeforeTheBody(t *testing.T) {
	const next, long = "GET / HTTP/1.1\r\n\r\n", "Content-Length: 18\r\n"
	const asks = "Expect: 100-continue\r\n"
	for _, x := range []struct{ claim, before, after, want string }{
		{"the body stays away", "PUT / HTTP/1.1\r\n" + asks + long + "\r\n", next,
			"PUT / 1.1 expects length=18 [60]\nend 0 complete\nGET / 1.1 [18]\nend 0 complete"},
		{"a chunked one, too", "PUT / HTTP/1.1\r\n" + asks + "Transfer-Encoding: chunked\r\n\r\n", next,
			"PUT / 1.1 expects chunked [68]\nend 0 complete\nGET / 1.1 [18]\nend 0 complete"},
		{"it is sent all the same", "PUT / HTTP/1.1\r\n" + asks + long + "\r\n", `{"name": "a value"`,
			"PUT / 1.1 expects length=18 [60]\nend 18 complete"},
		{"a byte of it had come", "PUT / HTTP/1.1\r\n" + asks + long + "\r\na", next[:17],
			"PUT / 1.1 expects length=18 [60]\nend 18 complete"},
		{"a part of a chunk had come", "PUT / HTTP/1.1\r\n" + asks + "Transfer-Encoding: chunked\r\n\r\n13\r\na", next,
			"PUT / 1.1 expects chunked [68]"},
		{"nobody asked", "PUT / HTTP/1.1\r\n" + long + "\r\n", next,
			"PUT / 1.1 length=18 [38]\nend 18 complete"},
		{"HTTP/1.0 cannot ask", "PUT / HTTP/1.0\r\n" + asks + long + "\r\n", next,
			"PUT / 1.0 expects length=18 [60]\nend 18 complete"},
		{"the request is over", "GET / HTTP/1.1\r\n" + asks + "\r\n", next,
			"GET / 1.1 expects [40]\nend 0 complete\nGET / 1.1 [18]\nend 0 complete"},
	} {
		r := new(recorder)
		p := New(true, r)
		p.Feed([]byte(x.before), at(1))
		p.Answered()
		p.Feed([]byte(x.after), at(2))
		if r.text() != x.want {
			t.Errorf("%s:\n%s\nwant:\n%s", x.claim, r.text(), x.want)
		}
	}
}
