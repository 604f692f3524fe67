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
	via    string // relay between client and server: "", dumb, nginx, nginx-keepalive
	snap   int    // bytes kept of each packet; 0: all

	stale int    // requests sent to a connection the server had closed: on the wire, not seen by the server
	finds string // IDs of findings, in order
	want  want   // of the origin's connections
	front want   // of those between client and relay, if there is one
}

// options are how the server behaves. Zero: HTTP/1.1 in clear, answers at once,
// closes nothing for a minute.
type options struct {
	tls         bool
	http2       bool          // offered by ALPN
	idle        time.Duration // after which it closes an idle connection
	close       bool          // says Connection: close in each response, and does it
	drop        bool          // ends each connection after its response without saying so
	maxRequests int           // of one connection; the last response says close
	delay       time.Duration // before each response
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
	plain  = options{}
	slow   = options{delay: together}
	idles  = options{idle: short}
	secure = options{tls: true}
	h2     = options{tls: true, http2: true}
	far    = route{delay: 25 * time.Millisecond, rate: 20_000_000, queue: 256_000}
	narrow = route{delay: 25 * time.Millisecond, rate: 10_000_000, queue: 30_000}
	h2slow = options{tls: true, http2: true, delay: together}
)

// scenarios are all there is to record: first the cells of the table "Who really
// reuses?", then what needs a section of its own.
var scenarios = []scenario{
	{name: "node18-default", client: "node18", server: plain, want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "node18-shared", client: "node18", server: plain, want: want{used: 1, needed: 1}},
	{name: "node18-parallel", client: "node18", server: slow, want: want{used: 5, needed: 5}},
	{name: "node18-unread", client: "node18", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "node18-idle", client: "node18", server: idles, want: want{used: 2, needed: 2}},

	{name: "node-default", client: "node", server: plain, want: want{used: 1, needed: 1}},
	{name: "node-shared", client: "node", server: plain, want: want{used: 1, needed: 1}},
	{name: "node-parallel", client: "node", server: slow, want: want{used: 5, needed: 5}},
	{name: "node-unread", client: "node", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "node-idle", client: "node", server: idles, want: want{used: 2, needed: 2}},

	{name: "axios-default", client: "axios", server: plain, want: want{used: 1, needed: 1}},
	{name: "axios-shared", client: "axios", server: plain, want: want{used: 1, needed: 1}},
	{name: "axios-parallel", client: "axios", server: slow, want: want{used: 5, needed: 5}},
	{name: "axios-unread", client: "axios", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "axios-idle", client: "axios", server: idles, want: want{used: 2, needed: 2}},
	{name: "axios18-default", client: "axios18", server: plain, want: want{used: 10, needed: 1, why: "client-said-close"}},

	{name: "request-default", client: "request", server: plain, want: want{used: 1, needed: 1}},
	{name: "request-shared", client: "request", server: plain, want: want{used: 1, needed: 1}},
	{name: "request-parallel", client: "request", server: slow, want: want{used: 5, needed: 5}},
	{name: "request-unread", client: "request", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "request-idle", client: "request", server: idles, want: want{used: 2, needed: 2}},
	{name: "request18-default", client: "request18", server: plain, want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "request18-shared", client: "request18", server: plain, want: want{used: 1, needed: 1}},

	{name: "agentkeepalive-default", client: "agentkeepalive", server: plain, want: want{used: 10, needed: 1, why: "missed"}},
	{name: "agentkeepalive-shared", client: "agentkeepalive", server: plain, want: want{used: 1, needed: 1}},
	{name: "agentkeepalive-parallel", client: "agentkeepalive", server: slow, want: want{used: 5, needed: 5}},
	{name: "agentkeepalive-unread", client: "agentkeepalive", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "agentkeepalive-idle", client: "agentkeepalive", server: idles, want: want{used: 2, needed: 2}},

	{name: "undici-default", client: "undici", server: plain, want: want{used: 1, needed: 1}},
	{name: "undici-shared", client: "undici", server: plain, want: want{used: 1, needed: 1}},
	{name: "undici-parallel", client: "undici", server: slow, want: want{used: 5, needed: 5}},
	{name: "undici-unread", client: "undici", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "undici-idle", client: "undici", server: idles, want: want{used: 2, needed: 2}},

	{name: "fetch-default", client: "fetch", server: plain, want: want{used: 1, needed: 1}},
	{name: "fetch-parallel", client: "fetch", server: slow, want: want{used: 5, needed: 5}},
	{name: "fetch-unread", client: "fetch", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "fetch-idle", client: "fetch", server: idles, want: want{used: 2, needed: 2}},

	{name: "reqwest-default", client: "reqwest", server: plain, want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest-shared", client: "reqwest", server: plain, want: want{used: 1, needed: 1}},
	{name: "reqwest-parallel", client: "reqwest", server: slow, want: want{used: 5, needed: 5}},
	{name: "reqwest-unread", client: "reqwest", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "reqwest-idle", client: "reqwest", server: idles, want: want{used: 2, needed: 2}},

	{name: "hyper-shared", client: "hyper", server: plain, want: want{used: 1, needed: 1}},
	{name: "hyper-parallel", client: "hyper", server: slow, want: want{used: 5, needed: 5}},
	{name: "hyper-unread", client: "hyper", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "hyper-idle", client: "hyper", server: idles, want: want{used: 2, needed: 2}},

	{name: "go-default", client: "go", server: plain, want: want{used: 1, needed: 1}},
	{name: "go-shared", client: "go", server: plain, want: want{used: 1, needed: 1}},
	{name: "go-parallel", client: "go", server: slow, finds: "pool-too-small", want: want{used: 8, needed: 5, why: "client-closed"}},
	{name: "go-unread", client: "go", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "go-idle", client: "go", server: idles, want: want{used: 2, needed: 2}},

	{name: "curl-default", client: "curl", server: plain, want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "curl-shared", client: "curl", server: plain, want: want{used: 1, needed: 1}},
	{name: "curl-parallel", client: "curl", server: slow, want: want{used: 5, needed: 5}},

	{name: "requests-default", client: "requests", server: plain, want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "requests-shared", client: "requests", server: plain, want: want{used: 1, needed: 1}},
	{name: "requests-parallel", client: "requests", server: slow, want: want{used: 5, needed: 5}},
	{name: "requests-unread", client: "requests", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "requests-idle", client: "requests", server: idles, want: want{used: 2, needed: 2}},

	{name: "httpclient-default", client: "httpclient", server: plain, want: want{used: 10, needed: 1, why: "missed"}},
	{name: "httpclient-shared", client: "httpclient", server: plain, want: want{used: 1, needed: 1}},
	{name: "httpclient-idle", client: "httpclient", server: idles, stale: 1, finds: "stale-reuse-race", want: want{used: 2, needed: 2}},

	{name: "java-default", client: "java", server: plain, want: want{used: 10, needed: 1, why: "missed"}},
	{name: "java-shared", client: "java", server: plain, want: want{used: 1, needed: 1}},
	{name: "java-parallel", client: "java", server: slow, want: want{used: 5, needed: 5}},
	{name: "java-unread", client: "java", server: plain, snap: bodySnap, want: want{used: 10, needed: 1, why: "undrained"}},
	{name: "java-idle", client: "java", server: idles, want: want{used: 2, needed: 2}},
	{name: "java-urlconnection", client: "java", server: plain, want: want{used: 1, needed: 1}},

	// Knobs.
	{name: "node-off", client: "node", server: plain, want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "node-each", client: "node", server: plain, want: want{used: 10, needed: 1, why: "missed"}},
	{name: "node-max2", client: "node", mode: "parallel-max2", server: slow, want: want{used: 2, needed: 2}},
	{name: "node-free1", client: "node", mode: "parallel-free1", server: slow, finds: "pool-too-small", want: want{used: 9, needed: 5, why: "client-closed"}},
	{name: "node-timeout", client: "node", mode: "idle-timeout", server: plain, want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "axios-each", client: "axios", server: plain, want: want{used: 10, needed: 1, why: "missed"}},
	{name: "axios-two", client: "axios", server: plain, want: want{used: 2, needed: 1, why: "missed"}},
	{name: "agentkeepalive-free200", client: "agentkeepalive", mode: "idle-free200", server: plain, want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "agentkeepalive-timeout200", client: "agentkeepalive", mode: "idle-timeout200", server: plain, want: want{used: 1, needed: 1}},
	{name: "undici-each", client: "undici", server: plain, want: want{used: 10, needed: 1, why: "missed"}},
	{name: "undici-pool2", client: "undici", mode: "parallel-pool2", server: slow, want: want{used: 2, needed: 2}},
	{name: "reqwest-each", client: "reqwest", server: plain, want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest-off", client: "reqwest", server: plain, want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest-idle2", client: "reqwest", mode: "parallel-idle2", server: slow, finds: "pool-too-small", want: want{used: 8, needed: 5, why: "client-closed"}},
	{name: "reqwest-timeout", client: "reqwest", mode: "idle-timeout", server: plain, want: want{used: 2, needed: 1, why: "client-idle-timeout"}},
	{name: "hyper-off", client: "hyper", server: plain, want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "go-each", client: "go", server: plain, want: want{used: 10, needed: 1, why: "missed"}},
	{name: "go-off", client: "go", server: plain, want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "go-idle5", client: "go", mode: "parallel-idle5", server: slow, want: want{used: 5, needed: 5}},
	{name: "go-timeout", client: "go", mode: "idle-timeout", server: plain, want: want{used: 2, needed: 1, why: "client-idle-timeout"}},

	// The server's doing.
	{name: "server-says-close", client: "node", mode: "shared", server: options{close: true}, want: want{used: 10, needed: 10, ended: true}},
	{name: "server-drops", client: "node", mode: "shared", server: options{drop: true}, want: want{used: 10, needed: 10, ended: true}},
	{name: "server-max3", client: "node", mode: "shared", server: options{maxRequests: 3}, finds: "max-requests", want: want{used: 4, needed: 4}},

	// TLS, with the server's keys.
	{name: "node-default-tls", client: "node", mode: "default", server: secure, want: want{used: 1, needed: 1}},
	{name: "node-shared-tls", client: "node", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "node-each-tls", client: "node", mode: "each", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "node18-default-tls", client: "node18", mode: "default", server: secure, want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "axios-default-tls", client: "axios", mode: "default", server: secure, want: want{used: 1, needed: 1}},
	{name: "axios-shared-tls", client: "axios", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "axios-each-tls", client: "axios", mode: "each", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "request-ca-tls", client: "request", mode: "ca", server: secure, want: want{used: 10, needed: 1, why: "client-said-close"}},
	{name: "request-ca-forever-tls", client: "request", mode: "ca-forever", server: secure, want: want{used: 1, needed: 1}},
	{name: "agentkeepalive-default-tls", client: "agentkeepalive", mode: "default", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "agentkeepalive-shared-tls", client: "agentkeepalive", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "fetch-default-tls", client: "fetch", mode: "default", server: secure, want: want{used: 1, needed: 1}},
	{name: "undici-shared-tls", client: "undici", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "undici-each-tls", client: "undici", mode: "each", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "reqwest-default-tls", client: "reqwest", mode: "default", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest-shared-tls", client: "reqwest", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "reqwest-each-tls", client: "reqwest", mode: "each", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "hyper-shared-tls", client: "hyper", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "java-shared-tls", client: "java", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "java-default-tls", client: "java", mode: "default", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "go-default-tls", client: "go", mode: "default", server: secure, want: want{used: 1, needed: 1}},
	{name: "go-shared-tls", client: "go", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "requests-default-tls", client: "requests", mode: "default", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "requests-shared-tls", client: "requests", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "httpclient-default-tls", client: "httpclient", mode: "default", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "httpclient-shared-tls", client: "httpclient", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "curl-shared-tls", client: "curl", mode: "shared", server: secure, want: want{used: 1, needed: 1}},
	{name: "curl-default-tls", client: "curl", mode: "default", server: secure, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},

	// HTTP/2.
	{name: "go-shared-h2", client: "go", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "go-each-h2", client: "go", mode: "each", server: h2, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "missed"}},
	{name: "go-parallel-h2", client: "go", mode: "parallel", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "undici-shared-h2", client: "undici", mode: "shared-h2", server: h2, want: want{used: 1, needed: 1}},
	{name: "undici-parallel-h2", client: "undici", mode: "parallel-h2", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "reqwest-default-h2", client: "reqwest", mode: "default", server: h2, finds: "tls-not-resumed", want: want{used: 10, needed: 1, why: "client-closed"}},
	{name: "reqwest-shared-h2", client: "reqwest", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "reqwest-parallel-h2", client: "reqwest", mode: "parallel", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "hyper-shared-h2", client: "hyper", mode: "shared-h2", server: h2, want: want{used: 1, needed: 1}},
	{name: "hyper-parallel-h2", client: "hyper", mode: "parallel-h2", server: h2slow, want: want{used: 1, needed: 1}},
	{name: "java-shared-h2", client: "java", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "java-parallel-h2", client: "java", mode: "parallel", server: h2slow, want: want{used: 5, needed: 5}}, // dials for each before one is known to speak HTTP/2
	{name: "curl-shared-h2", client: "curl", mode: "shared", server: h2, want: want{used: 1, needed: 1}},
	{name: "curl-parallel-h2", client: "curl", mode: "parallel", server: h2slow, want: want{used: 1, needed: 1}},

	// A path of 50 ms: slow start each time, once, or again after a pause; and one whose queue overflows.
	{name: "path-warm", client: "go", path: &far, server: plain, snap: pathSnap, finds: "window-lost-after-idle", want: want{used: 1, needed: 1}},
	{name: "path-cold", client: "go", path: &far, server: plain, snap: pathSnap, finds: "cold-window", want: want{used: 4, needed: 1, why: "client-closed"}},
	{name: "path-loss", client: "go", mode: "warm", path: &narrow, server: plain, snap: pathSnap, finds: "lossy window-lost-after-idle", want: want{used: 1, needed: 1}},

	// What stands between.
	{name: "dumb-proxy", client: "curl", mode: "http10", via: "dumb", server: idles, finds: "blind-proxy", want: want{used: 3, needed: 3, ended: true}, front: want{used: 3, needed: 3, ended: true, vain: true}},
	{name: "nginx-default", client: "node", mode: "shared", via: "nginx", server: plain, want: want{used: 10, needed: 1, why: "client-said-close"}, front: want{used: 1, needed: 1}},
	{name: "nginx-keepalive", client: "node", mode: "shared", via: "nginx-keepalive", server: plain, want: want{used: 1, needed: 1}, front: want{used: 1, needed: 1}},
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
