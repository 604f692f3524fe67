package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// challengeClient, in the environment, has this program be a client that is examined.
const challengeClient = "TCPWARM_CHALLENGE_CLIENT"

// clientKinds are clients that are good, or bad in one way: each fetches one URL.
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
	"forgetful": func() func(string) error {
		t := pooled()
		t.TLSClientConfig.ClientSessionCache = nil
		return fetching(t)
	},
	"untrusting": func() func(string) error {
		t := pooled()
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		return fetching(t)
	},
	"short timeout": func() func(string) error {
		t := pooled()
		t.IdleConnTimeout = 300 * time.Millisecond
		return fetching(t)
	},
	"unread":     func() func(string) error { return unread(pooled()) },
	"said close": func() func(string) error { t := pooled(); t.DisableKeepAlives = true; return fetching(t) },
	"gives up":   func() func(string) error { return new(stubborn).fetch },
	"no ping":    func() func(string) error { return new(silent).fetch },
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
func fetching(t *http.Transport) func(string) error {
	c := &http.Client{Transport: t}
	return func(u string) error {
		resp, err := c.Do(asked(u))
		if err != nil {
			return err
		}
		if resp.StatusCode == http.StatusUnauthorized {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			again := asked(u)
			again.SetBasicAuth(os.Getenv("TCPWARM_USER"), os.Getenv("TCPWARM_PASSWORD"))
			if resp, err = c.Do(again); err != nil {
				return err
			}
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body) // also where it is unread: as a good library does
		return err
	}
}

// asked is the request that a scenario asks for.
func asked(u string) *http.Request {
	method, body := http.MethodGet, io.Reader(nil)
	scenario := os.Getenv("TCPWARM_SCENARIO")
	switch scenario {
	case "head":
		method = http.MethodHead
	case "expect-continue":
		method, body = http.MethodPost, strings.NewReader("a body")
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

// unread never reads a body, nor closes it.
func unread(t *http.Transport) func(string) error {
	c := &http.Client{Transport: t}
	return func(u string) error {
		_, err := c.Do(asked(u))
		return err
	}
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

// A silent client speaks HTTP/2 and acknowledges no PING.
type silent struct {
	mu     sync.Mutex
	c      net.Conn
	f      *http2.Framer
	stream uint32
}

func (s *silent) fetch(at string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := url.Parse(at)
	if err != nil {
		return err
	}
	if s.c == nil {
		c, err := tls.Dial("tcp", u.Host, &tls.Config{RootCAs: trusted(), NextProtos: []string{"h2"}})
		if err != nil {
			return err
		}
		io.WriteString(c, http2.ClientPreface)
		s.c, s.f, s.stream = c, http2.NewFramer(c, c), 1
		s.f.WriteSettings()
	}
	var head strings.Builder
	e := hpack.NewEncoder(&head)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", u.Host}, {":path", u.Path}} {
		e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	if err := s.f.WriteHeaders(http2.HeadersFrameParam{StreamID: s.stream, BlockFragment: []byte(head.String()),
		EndHeaders: true, EndStream: true}); err != nil {
		return err
	}
	s.stream += 2
	for {
		frame, err := s.f.ReadFrame()
		if err != nil {
			return err
		}
		if d, ok := frame.(*http2.DataFrame); ok && d.StreamEnded() {
			return nil
		}
	}
}
