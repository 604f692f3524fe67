package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// challengeClient, in the environment, has this program be a client that is examined.
const challengeClient = "TCPWARM_CHALLENGE_CLIENT"

// clientKinds are clients that are good, or bad in one way: each fetches one URL. badClients are among them where there are any.
var clientKinds = map[string]func() func(string) error{
	"good": func() func(string) error { return fetching(pooled()) },
	"go":   func() func(string) error { return fetching(http.DefaultTransport.(*http.Transport).Clone()) },
	"http1": func() func(string) error {
		t := pooled()
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP1(true)
		return fetching(t)
	},
	"h2c": func() func(string) error {
		t := pooled()
		t.Protocols = new(http.Protocols)
		t.Protocols.SetUnencryptedHTTP2(true)
		return fetching(t)
	},
	"each": func() func(string) error { return func(u string) error { return fetching(pooled())(u) } },
	"untrusting": func() func(string) error {
		t := pooled()
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		return fetching(t)
	},
	"said close": func() func(string) error { t := pooled(); t.DisableKeepAlives = true; return fetching(t) },
	"gives up":   func() func(string) error { return new(stubborn).fetch },
	"nothing":    func() func(string) error { return func(string) error { return nil } },
	"half":       func() func(string) error { return half(fetching(pooled())) },
	"twice":      func() func(string) error { f := fetching(pooled()); return func(u string) error { f(u); return f(u) } },
	"other": func() func(string) error {
		f := fetching(pooled())
		return func(u string) error { f(u); return f(u + "0000") }
	},
	"hangs": func() func(string) error { return func(string) error { time.Sleep(time.Hour); return nil } },
}

// beExamined is the client: it fetches lines that come together at once.
func beExamined(kind string) int {
	fetch := clientKinds[kind]()
	failed := false
	b := make([]byte, 1<<16)
	for {
		n, err := os.Stdin.Read(b)
		var together sync.WaitGroup
		for _, u := range strings.Fields(string(b[:n])) {
			together.Go(func() {
				if err := fetch(u); err != nil {
					fmt.Fprintln(os.Stderr, err)
					failed = true
				}
			})
		}
		together.Wait()
		if err != nil {
			if failed {
				return 1
			}
			return 0
		}
	}
}

// trusted are the challenge's.
func trusted() *x509.CertPool {
	pool := x509.NewCertPool()
	if pem, err := os.ReadFile(os.Getenv("TCPWARM_CA")); err == nil {
		pool.AppendCertsFromPEM(pem)
	}
	return pool
}

// pooled is a transport that keeps all it opens.
func pooled() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 100, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: trusted(), ClientSessionCache: tls.NewLRUClientSessionCache(8)}}
}

// fetching does what the scenario asks for.
func fetching(t *http.Transport) func(string) error { return (&fetcher{transport: t}).fetch }

// A fetcher fetches, and may do so badly.
type fetcher struct {
	transport *http.Transport
	method    string                                   // instead of GET
	leaves    func(*http.Response) bool                // whether it closes a body that it has not read
	closes    func(r *http.Response, hinted bool) bool // whether it closes its connections then; hinted: by early hints
}

func (f *fetcher) fetch(u string) error {
	hinted := false
	trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, _ textproto.MIMEHeader) error {
		hinted = hinted || status == http.StatusEarlyHints
		return nil
	}}
	c := &http.Client{Transport: f.transport}
	again := false
	for {
		r := asked(u, f.method)
		if again {
			r.SetBasicAuth(os.Getenv("TCPWARM_USER"), os.Getenv("TCPWARM_PASSWORD"))
		}
		resp, err := c.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
		if err != nil {
			return err
		}
		if f.leaves != nil && f.leaves(resp) {
			time.Sleep(50 * time.Millisecond) // all that the kernels take has come
			resp.Body.Close()
			time.Sleep(50 * time.Millisecond) // the transport ends the connection in a goroutine of its own
		} else {
			_, err = io.Copy(io.Discard, resp.Body) // also where it is unread: as a good library does
			resp.Body.Close()
		}
		if f.closes != nil && f.closes(resp, hinted) {
			f.transport.CloseIdleConnections()
		}
		if again = !again && resp.StatusCode == http.StatusUnauthorized; !again {
			return err
		}
	}
}

// asked is the request that a scenario asks for.
func asked(u, instead string) *http.Request {
	method, body := http.MethodGet, io.Reader(nil)
	scenario := os.Getenv("TCPWARM_SCENARIO")
	switch scenario {
	case "head":
		method = http.MethodHead
	case "expect-continue":
		method, body = http.MethodPost, strings.NewReader("a body")
	}
	if instead != "" && method == http.MethodGet {
		method, body = instead, strings.NewReader("a body")
	}
	r, err := http.NewRequest(method, u, body)
	if err != nil {
		panic(err)
	}
	switch scenario {
	case "not-modified":
		r.Header.Set("If-None-Match", `"1"`)
	case "expect-continue":
		r.Header.Set("Expect", "100-continue")
	}
	return r
}

// half fetches every second URL.
func half(fetch func(string) error) func(string) error {
	n := 0
	return func(u string) error {
		if n++; n%2 == 0 {
			return nil
		}
		return fetch(u)
	}
}

// A stubborn client sends on its connection without a look, and gives up what has no answer.
type stubborn struct {
	mu sync.Mutex
	c  net.Conn
	r  *bufio.Reader
}

func (s *stubborn) fetch(at string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := url.Parse(at)
	if err != nil {
		return err
	}
	if s.c == nil {
		if s.c, err = net.Dial("tcp", u.Host); err != nil {
			return err
		}
		s.r = bufio.NewReader(s.c)
	}
	fmt.Fprintf(s.c, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", u.Path, u.Host)
	resp, err := http.ReadResponse(s.r, nil)
	if err == nil && (resp.ContentLength >= 0 || len(resp.TransferEncoding) > 0) {
		_, err = io.Copy(io.Discard, resp.Body)
	} else if err == nil {
		_, err = io.CopyN(io.Discard, resp.Body, 30)
	}
	if err != nil {
		s.c.Close()
		s.c = nil
	}
	return err
}
