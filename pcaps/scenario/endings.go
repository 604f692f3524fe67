package scenario

import (
	"net/http"
	"time"
)

// perConnection is how many requests the servers below take on a connection.
const perConnection = 3

// slowAccept is longer than any handshake on loopback.
const slowAccept = 400 * time.Millisecond

// endings are connections that the server ends, or is slow to begin.
var endings = []Scenario{
	{
		Name: "close-announced", Family: HTTP1,
		About: "Every third response of a connection says Connection: close (RFC 9112 section 9.6): a good client uses " +
			"the connection until then, and sends nothing after it.",
		Least: 2,
		steps: oneByOne(6),
		serve: behaviour{answer: func(x *exchange) {
			fields := ""
			if x.nth == perConnection {
				fields, x.ends = "Connection: close\r\n", true
			}
			x.respond("200 OK", fields, smallBody)
		}},
	},
	{
		Name: "close-unannounced", Family: HTTP1,
		About: "The server ends each connection after its third response, and does not say so: a good client has " +
			"noticed when the next request comes, or asks again on another connection (RFC 9112 section 9.3.1).",
		Least: 2,
		steps: oneByOne(6),
		serve: behaviour{answer: func(x *exchange) {
			x.ends = x.ends || x.nth == perConnection
			x.respond("200 OK", "", smallBody)
		}},
	},
	{
		Name: "keep-alive-lies", Family: HTTP1,
		About: "The server announces Keep-Alive: timeout=60, max=100, and ends each connection after its third response all " +
			"the same: a good client takes that for a hint (RFC 9112 section 9.3 permits each side to end a connection at " +
			"any time), and goes on as without it.",
		Least: 2,
		steps: oneByOne(6),
		serve: behaviour{answer: func(x *exchange) {
			x.ends = x.ends || x.nth == perConnection
			announcing("timeout=60, max=100")(x)
		}},
	},
	{
		Name: "close-on-request", Family: HTTP1,
		About: "The server ends the connection just as the second URL's request comes, as a server does whose idle " +
			"timeout ends then: a good client asks again on another connection, since GET is safe to repeat (RFC 9110 " +
			"section 9.2.2).",
		Least: 2,
		steps: oneByOne(3),
		serve: behaviour{answer: func(x *exchange) {
			if x.URL == 1 && x.nth > 1 {
				x.comesAgain(Lost)
				x.t.abort()
				x.failed = true
				return
			}
			x.respond("200 OK", "", smallBody)
		}},
	},
	{
		Name: "http10", Family: HTTP1,
		About: "The server speaks HTTP/1.0: each response ends with its connection (RFC 9112 section 9.3). A good client " +
			"opens one for each request, and sends nothing on an old one.",
		steps: oneByOne(3),
		serve: behaviour{answer: func(x *exchange) {
			x.ends = true
			x.raw(http.StatusOK, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"+smallBody)
		}},
		Prevents: true,
	},
	{
		Name: "slow-accept", Family: HTTP1,
		About: "The server takes 0.4 s to accept a connection, as a busy one does: a good client waits, and opens no " +
			"second one for the same request.",
		steps: oneByOne(3),
		serve: behaviour{accept: slowAccept},
	},
}
