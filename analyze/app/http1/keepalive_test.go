package http1

import "testing"

// HTTP/1.0 keeps a connection only if both sides say so (RFC 9112 section 9.3,
// appendix C.2.2): what is said is told, whatever the version.
func TestHTTP10KeepAlive(t *testing.T) {
	check(t, true, []rule{{name: "requests", steps: bytesOf("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
		want: `GET / 1.0 connection="Keep-Alive" keep-alive [42]
			end 0 complete
			GET / 1.0 [18]
			end 0 complete`}})
	check(t, false, []rule{{name: "responses", steps: bytesOf("HTTP/1.0 200 OK\r\nConnection: Foo, KEEP-ALIVE\r\nContent-Length: 1\r\n\r\nxHTTP/1.0 204 No\r\n\r\n"),
		want: `200 1.0 connection="Foo, KEEP-ALIVE" keep-alive length=1 [67]
			end 1 complete
			204 1.0 [19]
			end 0 complete`}})
}
