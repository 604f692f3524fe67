package main

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	servers "tcpwarm/pcaps/scenario"
)

// A scenario is one client talking to one server in one way.
type scenario struct {
	name   string // of the sample
	client string // key of clients
	mode   string // what the client is told
	server options
	trap   *servers.Scenario // whose server it is instead; the client fetches what that asks for
	path   *route            // between client and server; nil: loopback
	via    string            // relay between client and server: "", dumb, or what startLogged knows
	snap   int               // bytes kept of each packet; 0: all

	after    string    // the sample in which what is wrong here is mended; "" where nothing is
	outcomes []outcome // what may come out, the one to prefer first: several of a client that races with itself
	front    want      // of the connections between client and relay, if there is one
}

// An outcome is all that may come out of a scenario together.
type outcome struct {
	want  want   // of the origin's connections
	stale int    // requests sent to a connection the server had closed: on the wire, not seen by the server
	finds string // IDs of findings, in order
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
	late        time.Duration // before the fifth response, unless the client gives up
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
	together = 20 * time.Millisecond  // keeps requests made at once outstanding at once
	short    = 300 * time.Millisecond // half the clients' pause
)

// What scenarios.txt calls servers, paths and how much is kept of each packet, in bytes.
var (
	serverOptions = map[string]options{
		"plain":      {},
		"slow":       {delay: together},
		"slower":     {delay: 5 * together}, // for clients whose threads take long to start
		"trickle":    {delay: together, spread: together / 2},
		"idles":      {idle: short},
		"idles-late": {idle: time.Second}, // for clients that take long to start
		"patient":    {idle: 5 * time.Minute},
		"says-close": {close: true},
		"drops":      {drop: true},
		"max3":       {maxRequests: 3},
		"late":       {late: 3 * time.Second},
		"tls":        {tls: true},
		"h2":         {tls: true, http2: true},
		"h2-slow":    {tls: true, http2: true, delay: together},
		"h2-idles":   {tls: true, http2: true, idle: short},
		"h2-late":    {tls: true, http2: true, late: 3 * time.Second},
		"h2c":        {http2: true},
		"h2c-slow":   {http2: true, delay: together},
		"h2c-late":   {http2: true, late: 3 * time.Second},
		"h2c-idles":  {http2: true, idle: short},
	}
	paths = map[string]*route{
		"far":    {delay: 25 * time.Millisecond, rate: 20_000_000, queue: 256_000},
		"narrow": {delay: 25 * time.Millisecond, rate: 10_000_000, queue: 30_000},
	}
	snaps = map[string]int{
		"bodies": 300, // enough for every header, not for bodies
		"path":   180, // enough for headers on a path, where packets are many
	}
)

// relayTool is the toolchain of the relay, "" if there is none or it is the lab's own.
func (s *scenario) relayTool() string {
	name, _, _ := strings.Cut(s.via, "-")
	if name == "dumb" {
		return ""
	}
	return name
}

// isSecure reports whether the server speaks TLS.
func (s *scenario) isSecure() bool { return s.server.tls || s.trap != nil && s.trap.Secure() }

// speaksHTTP2 reports whether the server does.
func (s *scenario) speaksHTTP2() bool { return s.server.http2 || s.trap != nil && s.trap.Multiplexed() }

// port is where the server listens.
func (s *scenario) port() int {
	if s.isSecure() {
		return securePort
	}
	return originPort
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
