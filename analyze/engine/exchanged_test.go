package engine

import (
	"bytes"
	"context"
	stdtls "crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"tcpwarm/analyze/app/tls"
)

// A taped connection notes what goes over it.
type taped struct {
	net.Conn
	mu   sync.Mutex
	said []utterance
}

// An utterance is what one side says before the other does: how many reads it takes hangs on the machine.
type utterance struct {
	arrow string
	b     []byte
}

func (c *taped) note(arrow string, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.said); n > 0 && c.said[n-1].arrow == arrow {
		c.said[n-1].b = append(c.said[n-1].b, b...)
	} else if len(b) > 0 {
		c.said = append(c.said, utterance{arrow, bytes.Clone(b)})
	}
}

// trace returns lines of a packet script.
func (c *taped) trace() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var trace strings.Builder
	for _, u := range c.said {
		for b := u.b; len(b) > 0; b = b[min(len(b), 1400):] {
			fmt.Fprintf(&trace, "+0.001 %s P. + ack + %q\n", u.arrow, b[:min(len(b), 1400)])
		}
	}
	return trace.String()
}

func (c *taped) Write(b []byte) (int, error) {
	c.note(">", b)
	return c.Conn.Write(b)
}

func (c *taped) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.note("<", b[:n])
	return n, err
}

// A spoken connection is what its client speaks.
type spoken struct {
	http2   bool
	version uint16 // TLS's, 0: in clear
}

// exchanged returns scripts of n connections, on each of which Go's client asked for something, and the keys of all.
func exchanged(t *testing.T, how spoken, n int) (traces []string, keys *tls.Keys) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	var protocols http.Protocols
	protocols.SetHTTP1(!how.http2)
	protocols.SetHTTP2(how.http2)
	protocols.SetUnencryptedHTTP2(how.http2)
	server.Config.Protocols, server.EnableHTTP2 = &protocols, how.http2
	scheme := "http://"
	if server.Start(); how.version > 0 {
		server.Close()
		server = httptest.NewUnstartedServer(server.Config.Handler)
		server.EnableHTTP2 = how.http2
		server.StartTLS()
		scheme = "https://"
	}
	defer server.Close()
	var tape *taped
	var log bytes.Buffer
	dial := func(context.Context, string, string) (net.Conn, error) {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		tape = &taped{Conn: c}
		return tape, err
	}
	transport := &http.Transport{DialContext: dial, Protocols: &protocols, ForceAttemptHTTP2: how.http2,
		TLSClientConfig: &stdtls.Config{InsecureSkipVerify: true, KeyLogWriter: &log, MinVersion: how.version, MaxVersion: how.version}}
	client := http.Client{Transport: transport}
	for range n {
		resp, err := client.Get(scheme + "a.example/index.html")
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		trace := tape.trace()
		transport.CloseIdleConnections()
		traces = append(traces, "0 > S 0:0(0) <mss 1460,sackOK,TS 1 0,wscale 7>\n+0.001 < S. 0:0(0) ack 1 <mss 1460,sackOK,TS 1 1,wscale 7>\n"+
			"+0 > . 1:1(0) ack 1\n"+trace+"+0 > . + ack +\n")
	}
	keys = tls.NewKeys()
	if err := keys.Add(&log); err != nil {
		t.Fatal(err)
	}
	return traces, keys
}
