package main

import (
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A scenario is one client talking to one server in one way.
type scenario struct {
	name   string // of the sample
	client string // key of clients
	mode   string // what the client is told; "" is the last word of the name
	server options
	path   *route // between client and server; nil: loopback
	via    string // relay between client and server: "", dumb, or what startLogged knows
	snap   int    // bytes kept of each packet; 0: all

	after string // the sample in which what is wrong here is mended; "" where nothing is
	stale int    // requests sent to a connection the server had closed: on the wire, not seen by the server
	finds string // IDs of findings, in order
	want  want   // of the origin's connections
	front want   // of those between client and relay, if there is one
}

// options are how the server behaves. Zero: HTTP/1.1 in clear, answers at once,
// closes nothing for a minute.
type options struct {
	tls         bool
	http2       bool          // offered by ALPN; without TLS, spoken where the client knows
	idle        time.Duration // after which it closes an idle connection
	close       bool          // says Connection: close in each response, and does it
	drop        bool          // ends each connection after its response without saying so
	maxRequests int           // of one connection; the last response says close
	delay       time.Duration // before each response
	spread      time.Duration // between the responses to five requests made at once, beyond delay
}

// route is a path with a real round trip.
type route struct {
	delay time.Duration // one way
	rate  int64         // bits a second, each way
	queue int           // bytes that may wait before the link; what does not fit is dropped
}

const (
	nearDevice = "lab0" // in the clients' namespace
	nearAddr   = "10.9.0.1"
	farAddr    = "10.9.0.2"
)

// want is what must come out.
type want struct {
	used   int    // connections that carry a request
	needed int    // by the ideal client
	why    string // cause of each avoidable connection
	ended  bool   // the server ended connections: with no reuse at all, it prevents reuse
	vain   bool   // no request on a used connection was answered
}

const (
	bodySnap = 300                    // enough for every header, not for bodies
	pathSnap = 180                    // enough for headers on a path, where packets are many
	together = 20 * time.Millisecond  // keeps requests made at once outstanding at once
	short    = 300 * time.Millisecond // half the clients' pause
)

var (
	plain   = options{}
	slow    = options{delay: together}
	slower  = options{delay: 5 * together} // for clients whose threads take long to start
	trickle = options{delay: together, spread: together / 2}
	idles   = options{idle: short}
	secure  = options{tls: true}
	h2      = options{tls: true, http2: true}
	far     = route{delay: 25 * time.Millisecond, rate: 20_000_000, queue: 256_000}
	narrow  = route{delay: 25 * time.Millisecond, rate: 10_000_000, queue: 30_000}
	h2c     = options{http2: true}
	h2slow  = options{tls: true, http2: true, delay: together}
)

// scenarios are all there is to record: first the cells of the table "Who really
// reuses?", then what needs a section of its own.
var scenarios = []scenario{
	{name: "node18-default", client: "node18", server: plain, after: "node18-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "node18-shared", client: "node18", server: plain, want: want{used: 1, needed: 1}},
	{name: "node18-parallel", client: "node18", server: slow, want: want{used: 5, needed: 5}},
	{name: "node18-unread", client: "node18", server: plain, snap: bodySnap, after: "node18-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "node18-idle", client: "node18", server: idles, want: want{used: 2, needed: 2}},

	{name: "node-default", client: "node", server: plain, want: want{used: 1, needed: 1}},
	{name: "node-shared", client: "node", server: plain, want: want{used: 1, needed: 1}},
	{name: "node-parallel", client: "node", server: slow, want: want{used: 5, needed: 5}},
	{name: "node-unread", client: "node", server: plain, snap: bodySnap, after: "node-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "node-idle", client: "node", server: idles, want: want{used: 2, needed: 2}},

	{name: "axios-default", client: "axios", server: plain, want: want{used: 1, needed: 1}},
	{name: "axios-shared", client: "axios", server: plain, want: want{used: 1, needed: 1}},
	{name: "axios-parallel", client: "axios", server: slow, want: want{used: 5, needed: 5}},
	{name: "axios-unread", client: "axios", server: plain, snap: bodySnap, after: "axios-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "axios-idle", client: "axios", server: idles, want: want{used: 2, needed: 2}},
	{name: "axios18-default", client: "axios18", server: plain, after: "axios-default", want: want{used: 10, needed: 1, why: "client-said-close"}},

	{name: "request-default", client: "request", server: plain, want: want{used: 1, needed: 1}},
	{name: "request-shared", client: "request", server: plain, want: want{used: 1, needed: 1}},
	{name: "request-parallel", client: "request", server: slow, want: want{used: 5, needed: 5}},
	{name: "request-unread", client: "request", server: plain, snap: bodySnap, after: "request-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "request-idle", client: "request", server: idles, want: want{used: 2, needed: 2}},
	{name: "request18-default", client: "request18", server: plain, after: "request18-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "request18-shared", client: "request18", server: plain, want: want{used: 1, needed: 1}},

	{name: "agentkeepalive-default", client: "agentkeepalive", server: plain, after: "agentkeepalive-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "agentkeepalive-shared", client: "agentkeepalive", server: plain, want: want{used: 1, needed: 1}},
	{name: "agentkeepalive-parallel", client: "agentkeepalive", server: slow, want: want{used: 5, needed: 5}},
	{name: "agentkeepalive-unread", client: "agentkeepalive", server: plain, snap: bodySnap, after: "agentkeepalive-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "agentkeepalive-idle", client: "agentkeepalive", server: idles, want: want{used: 2, needed: 2}},

	{name: "undici-default", client: "undici", server: plain, want: want{used: 1, needed: 1}},
	{name: "undici-shared", client: "undici", server: plain, want: want{used: 1, needed: 1}},
	{name: "undici-parallel", client: "undici", server: slow, want: want{used: 5, needed: 5}},
	{name: "undici-unread", client: "undici", server: plain, snap: bodySnap, after: "undici-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "undici-idle", client: "undici", server: idles, want: want{used: 2, needed: 2}},

	{name: "fetch-default", client: "fetch", server: plain, want: want{used: 1, needed: 1}},
	{name: "fetch-parallel", client: "fetch", server: slow, want: want{used: 5, needed: 5}},
	{name: "fetch-unread", client: "fetch", server: plain, snap: bodySnap, after: "fetch-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "fetch-idle", client: "fetch", server: idles, want: want{used: 2, needed: 2}},

	{name: "go-default", client: "go", server: plain, want: want{used: 1, needed: 1}},
	{name: "go-shared", client: "go", server: plain, want: want{used: 1, needed: 1}},
	{name: "go-parallel", client: "go", server: slow, finds: "pool-too-small", after: "go-idle5", want: want{used: 8, needed: 5, why: "client-closed"}},
	{name: "go-unread", client: "go", server: plain, snap: bodySnap, after: "go-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "go-idle", client: "go", server: idles, want: want{used: 2, needed: 2}},

	{name: "curl-default", client: "curl", server: plain, after: "curl-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "curl-shared", client: "curl", server: plain, want: want{used: 1, needed: 1}},
	{name: "curl-parallel", client: "curl", server: slow, want: want{used: 5, needed: 5}},

	{name: "requests-default", client: "requests", server: plain, after: "requests-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "requests-shared", client: "requests", server: plain, want: want{used: 1, needed: 1}},
	{name: "requests-parallel", client: "requests", server: slow, want: want{used: 5, needed: 5}},
	{name: "requests-unread", client: "requests", server: plain, snap: bodySnap, after: "requests-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "requests-idle", client: "requests", server: idles, want: want{used: 2, needed: 2}},

	{name: "httpclient-default", client: "httpclient", server: plain, after: "httpclient-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "httpclient-shared", client: "httpclient", server: plain, want: want{used: 1, needed: 1}},
	{name: "httpclient-idle", client: "httpclient", server: idles, stale: 1, finds: "stale-reuse-race", want: want{used: 2, needed: 2}},

	{name: "java-default", client: "java", server: plain, after: "java-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "java-shared", client: "java", server: plain, want: want{used: 1, needed: 1}},
	{name: "java-parallel", client: "java", server: slow, want: want{used: 5, needed: 5}},
	{name: "java-unread", client: "java", server: plain, snap: bodySnap, after: "java-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "java-idle", client: "java", server: idles, want: want{used: 2, needed: 2}},

	{name: "node24-default", client: "node24", server: plain, want: want{used: 1, needed: 1}},
	{name: "node24-shared", client: "node24", server: plain, want: want{used: 1, needed: 1}},
	{name: "node24-parallel", client: "node24", server: slow, want: want{used: 5, needed: 5}},
	{name: "node24-unread", client: "node24", server: plain, snap: bodySnap, after: "node24-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "node24-drained", client: "node24", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "node24-idle", client: "node24", server: idles, want: want{used: 2, needed: 2}},

	{name: "undici8-default", client: "undici8", server: plain, want: want{used: 1, needed: 1}},
	{name: "undici8-shared", client: "undici8", server: plain, want: want{used: 1, needed: 1}},
	{name: "undici8-parallel", client: "undici8", server: slow, want: want{used: 5, needed: 5}},
	{name: "undici8-unread", client: "undici8", server: plain, snap: bodySnap, after: "undici8-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "undici8-drained", client: "undici8", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "undici8-idle", client: "undici8", server: idles, want: want{used: 2, needed: 2}},
	{name: "undici8-each", client: "undici8", server: plain, after: "undici8-shared", want: want{used: 10, needed: 1, why: "missed"}},

	{name: "fetch24-default", client: "fetch24", server: plain, want: want{used: 1, needed: 1}},
	{name: "fetch24-parallel", client: "fetch24", server: slow, want: want{used: 5, needed: 5}},
	{name: "fetch24-unread", client: "fetch24", server: plain, snap: bodySnap, after: "fetch24-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "fetch24-drained", client: "fetch24", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "fetch24-idle", client: "fetch24", server: idles, want: want{used: 2, needed: 2}},

	{name: "got-default", client: "got", server: plain, want: want{used: 1, needed: 1}},
	{name: "got-shared", client: "got", server: plain, want: want{used: 1, needed: 1}},
	{name: "got-parallel", client: "got", server: slow, want: want{used: 5, needed: 5}},
	{name: "got-unread", client: "got", server: plain, snap: bodySnap, after: "got-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "got-drained", client: "got", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "got-idle", client: "got", server: idles, want: want{used: 2, needed: 2}},
	{name: "got-each", client: "got", server: plain, after: "got-shared", want: want{used: 10, needed: 1, why: "missed"}},

	{name: "got-off", client: "got", server: plain, after: "got-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "ky-default", client: "ky", server: plain, want: want{used: 1, needed: 1}},
	{name: "ky-parallel", client: "ky", server: slow, want: want{used: 5, needed: 5}},
	{name: "ky-unread", client: "ky", server: plain, snap: bodySnap, after: "ky-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "ky-drained", client: "ky", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "ky-idle", client: "ky", server: idles, want: want{used: 2, needed: 2}},

	{name: "node-fetch-default", client: "node-fetch", server: plain, want: want{used: 1, needed: 1}},
	{name: "node-fetch-shared", client: "node-fetch", server: plain, want: want{used: 1, needed: 1}},
	{name: "node-fetch-parallel", client: "node-fetch", server: slow, want: want{used: 5, needed: 5}},
	{name: "node-fetch-unread", client: "node-fetch", server: plain, snap: bodySnap, after: "node-fetch-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "node-fetch-drained", client: "node-fetch", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "node-fetch-idle", client: "node-fetch", server: idles, want: want{used: 2, needed: 2}},
	{name: "node-fetch-each", client: "node-fetch", server: plain, after: "node-fetch-shared", want: want{used: 10, needed: 1, why: "missed"}},

	{name: "superagent-default", client: "superagent", server: plain, after: "superagent-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "superagent-shared", client: "superagent", server: plain, want: want{used: 1, needed: 1}},
	{name: "superagent-parallel", client: "superagent", server: slow, want: want{used: 5, needed: 5}},
	{name: "superagent-unread", client: "superagent", server: plain, snap: bodySnap, after: "superagent-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "superagent-drained", client: "superagent", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "superagent-idle", client: "superagent", server: idles, want: want{used: 2, needed: 2}},

	{name: "superagent-jar", client: "superagent", server: plain, after: "superagent-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},

	{name: "reqwest-default", client: "reqwest", server: plain, after: "reqwest-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest-shared", client: "reqwest", server: plain, want: want{used: 1, needed: 1}},
	{name: "reqwest-parallel", client: "reqwest", server: slow, want: want{used: 5, needed: 5}},
	{name: "reqwest-unread", client: "reqwest", server: plain, snap: bodySnap, after: "reqwest-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "reqwest-drained", client: "reqwest", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "reqwest-idle", client: "reqwest", server: idles, want: want{used: 2, needed: 2}},
	{name: "reqwest-each", client: "reqwest", server: plain, after: "reqwest-shared", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "reqwest-off", client: "reqwest", server: plain, after: "reqwest-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest-idle2", client: "reqwest", mode: "parallel-idle2", server: slow, after: "reqwest-parallel", finds: "pool-too-small", want: want{used: 8, needed: 5, why: "client-closed"}},
	{name: "reqwest-timeout", client: "reqwest", mode: "idle-timeout", server: plain, after: "reqwest-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "reqwest-pause", client: "reqwest", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	{name: "reqwest12-default", client: "reqwest12", server: plain, after: "reqwest12-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest12-shared", client: "reqwest12", server: plain, want: want{used: 1, needed: 1}},
	{name: "reqwest12-parallel", client: "reqwest12", server: slow, want: want{used: 5, needed: 5}},
	{name: "reqwest12-unread", client: "reqwest12", server: plain, snap: bodySnap, after: "reqwest12-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "reqwest12-drained", client: "reqwest12", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "reqwest12-idle", client: "reqwest12", server: idles, want: want{used: 2, needed: 2}},
	{name: "reqwest12-each", client: "reqwest12", server: plain, after: "reqwest12-shared", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "reqwest12-off", client: "reqwest12", server: plain, after: "reqwest12-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest12-idle2", client: "reqwest12", mode: "parallel-idle2", server: slow, after: "reqwest12-parallel", finds: "pool-too-small", want: want{used: 8, needed: 5, why: "client-closed"}},
	{name: "reqwest12-timeout", client: "reqwest12", mode: "idle-timeout", server: plain, after: "reqwest12-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "reqwest12-pause", client: "reqwest12", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	{name: "reqwest11-default", client: "reqwest11", server: plain, after: "reqwest11-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest11-shared", client: "reqwest11", server: plain, want: want{used: 1, needed: 1}},
	{name: "reqwest11-parallel", client: "reqwest11", server: slow, want: want{used: 5, needed: 5}},
	{name: "reqwest11-unread", client: "reqwest11", server: plain, snap: bodySnap, after: "reqwest11-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "reqwest11-drained", client: "reqwest11", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "reqwest11-idle", client: "reqwest11", server: idles, want: want{used: 2, needed: 2}},
	{name: "reqwest11-each", client: "reqwest11", server: plain, after: "reqwest11-shared", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "reqwest11-off", client: "reqwest11", server: plain, after: "reqwest11-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest11-idle2", client: "reqwest11", mode: "parallel-idle2", server: slow, after: "reqwest11-parallel", finds: "pool-too-small", want: want{used: 8, needed: 5, why: "client-closed"}},
	{name: "reqwest11-timeout", client: "reqwest11", mode: "idle-timeout", server: plain, after: "reqwest11-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "reqwest11-pause", client: "reqwest11", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	{name: "hyper-shared", client: "hyper", server: plain, want: want{used: 1, needed: 1}},
	{name: "hyper-parallel", client: "hyper", server: slow, want: want{used: 5, needed: 5}},
	{name: "hyper-unread", client: "hyper", server: plain, snap: bodySnap, after: "hyper-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "hyper-drained", client: "hyper", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "hyper-idle", client: "hyper", server: idles, want: want{used: 2, needed: 2}},
	{name: "hyper-each", client: "hyper", server: plain, after: "hyper-shared", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "hyper-off", client: "hyper", server: plain, after: "hyper-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "hyper-idle2", client: "hyper", mode: "parallel-idle2", server: slow, after: "hyper-parallel", finds: "pool-too-small", want: want{used: 8, needed: 5, why: "client-closed"}},
	{name: "hyper-timeout", client: "hyper", mode: "idle-timeout", server: plain, after: "hyper-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "hyper-notimer", client: "hyper", mode: "idle-notimer", server: plain, after: "hyper-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "hyper-pause", client: "hyper", mode: "idle", server: plain, want: want{used: 1, needed: 1}},
	{name: "hyper-conn", client: "hyper", server: plain, want: want{used: 1, needed: 1}},
	{name: "hyper-conn-each", client: "hyper", mode: "conn-each", server: plain, after: "hyper-conn", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "hyper14-shared", client: "hyper14", server: plain, want: want{used: 1, needed: 1}},
	{name: "hyper14-parallel", client: "hyper14", server: slow, want: want{used: 5, needed: 5}},
	{name: "hyper14-unread", client: "hyper14", server: plain, snap: bodySnap, after: "hyper14-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "hyper14-drained", client: "hyper14", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "hyper14-idle", client: "hyper14", server: idles, want: want{used: 2, needed: 2}},

	{name: "hyper14-off", client: "hyper14", server: plain, after: "hyper14-shared", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "ureq-default", client: "ureq", server: plain, after: "ureq-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "ureq-shared", client: "ureq", server: plain, want: want{used: 1, needed: 1}},
	{name: "ureq-parallel", client: "ureq", server: slow, after: "ureq-idle5", finds: "pool-too-small", want: want{used: 7, needed: 5, why: "client-closed"}},
	{name: "ureq-unread", client: "ureq", server: plain, snap: bodySnap, after: "ureq-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "ureq-drained", client: "ureq", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "ureq-idle", client: "ureq", server: idles, want: want{used: 2, needed: 2}},
	{name: "ureq-each", client: "ureq", server: plain, after: "ureq-shared", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "ureq-idle5", client: "ureq", mode: "parallel-idle5", server: slow, want: want{used: 5, needed: 5}},
	{name: "ureq-timeout", client: "ureq", mode: "idle-timeout", server: plain, after: "ureq-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "ureq-pause", client: "ureq", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	{name: "urllib3-default", client: "urllib3", server: plain, want: want{used: 1, needed: 1}},
	{name: "urllib3-shared", client: "urllib3", server: plain, want: want{used: 1, needed: 1}},
	{name: "urllib3-parallel", client: "urllib3", server: slow, after: "urllib3-maxsize5", finds: "pool-too-small", want: want{used: 9, needed: 5, why: "client-closed"}},
	{name: "urllib3-unread", client: "urllib3", server: plain, snap: bodySnap, after: "urllib3-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "urllib3-drained", client: "urllib3", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "urllib3-idle", client: "urllib3", server: idles, want: want{used: 2, needed: 2}},
	{name: "urllib3-each", client: "urllib3", server: plain, after: "urllib3-shared", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "urllib3-maxsize5", client: "urllib3", mode: "parallel-maxsize5", server: slow, want: want{used: 5, needed: 5}},

	{name: "httpx-default", client: "httpx", server: plain, after: "httpx-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "httpx-shared", client: "httpx", server: plain, want: want{used: 1, needed: 1}},
	{name: "httpx-parallel", client: "httpx", server: slow, want: want{used: 5, needed: 5}},
	{name: "httpx-unread", client: "httpx", server: plain, snap: bodySnap, after: "httpx-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "httpx-drained", client: "httpx", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "httpx-idle", client: "httpx", server: idles, want: want{used: 2, needed: 2}},
	{name: "httpx-each", client: "httpx", server: plain, after: "httpx-shared", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "httpx-closed", client: "httpx", mode: "unread-closed", server: plain, snap: bodySnap, after: "httpx-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "httpx-off", client: "httpx", server: plain, after: "httpx-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "httpx-keepalive2", client: "httpx", mode: "parallel-keepalive2", server: slow, after: "httpx-parallel", finds: "pool-too-small", want: want{used: 8, needed: 5, why: "client-closed"}},
	{name: "httpx-expiry", client: "httpx", mode: "idle-expiry", server: plain, after: "httpx-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "httpx-pause", client: "httpx", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	{name: "aiohttp-default", client: "aiohttp", server: plain, after: "aiohttp-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "aiohttp-shared", client: "aiohttp", server: plain, want: want{used: 1, needed: 1}},
	{name: "aiohttp-parallel", client: "aiohttp", server: slow, want: want{used: 5, needed: 5}},
	{name: "aiohttp-unread", client: "aiohttp", server: plain, snap: bodySnap, after: "aiohttp-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "aiohttp-drained", client: "aiohttp", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "aiohttp-idle", client: "aiohttp", server: idles, want: want{used: 2, needed: 2}},
	{name: "aiohttp-each", client: "aiohttp", server: plain, after: "aiohttp-shared", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "aiohttp-closed", client: "aiohttp", mode: "unread-closed", server: plain, snap: bodySnap, after: "aiohttp-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "aiohttp-off", client: "aiohttp", server: plain, after: "aiohttp-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "aiohttp-limit2", client: "aiohttp", mode: "parallel-limit2", server: slow, want: want{used: 2, needed: 2}},
	{name: "aiohttp-timeout", client: "aiohttp", mode: "idle-timeout", server: plain, after: "aiohttp-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "aiohttp-pause", client: "aiohttp", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	{name: "boto3-default", client: "boto3", server: plain, after: "boto3-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "boto3-shared", client: "boto3", server: plain, want: want{used: 1, needed: 1}},
	{name: "boto3-parallel", client: "boto3", server: slow, want: want{used: 5, needed: 5}},
	{name: "boto3-unread", client: "boto3", server: plain, snap: bodySnap, after: "boto3-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "boto3-drained", client: "boto3", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "boto3-idle", client: "boto3", server: idles, want: want{used: 2, needed: 2}},

	{name: "boto3-pool2", client: "boto3", mode: "parallel-pool2", server: slow, after: "boto3-parallel", finds: "pool-too-small", want: want{used: 8, needed: 5, why: "client-closed"}},

	{name: "urlconnection-default", client: "urlconnection", server: plain, want: want{used: 1, needed: 1}},
	{name: "urlconnection-parallel", client: "urlconnection", server: slow, want: want{used: 5, needed: 5}},
	{name: "urlconnection-unread", client: "urlconnection", server: plain, snap: bodySnap, after: "urlconnection-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "urlconnection-drained", client: "urlconnection", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "urlconnection-idle", client: "urlconnection", server: idles, stale: 1, finds: "stale-reuse-race", want: want{used: 2, needed: 2}},

	{name: "urlconnection-disconnect", client: "urlconnection", server: plain, want: want{used: 1, needed: 1}},

	{name: "okhttp-default", client: "okhttp", server: plain, after: "okhttp-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "okhttp-shared", client: "okhttp", server: plain, want: want{used: 1, needed: 1}},
	{name: "okhttp-parallel", client: "okhttp", server: slow, want: want{used: 5, needed: 5}},
	{name: "okhttp-unread", client: "okhttp", server: plain, snap: bodySnap, after: "okhttp-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "okhttp-drained", client: "okhttp", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "okhttp-idle", client: "okhttp", server: idles, stale: 1, finds: "stale-reuse-race", want: want{used: 2, needed: 2}},

	{name: "okhttp-newbuilder", client: "okhttp", server: plain, want: want{used: 1, needed: 1}},
	{name: "okhttp-off", client: "okhttp", server: plain, after: "okhttp-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "okhttp-pool2", client: "okhttp", mode: "parallel-pool2", server: slow, after: "okhttp-parallel", finds: "pool-too-small", want: want{used: 8, needed: 5, why: "client-closed"}},
	{name: "okhttp-timeout", client: "okhttp", mode: "idle-timeout", server: plain, after: "okhttp-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "okhttp-pause", client: "okhttp", mode: "idle", server: plain, want: want{used: 1, needed: 1}},
	{name: "okhttp-closed", client: "okhttp", mode: "unread-closed", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},

	{name: "apache-default", client: "apache", server: plain, after: "apache-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "apache-shared", client: "apache", server: plain, want: want{used: 1, needed: 1}},
	{name: "apache-parallel", client: "apache", server: slow, want: want{used: 5, needed: 5}},
	{name: "apache-unread", client: "apache", server: plain, snap: bodySnap, after: "apache-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "apache-drained", client: "apache", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "apache-idle", client: "apache", server: idles, stale: 1, finds: "stale-reuse-race", want: want{used: 2, needed: 2}},
	{name: "apache-each", client: "apache", server: plain, after: "apache-shared", want: want{used: 10, needed: 1, why: "missed"}},

	{name: "apache-off", client: "apache", server: plain, after: "apache-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "apache-timeout", client: "apache", mode: "idle-keepalive", server: plain, after: "apache-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "apache-pause", client: "apache", mode: "idle", server: plain, want: want{used: 1, needed: 1}},
	{name: "apache-closed", client: "apache", mode: "unread-closed", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},

	{name: "okhttp4-default", client: "okhttp4", server: plain, after: "okhttp4-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "okhttp4-shared", client: "okhttp4", server: plain, want: want{used: 1, needed: 1}},
	{name: "okhttp4-parallel", client: "okhttp4", server: slow, want: want{used: 5, needed: 5}},
	{name: "okhttp4-unread", client: "okhttp4", server: plain, snap: bodySnap, after: "okhttp4-shared", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "okhttp4-idle", client: "okhttp4", server: idles, stale: 1, finds: "stale-reuse-race", want: want{used: 2, needed: 2}},

	{name: "apache4-default", client: "apache4", server: plain, after: "apache4-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "apache4-shared", client: "apache4", server: plain, want: want{used: 1, needed: 1}},
	{name: "apache4-parallel", client: "apache4", server: slow, want: want{used: 2, needed: 2}},
	{name: "apache4-pool5", client: "apache4", mode: "parallel-pool5", server: slow, want: want{used: 5, needed: 5}},
	{name: "apache4-unread", client: "apache4", server: plain, snap: bodySnap, after: "apache4-shared", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "apache4-idle", client: "apache4", server: idles, stale: 1, finds: "stale-reuse-race", want: want{used: 2, needed: 2}},
	{name: "apache4-each", client: "apache4", server: plain, after: "apache4-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "apache4-closed", client: "apache4", mode: "unread-closed", server: plain, snap: bodySnap, after: "apache4-shared", want: want{used: 10, needed: 1, why: "undrained"}},

	{name: "resty-default", client: "resty", server: plain, after: "resty-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "resty-shared", client: "resty", server: plain, want: want{used: 1, needed: 1}},
	{name: "resty-parallel", client: "resty", server: slow, finds: "pool-too-small", after: "resty-idle5", want: want{used: 7, needed: 5, why: "client-closed"}},
	{name: "resty-idle5", client: "resty", mode: "parallel-idle5", server: slow, want: want{used: 5, needed: 5}},
	{name: "resty-unread", client: "resty", server: plain, snap: bodySnap, after: "resty-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "resty-drained", client: "resty", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "resty-idle", client: "resty", server: idles, want: want{used: 2, needed: 2}},

	{name: "resty-off", client: "resty", server: plain, after: "resty-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},

	{name: "fasthttp-default", client: "fasthttp", server: plain, want: want{used: 1, needed: 1}},
	{name: "fasthttp-shared", client: "fasthttp", server: plain, want: want{used: 1, needed: 1}},
	{name: "fasthttp-parallel", client: "fasthttp", server: slow, want: want{used: 5, needed: 5}},
	{name: "fasthttp-unread", client: "fasthttp", server: plain, snap: bodySnap, after: "fasthttp-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "fasthttp-drained", client: "fasthttp", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "fasthttp-idle", client: "fasthttp", server: idles, stale: 1, finds: "stale-reuse-race", want: want{used: 2, needed: 2}},
	{name: "fasthttp-each", client: "fasthttp", server: plain, after: "fasthttp-shared", want: want{used: 10, needed: 1, why: "missed"}},

	{name: "fasthttp-off", client: "fasthttp", server: plain, after: "fasthttp-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "fasthttp-timeout", client: "fasthttp", mode: "idle-timeout", server: plain, after: "fasthttp-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "fasthttp-pause", client: "fasthttp", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	{name: "grpc-default", client: "grpc", server: h2c, after: "grpc-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "grpc-shared", client: "grpc", server: h2c, want: want{used: 1, needed: 1}},
	{name: "grpc-parallel", client: "grpc", server: options{http2: true, delay: together}, want: want{used: 1, needed: 1}},
	{name: "grpc-idle", client: "grpc", server: options{http2: true, idle: short}, finds: "goaway", want: want{used: 2, needed: 2}},
	{name: "grpc-each", client: "grpc", server: h2c, after: "grpc-shared", want: want{used: 10, needed: 1, why: "missed"}},

	{name: "nethttp-default", client: "nethttp", server: plain, after: "nethttp-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "nethttp-shared", client: "nethttp", server: plain, want: want{used: 1, needed: 1}},
	{name: "nethttp-parallel", client: "nethttp", server: slower, want: want{used: 5, needed: 5}},
	{name: "nethttp-unread", client: "nethttp", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}}, // the library reads on
	{name: "nethttp-idle", client: "nethttp", server: idles, want: want{used: 2, needed: 2}},
	{name: "nethttp-new", client: "nethttp", server: plain, after: "nethttp-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "nethttp-left", client: "nethttp", mode: "unread-left", server: plain, snap: bodySnap, after: "nethttp-unread", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "nethttp-timeout", client: "nethttp", mode: "idle-timeout", server: plain, after: "nethttp-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "nethttp-pause", client: "nethttp", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	{name: "faraday-default", client: "faraday", server: plain, after: "faraday-persistent", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "faraday-shared", client: "faraday", server: plain, after: "faraday-persistent", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "faraday-idle", client: "faraday", server: idles, want: want{used: 2, needed: 2}},
	{name: "faraday-persistent", client: "faraday", server: plain, want: want{used: 1, needed: 1}},
	{name: "faraday-timeout", client: "faraday", mode: "idle-timeout", server: plain, after: "faraday-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "faraday-pause", client: "faraday", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	{name: "phpcurl-default", client: "phpcurl", server: plain, after: "phpcurl-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "phpcurl-shared", client: "phpcurl", server: plain, want: want{used: 1, needed: 1}},
	{name: "phpcurl-parallel", client: "phpcurl", server: slow, want: want{used: 5, needed: 5}},
	{name: "phpcurl-unread", client: "phpcurl", server: plain, snap: bodySnap, after: "phpcurl-drained", want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "phpcurl-drained", client: "phpcurl", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "phpcurl-idle", client: "phpcurl", server: idles, want: want{used: 2, needed: 2}},
	{name: "phpcurl-share", client: "phpcurl", server: plain, want: want{used: 1, needed: 1}},
	{name: "phpcurl-close", client: "phpcurl", server: plain, after: "phpcurl-share", want: want{used: 10, needed: 1, why: "client-closed"}},

	{name: "guzzle-default", client: "guzzle", server: plain, after: "guzzle-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "guzzle-shared", client: "guzzle", server: plain, want: want{used: 1, needed: 1}},
	{name: "guzzle-parallel", client: "guzzle", server: trickle, after: "guzzle-max10", want: want{used: 6, needed: 5, why: "client-closed"}}, // curl keeps four for each transfer under way
	{name: "guzzle-max10", client: "guzzle", mode: "parallel-max10", server: trickle, want: want{used: 5, needed: 5}},
	{name: "guzzle-unread", client: "guzzle", server: plain, snap: bodySnap, after: "guzzle-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "guzzle-idle", client: "guzzle", server: idles, want: want{used: 2, needed: 2}},
	{name: "guzzle-stream", client: "guzzle", server: plain, after: "guzzle-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "guzzle-close", client: "guzzle", server: plain, after: "guzzle-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},

	{name: "wget-default", client: "wget", server: plain, after: "wget-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "wget-shared", client: "wget", server: plain, want: want{used: 1, needed: 1}},
	{name: "wget-off", client: "wget", server: plain, after: "wget-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},

	{name: "node18-drained", client: "node18", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "node-drained", client: "node", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "axios-drained", client: "axios", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "request-drained", client: "request", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "agentkeepalive-drained", client: "agentkeepalive", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "undici-drained", client: "undici", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "fetch-drained", client: "fetch", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "go-drained", client: "go", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "requests-drained", client: "requests", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "java-drained", client: "java", server: plain, snap: bodySnap, want: want{used: 1, needed: 1}},
	{name: "node-pause", client: "node", mode: "idle", server: plain, want: want{used: 1, needed: 1}},
	{name: "go-pause", client: "go", mode: "idle", server: plain, want: want{used: 1, needed: 1}},
	{name: "requests-pool1", client: "requests", mode: "parallel-pool1", server: slow, after: "requests-parallel", finds: "pool-too-small", want: want{used: 9, needed: 5, why: "client-closed"}},
	{name: "requests-each", client: "requests", server: plain, after: "requests-shared", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "requests-close", client: "requests", server: plain, after: "requests-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "undici-timeout", client: "undici", mode: "idle-timeout", server: plain, after: "undici-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "undici-pause", client: "undici", mode: "idle", server: plain, want: want{used: 1, needed: 1}},

	// Knobs.
	{name: "node-off", client: "node", server: plain, after: "node-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "node-each", client: "node", server: plain, after: "node-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "node-max2", client: "node", mode: "parallel-max2", server: slow, want: want{used: 2, needed: 2}},
	{name: "node-free1", client: "node", mode: "parallel-free1", server: slow, finds: "pool-too-small", after: "node-parallel", want: want{used: 9, needed: 5, why: "client-closed"}},
	{name: "node-timeout", client: "node", mode: "idle-timeout", server: plain, after: "node-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "axios-each", client: "axios", server: plain, after: "axios-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "axios-two", client: "axios", server: plain, after: "axios-shared", want: want{used: 2, needed: 1, why: "missed"}},
	{name: "agentkeepalive-free200", client: "agentkeepalive", mode: "idle-free200", server: plain, after: "agentkeepalive-timeout200", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "agentkeepalive-timeout200", client: "agentkeepalive", mode: "idle-timeout200", server: plain, want: want{used: 1, needed: 1}},
	{name: "undici-each", client: "undici", server: plain, after: "undici-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "undici-pool2", client: "undici", mode: "parallel-pool2", server: slow, want: want{used: 2, needed: 2}},
	{name: "go-each", client: "go", server: plain, after: "go-shared", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "go-off", client: "go", server: plain, after: "go-shared", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "go-idle5", client: "go", mode: "parallel-idle5", server: slow, want: want{used: 5, needed: 5}},
	{name: "go-timeout", client: "go", mode: "idle-timeout", server: plain, after: "go-pause", want: want{used: 2, needed: 1, why: "client-idle-timeout"}},

	// The server's doing.
	{name: "server-says-close", client: "node", mode: "shared", server: options{close: true}, want: want{used: 10, needed: 10, ended: true}},
	{name: "server-drops", client: "node", mode: "shared", server: options{drop: true}, want: want{used: 10, needed: 10, ended: true}},
	{name: "server-max3", client: "node", mode: "shared", server: options{maxRequests: 3}, finds: "max-requests", want: want{used: 4, needed: 4}},

	// TLS, with the server's keys.
	{name: "node-default-tls", client: "node", mode: "default", server: secure, want: want{used: 1, needed: 1}},
	{name: "node-shared-tls", client: "node", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "node-each-tls", client: "node", mode: "each", server: secure, finds: "tls-not-resumed", after: "node-shared-tls", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "node18-default-tls", client: "node18", mode: "default", server: secure, after: "node18-shared-tls", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "axios-default-tls", client: "axios", mode: "default", server: secure, want: want{used: 1, needed: 1}},
	{name: "axios-shared-tls", client: "axios", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "axios-each-tls", client: "axios", mode: "each", server: secure, finds: "tls-not-resumed", after: "axios-shared-tls", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "request-ca-tls", client: "request", mode: "ca", server: secure, after: "request-ca-forever-tls", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "request-ca-forever-tls", client: "request", mode: "ca-forever", server: secure, want: want{used: 1, needed: 1}},
	{name: "agentkeepalive-default-tls", client: "agentkeepalive", mode: "default", server: secure, finds: "tls-not-resumed", after: "agentkeepalive-shared-tls", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "agentkeepalive-shared-tls", client: "agentkeepalive", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "fetch-default-tls", client: "fetch", mode: "default", server: secure, want: want{used: 1, needed: 1}},
	{name: "undici-shared-tls", client: "undici", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "undici-each-tls", client: "undici", mode: "each", server: secure, finds: "tls-not-resumed", after: "undici-shared-tls", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "java-shared-tls", client: "java", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "java-default-tls", client: "java", mode: "default", server: secure, finds: "tls-not-resumed", after: "java-shared-tls", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "go-default-tls", client: "go", mode: "default", server: secure, want: want{used: 1, needed: 1}},
	{name: "go-shared-tls", client: "go", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "requests-default-tls", client: "requests", mode: "default", server: secure, finds: "tls-not-resumed", after: "requests-shared-tls", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "requests-shared-tls", client: "requests", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "httpclient-default-tls", client: "httpclient", mode: "default", server: secure, finds: "tls-not-resumed", after: "httpclient-shared-tls", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "httpclient-shared-tls", client: "httpclient", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "curl-shared-tls", client: "curl", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "curl-default-tls", client: "curl", mode: "default", server: secure, finds: "tls-not-resumed", after: "curl-shared-tls", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest-shared-tls", client: "reqwest", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "reqwest-default-tls", client: "reqwest", mode: "default", server: secure, after: "reqwest-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest12-shared-tls", client: "reqwest12", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "reqwest12-default-tls", client: "reqwest12", mode: "default", server: secure, after: "reqwest12-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest11-shared-tls", client: "reqwest11", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "reqwest11-default-tls", client: "reqwest11", mode: "default", server: secure, after: "reqwest11-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "ureq-shared-tls", client: "ureq", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "httpx-shared-tls", client: "httpx", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "httpx-default-tls", client: "httpx", mode: "default", server: secure, after: "httpx-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "aiohttp-shared-tls", client: "aiohttp", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "aiohttp-default-tls", client: "aiohttp", mode: "default", server: secure, after: "aiohttp-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "okhttp-shared-tls", client: "okhttp", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "okhttp-default-tls", client: "okhttp", mode: "default", server: secure, after: "okhttp-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "apache-shared-tls", client: "apache", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "apache-default-tls", client: "apache", mode: "default", server: secure, after: "apache-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "okhttp4-shared-tls", client: "okhttp4", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "okhttp4-default-tls", client: "okhttp4", mode: "default", server: secure, after: "okhttp4-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "apache4-shared-tls", client: "apache4", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "apache4-default-tls", client: "apache4", mode: "default", server: secure, after: "apache4-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "superagent-shared-tls", client: "superagent", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "superagent-default-tls", client: "superagent", mode: "default", server: secure, after: "superagent-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "resty-shared-tls", client: "resty", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "resty-default-tls", client: "resty", mode: "default", server: secure, after: "resty-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "fasthttp-shared-tls", client: "fasthttp", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "fasthttp-each-tls", client: "fasthttp", mode: "each", server: secure, after: "fasthttp-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "urllib3-shared-tls", client: "urllib3", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "hyper-shared-tls", client: "hyper", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "hyper14-shared-tls", client: "hyper14", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "node24-shared-tls", client: "node24", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "node24-default-tls", client: "node24", mode: "default", server: secure, want: want{used: 1, needed: 1}},
	{name: "node18-shared-tls", client: "node18", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "grpc-shared-tls", client: "grpc", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "grpc-each-tls", client: "grpc", mode: "each", server: h2, after: "grpc-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "nethttp-shared-tls", client: "nethttp", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "nethttp-default-tls", client: "nethttp", mode: "default", server: secure, after: "nethttp-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "guzzle-shared-tls", client: "guzzle", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "guzzle-default-tls", client: "guzzle", mode: "default", server: secure, after: "guzzle-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "wget-shared-tls", client: "wget", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "wget-default-tls", client: "wget", mode: "default", server: secure, after: "wget-shared-tls", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},

	// HTTP/2.
	{name: "go-shared-h2", client: "go", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "go-each-h2", client: "go", mode: "each", server: h2, finds: "tls-not-resumed", after: "go-shared-h2", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "go-parallel-h2", client: "go", mode: "parallel", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "undici-shared-h2", client: "undici", mode: "shared-h2", server: h2, want: want{used: 1, needed: 1}},
	{name: "undici-parallel-h2", client: "undici", mode: "parallel-h2", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "java-shared-h2", client: "java", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "java-parallel-h2", client: "java", mode: "parallel", server: h2slow, want: want{used: 5, needed: 5}}, // dials for each before one is known to speak HTTP/2
	{name: "curl-shared-h2", client: "curl", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "curl-parallel-h2", client: "curl", mode: "parallel", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "reqwest-default-h2", client: "reqwest", mode: "default", server: h2, after: "reqwest-shared-h2", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest-shared-h2", client: "reqwest", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "reqwest-parallel-h2", client: "reqwest", mode: "parallel", server: h2slow, want: want{used: 2, needed: 2}}, // dials for each, and a second one may be ready as soon as the first
	{name: "reqwest12-default-h2", client: "reqwest12", mode: "default", server: h2, after: "reqwest12-shared-h2", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest12-shared-h2", client: "reqwest12", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "reqwest12-parallel-h2", client: "reqwest12", mode: "parallel", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "reqwest11-default-h2", client: "reqwest11", mode: "default", server: h2, after: "reqwest11-shared-h2", finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest11-shared-h2", client: "reqwest11", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "reqwest11-parallel-h2", client: "reqwest11", mode: "parallel", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "hyper-shared-h2", client: "hyper", mode: "shared-h2", server: h2, want: want{used: 1, needed: 1}},
	{name: "hyper-parallel-h2", client: "hyper", mode: "parallel-h2", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "hyper14-shared-h2", client: "hyper14", mode: "shared-h2", server: h2, want: want{used: 1, needed: 1}},
	{name: "hyper14-parallel-h2", client: "hyper14", mode: "parallel-h2", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "httpx-shared-h2", client: "httpx", mode: "shared-h2", server: h2, want: want{used: 1, needed: 1}},
	{name: "httpx-parallel-h2", client: "httpx", mode: "parallel-h2", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "okhttp-shared-h2", client: "okhttp", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "okhttp-parallel-h2", client: "okhttp", mode: "parallel", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "okhttp4-shared-h2", client: "okhttp4", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "okhttp4-parallel-h2", client: "okhttp4", mode: "parallel", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "undici8-shared-h2", client: "undici8", mode: "shared-h2", server: h2, want: want{used: 1, needed: 1}},
	{name: "undici8-parallel-h2", client: "undici8", mode: "parallel-h2", server: h2slow, want: want{used: 1, needed: 1}},

	// A path of 50 ms: slow start each time, once, or again after a pause; and one whose queue overflows.
	{name: "path-warm", client: "go", path: &far, server: plain, snap: pathSnap, finds: "window-lost-after-idle", want: want{used: 1, needed: 1}},
	{name: "path-cold", client: "go", path: &far, server: plain, snap: pathSnap, finds: "cold-window", after: "path-warm", want: want{used: 4, needed: 1, why: "client-closed"}},
	{name: "path-loss", client: "go", mode: "warm", path: &narrow, server: plain, snap: pathSnap, finds: "lossy window-lost-after-idle", want: want{used: 1, needed: 1}},

	// What stands between.
	{name: "dumb-proxy", client: "curl", mode: "http10", via: "dumb", server: idles, finds: "blind-proxy", want: want{used: 3, needed: 3, ended: true}, front: want{used: 3, needed: 3, ended: true, vain: true}},
	{name: "nginx-default", client: "node", mode: "shared", via: "nginx", server: plain, after: "nginx-keepalive", want: want{used: 10, needed: 1, why: "client-said-close"}, front: want{used: 1, needed: 1}},
	{name: "nginx-keepalive", client: "node", mode: "shared", via: "nginx-keepalive", server: plain, want: want{used: 1, needed: 1}, front: want{used: 1, needed: 1}},
	{name: "haproxy-shared", client: "node", mode: "shared", via: "haproxy", server: plain, want: want{used: 1, needed: 1}, front: want{used: 1, needed: 1}},
	{name: "haproxy-never", client: "node", mode: "each", via: "haproxy-never", server: plain, after: "haproxy-always", want: want{used: 10, needed: 1, why: "missed"}, front: want{used: 10, needed: 1, why: "missed"}},
	{name: "haproxy-always", client: "node", mode: "each", via: "haproxy-always", server: plain, want: want{used: 1, needed: 1}, front: want{used: 10, needed: 1, why: "missed"}},
	{name: "caddy-shared", client: "node", mode: "shared", via: "caddy", server: plain, want: want{used: 1, needed: 1}, front: want{used: 1, needed: 1}},
	{name: "caddy-each", client: "node", mode: "each", via: "caddy", server: plain, want: want{used: 1, needed: 1}, front: want{used: 10, needed: 1, why: "missed"}},
}

// relayTool is the toolchain of the relay, "" if there is none or it is the lab's own.
func (s *scenario) relayTool() string {
	name, _, _ := strings.Cut(s.via, "-")
	if name == "dumb" {
		return ""
	}
	return name
}

// told is what the client is told to do.
func (s *scenario) told() string {
	if s.mode != "" {
		return s.mode
	}
	return s.name[strings.LastIndexByte(s.name, '-')+1:]
}

// topic is the folder, with a README of its own, that tells of s: its client's, or that of
// what s is about.
func (s *scenario) topic() string {
	switch {
	case s.via != "":
		return "proxy"
	case s.path != nil:
		return "path"
	case strings.HasPrefix(s.name, "server-"):
		return "server"
	}
	return clients[s.client].folder
}

// atTop are the samples that the project's README and many tests name.
var atTop = []string{"path-warm"}

// file is where the sample is in dir, without an extension.
func (s *scenario) file(dir string) string {
	if slices.Contains(atTop, s.name) {
		return filepath.Join(dir, s.name)
	}
	return filepath.Join(dir, s.topic(), s.name)
}

// find returns the scenario of a sample, or nil.
func find(name string) *scenario {
	for i := range scenarios {
		if scenarios[i].name == name {
			return &scenarios[i]
		}
	}
	return nil
}
