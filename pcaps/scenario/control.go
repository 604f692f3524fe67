package scenario

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What a command may authorise itself with.
const (
	User     = "tcpwarm"
	Password = "challenge"
)

// afterHints is how long the final response takes after early hints.
const afterHints = 20 * time.Millisecond

// hops is how often a URL of redirect-chain is redirected.
const hops = 3

// control are responses that make the client come again, or come before the final one.
var control = []Scenario{
	{
		Name: "redirect-chain", Family: HTTP1,
		About: "Each URL is redirected three times on the same server (RFC 9110 section 15.4), with bodies: the " +
			"requests that follow go on the same connection.",
		steps: oneByOne(3),
		serve: behaviour{answer: func(x *exchange) {
			_, hop, _ := strings.Cut(x.head.URL.Path, "/hop/")
			var n int
			fmt.Sscan(hop, &n)
			if n == hops {
				x.respond("200 OK", "", smallBody)
				return
			}
			x.comesAgain(Redirected)
			base, _, _ := strings.Cut(x.head.URL.Path, "/hop/")
			x.respond("302 Found", fmt.Sprintf("Location: %s/hop/%d\r\n", base, n+1), smallBody)
		}},
	},
	{
		Name: "unauthorized", Family: HTTP1,
		About: "401, then the same again with credentials (RFC 9110 section 11.6.1): the 401 has a body, which is read, " +
			"and the second request goes on the same connection.",
		Asks:  "the same again after a 401, with Basic credentials: TCPWARM_USER and TCPWARM_PASSWORD of the environment",
		steps: oneByOne(3),
		serve: behaviour{answer: func(x *exchange) {
			if user, password, ok := x.head.BasicAuth(); ok && user == User && password == Password {
				x.respond("200 OK", "", smallBody)
				return
			}
			x.comesAgain(ToAuthorise)
			x.respond("401 Unauthorized", "WWW-Authenticate: Basic realm=\"challenge\"\r\n", ofSize(errorBody))
		}},
		Wants: func(r *Request) bool { return strings.Contains(r.Conditions, "Authorization") },
	},
	{
		Name: "expect-continue", Family: HTTP1,
		About: "100 Continue comes before the body is sent, the final response after it (RFC 9110 section 10.1.1): two " +
			"responses to one request, and the connection stays.",
		Asks:  "POST with a body and Expect: 100-continue",
		steps: oneByOne(3),
		Wants: func(r *Request) bool {
			return r.Method == http.MethodPost && strings.Contains(strings.ToLower(r.Conditions), "expect: 100-continue")
		},
	},
	{
		Name: "early-hints", Family: HTTP1,
		About: "103 Early Hints comes before the final response (RFC 8297): a good client passes over it (RFC 9110 " +
			"section 15.2) and stays in step.",
		steps: oneByOne(3),
		serve: behaviour{answer: func(x *exchange) {
			x.write("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n")
			x.s.sleep(afterHints)
			x.respond("200 OK", "", smallBody)
		}},
	},
}
