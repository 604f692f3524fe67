package scenario

import (
	"time"

	"golang.org/x/net/http2"
)

// streamLimit is how many streams http2-stream-limit permits.
const streamLimit = 3

// pingPause is time for a PING to be acknowledged.
const pingPause = 700 * time.Millisecond

// servedBefore is how many requests http2-goaway answers before it sends GOAWAY.
const servedBefore = 2

// multiplexed are HTTP/2.
var multiplexed = []Scenario{
	{
		Name: "http2-one-connection", Family: HTTP2,
		About: "Six requests at once, twice: all as streams of one connection (RFC 9113 section 9.1).",
		steps: []step{{6, gap}, {6, gap}},
		serve: behaviour{gather: true},
	},
	{
		Name: "http2-stream-limit", Family: HTTP2,
		About: "The server permits three streams at once (RFC 9113 section 5.1.2). After a first request, so that the client " +
			"knows, six come at once, twice: a good client lets them wait, or opens one connection more, and keeps it.",
		steps: []step{{1, gap}, {6, gap}, {6, gap}},
		serve: behaviour{gather: true, streams: streamLimit},
	},
	{
		Name: "http2-goaway", Family: HTTP2,
		About: "After two requests of four the server sends GOAWAY and ends the connection (RFC 9113 section 6.8): a good " +
			"client asks again on another connection for what was not answered, and opens one for all.",
		Least: 2,
		steps: []step{{4, gap}, {2, gap}},
		serve: behaviour{gather: true, stream: goAway},
	},
	{
		Name: "http2-ping", Family: HTTP2,
		About: "The server sends PING after each response: a good client acknowledges it (RFC 9113 section 6.7), also " +
			"while it has nothing to ask.",
		steps: []step{{1, pingPause}, {1, pingPause}, {1, gap}},
		serve: behaviour{stream: func(h *h2conn, id uint32, r *Request) bool {
			h.respond(id, r)
			h.ping()
			return true
		}},
	},
	{
		Name: "h2c-one-connection", Family: H2C,
		About: "Six requests at once, twice, in clear: all as streams of one connection.",
		Asks:  "HTTP/2 with prior knowledge (RFC 9113 section 3.3), without an upgrade",
		steps: []step{{6, gap}, {6, gap}},
		serve: behaviour{gather: true},
	},
}

// goAway lets the first connection go after so many requests: what comes beyond is not
// answered there.
func goAway(h *h2conn, id uint32, r *Request) bool {
	if !h.first || h.streams <= servedBefore {
		if h.streams == servedBefore {
			h.lastServed = id
		}
		return false
	}
	h.s.ledger.do(func() { r.Again = Lost })
	if h.streams == servedBefore+1 {
		h.s.running.Go(func() {
			if !h.s.gather(r.URL) {
				return
			}
			h.write(func(f *http2.Framer) error { return f.WriteGoAway(h.lastServed, http2.ErrCodeNo, nil) })
			for began := time.Now(); h.answered() < servedBefore && time.Since(began) < mostRest && h.s.sleep(asking); {
			}
			h.end()
		})
	}
	return true
}
