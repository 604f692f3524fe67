package main

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// truth is what server and relay saw of one scenario: the JSON beside a sample.
type truth struct {
	Name        string        `json:"name"`
	Client      string        `json:"client"` // with its version
	Mode        string        `json:"mode"`
	Scenario    string        `json:"scenario,omitempty"` // of tcpwarm challenge, whose server it was
	Via         string        `json:"via,omitempty"`
	Keys        string        `json:"keys,omitempty"` // file of the TLS secrets
	Verdict     totals        `json:"verdict"`        // of the origin's connections
	Connections []*connection `json:"connections"`    // in the order they were accepted
}

// totals are sums over the origin's connections.
type totals struct {
	Connections  int  `json:"connections"`
	Used         int  `json:"connections_with_requests"`
	Transactions int  `json:"transactions"`
	Reused       int  `json:"reused_transactions"`
	Reuse        bool `json:"reuse"`
}

// connection is one that a server accepted.
type connection struct {
	Leg          string     `json:"leg"` // origin; with a relay proxy-origin and client-proxy
	ClientAddr   string     `json:"client_addr"`
	ClientPort   int        `json:"client_port"`
	ServerAddr   string     `json:"server_addr"`
	ServerPort   int        `json:"server_port"`
	TLSVersion   string     `json:"tls_version,omitempty"`
	ALPN         string     `json:"alpn,omitempty"`
	Resumed      bool       `json:"resumed,omitempty"`
	Opened       *time.Time `json:"opened,omitempty"` // accepted
	Closed       *time.Time `json:"closed,omitempty"` // by the server's knowledge
	Transactions int        `json:"transactions"`     // as many as requests
	Requests     []request  `json:"requests"`
}

// request is one that a server read.
type request struct {
	Method     string `json:"method"`
	Path       string `json:"path"`
	Proto      string `json:"proto"`
	Status     int    `json:"status"` // -1: no answer
	Connection string `json:"connection_header,omitempty"`
	Window     int    `json:"snd_cwnd,omitempty"` // segments, right after the response's first packet
}

// A ledger collects connections. It is safe for concurrent use.
type ledger struct {
	leg string

	mu   sync.Mutex
	list []*connection
}

// open notes a connection that was accepted.
func (l *ledger) open(client, server net.Addr) *connection {
	now := time.Now()
	c := &connection{Leg: l.leg, Opened: &now, Requests: []request{}}
	c.ClientAddr, c.ClientPort = split(client)
	c.ServerAddr, c.ServerPort = split(server)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, c)
	return c
}

func split(a net.Addr) (string, int) {
	host, port, _ := net.SplitHostPort(a.String())
	n, _ := strconv.Atoi(port)
	return host, n
}

// add notes a request and returns how many c has had with it.
func (l *ledger) add(c *connection, r request) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Requests = append(c.Requests, r)
	c.Transactions++
	return c.Transactions
}

// window notes the congestion window at the nth request of c.
func (l *ledger) window(c *connection, n, segments int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Requests[n-1].Window = segments
}

// unanswered notes that the nth request of c had no answer.
func (l *ledger) unanswered(c *connection, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Requests[n-1].Status = -1
}

// closed notes the end of c.
func (l *ledger) closed(c *connection) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.Closed == nil {
		c.Closed = &now
	}
}

// secured notes what c's TLS handshake came to.
func (l *ledger) secured(c *connection, s *tls.ConnectionState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.secured(s)
}

func (c *connection) secured(s *tls.ConnectionState) {
	c.TLSVersion, c.ALPN, c.Resumed = tls.VersionName(s.Version), s.NegotiatedProtocol, s.DidResume
}

// connections returns copies of what was noted so far.
func (l *ledger) connections() []*connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*connection
	for _, c := range l.list {
		now := *c
		now.Requests = slices.Clone(c.Requests)
		all = append(all, &now)
	}
	return all
}

// sum counts the connections that end at the origin.
func sum(all []*connection) (t totals) {
	for _, c := range all {
		if c.Leg == "client-proxy" {
			continue
		}
		t.Connections++
		t.Transactions += c.Transactions
		if c.Transactions > 0 {
			t.Used++
		}
	}
	t.Reused = t.Transactions - t.Used
	t.Reuse = t.Reused > 0
	return t
}

func (t *truth) write(file string) error {
	b, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

func readTruth(file string) (*truth, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	t := new(truth)
	return t, json.Unmarshal(b, t)
}
