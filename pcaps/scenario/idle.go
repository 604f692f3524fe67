package scenario

import "time"

// The pauses of scenarios, and the timeouts of their servers.
const (
	shortPause = time.Second
	longPause  = 1500 * time.Millisecond
	closesAt   = time.Second     // below longPause
	keepsFor   = 4 * time.Second // well above shortPause: some clients leave a second or two to spare
)

// idle are pauses between requests, shorter and longer than the server's idle timeout.
var idle = []Scenario{
	{
		Name: "idle-below-announced", Family: HTTP1,
		About: "The server announces Keep-Alive: timeout=4, requests come a second apart: all on one connection.",
		steps: []step{{1, shortPause}, {1, shortPause}, {1, gap}},
		serve: behaviour{idle: keepsFor, answer: announcing("timeout=4")},
	},
	{
		Name: "idle-below-unannounced", Family: HTTP1,
		About: "The same, and the server announces nothing: a good client keeps the connection all the same.",
		steps: []step{{1, shortPause}, {1, shortPause}, {1, gap}},
		serve: behaviour{idle: keepsFor},
	},
	{
		Name: "idle-beyond-announced", Family: HTTP1,
		About: "The server announces Keep-Alive: timeout=1, ends the connection then, and requests come 1.5 s apart: a " +
			"good client has noticed (RFC 9112 section 9.6), opens another, and loses no request.",
		steps:    []step{{1, longPause}, {1, longPause}, {1, gap}},
		serve:    behaviour{idle: closesAt, answer: announcing("timeout=1")},
		Prevents: true,
	},
	{
		Name: "idle-beyond-unannounced", Family: HTTP1,
		About:    "The same, and nothing was announced.",
		steps:    []step{{1, longPause}, {1, longPause}, {1, gap}},
		serve:    behaviour{idle: closesAt},
		Prevents: true,
	},
}

// announcing answers with a Keep-Alive field (RFC 2068 section 19.7.1.1).
func announcing(value string) func(*exchange) {
	return func(x *exchange) {
		x.respond("200 OK", "Connection: keep-alive\r\nKeep-Alive: "+value+"\r\n", smallBody)
	}
}
