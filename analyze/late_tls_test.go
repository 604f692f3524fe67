package analyze

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	stdtls "crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwarm/analyze/app/tls"
	"tcpwarm/pcaps/script"
)

// A taped notes what goes over a connection, as its client has it, as lines of a packet script.
type taped struct {
	net.Conn
	mu    sync.Mutex
	trace strings.Builder
}

func (c *taped) note(arrow string, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(b) > 0 { // in segments
		n := min(len(b), 1400)
		fmt.Fprintf(&c.trace, "+0.001 %s P. + ack + %q\n", arrow, b[:n])
		b = b[n:]
	}
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

// A beginning is what a client and a server say to each other in clear before TLS, in turns that begin with the
// client's; inside is what the server says first in TLS.
type beginning struct {
	clear  []string
	inside string
}

func (x *beginning) say(c net.Conn, client bool) error {
	for i, turn := range x.clear {
		if client == (i%2 == 0) {
			if _, err := io.WriteString(c, turn); err != nil {
				return err
			}
		} else if _, err := io.ReadFull(c, make([]byte, len(turn))); err != nil {
			return err
		}
	}
	return nil
}

// A lateListener accepts one connection on which TLS comes after something else.
type lateListener struct {
	net.Listener
	config *stdtls.Config
	before *beginning
}

func (l *lateListener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := stdtls.Server(raw, l.config)
	if err := l.before.say(raw, false); err != nil {
		return nil, err
	}
	if err := c.Handshake(); err != nil {
		return nil, err
	}
	_, err = io.WriteString(c, l.before.inside)
	return c, err
}

// lateTLS returns the script and the keys of a connection on which TLS begins after something else, and carries two
// requests by HTTP/1.1 or HTTP/2.
func lateTLS(t *testing.T, version uint16, protocol string, before *beginning) (trace string, keys *tls.Keys) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &stdtls.Config{Certificates: []stdtls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{protocol}}
	listener := &lateListener{raw, config, before}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })}
	go server.Serve(listener)
	defer server.Close()
	var tape *taped
	var log bytes.Buffer
	dial := func(context.Context, string, string) (net.Conn, error) {
		to, err := net.Dial("tcp", raw.Addr().String())
		if err != nil {
			return nil, err
		}
		tape = &taped{Conn: to}
		if err := before.say(tape, true); err != nil {
			return nil, err
		}
		c := stdtls.Client(tape, &stdtls.Config{InsecureSkipVerify: true, ServerName: "a.example", KeyLogWriter: &log,
			NextProtos: []string{protocol}, MinVersion: version, MaxVersion: version})
		if err := c.Handshake(); err != nil || before.inside == "" {
			return c, err
		}
		_, err = http.ReadResponse(bufio.NewReader(c), nil)
		return c, err
	}
	transport := &http.Transport{DialTLSContext: dial, ForceAttemptHTTP2: protocol == "h2"}
	client := http.Client{Transport: transport, Timeout: 10 * time.Second}
	for range 2 {
		resp, err := client.Get("https://a.example/x")
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	transport.CloseIdleConnections()
	keys = tls.NewKeys()
	if err := keys.Add(&log); err != nil {
		t.Fatal(err)
	}
	tape.mu.Lock()
	defer tape.mu.Unlock()
	return "+0.1 > S 0:0(0) <mss 1460>\n+0.02 < S. 0:0(0) ack 1 <mss 1460>\n+0 > . 1:1(0) ack 1\n" + tape.trace.String(), keys
}

// TLS that begins late is read with its keys as any is: behind another protocol, and by Upgrade, where the response
// inside answers the request that asked for it (RFC 2817 section 3.3). Without keys it is inferred, and as many
// requests are possible.
func TestTLSThatBeginsLate(t *testing.T) {
	const ask = "OPTIONS * HTTP/1.1\r\nHost: a.example\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\n\r\n"
	const granted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.2, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n"
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	for name, x := range map[string]struct {
		version  uint16
		protocol string
		before   beginning
		want     []int // statuses
	}{
		"behind another, 1.2":         {stdtls.VersionTLS12, "http/1.1", beginning{[]string{"\x07\x09", "\x08\x0a"}, ""}, []int{200, 200}},
		"behind another, 1.3":         {stdtls.VersionTLS13, "http/1.1", beginning{[]string{"\x07\x09", "\x08\x0a"}, ""}, []int{200, 200}},
		"behind several turns, 1.3":   {stdtls.VersionTLS13, "h2", beginning{[]string{"\x07\x09", "\x08\x0a", "\x01", "\x02"}, ""}, []int{200, 200}},
		"behind the client's, 1.3":    {stdtls.VersionTLS13, "h2", beginning{[]string{"\x07\x09"}, ""}, []int{200, 200}},
		"behind the server's, 1.3":    {stdtls.VersionTLS13, "h2", beginning{[]string{"", "\x07\x09"}, ""}, []int{200, 200}},
		"by upgrade, 1.2":             {stdtls.VersionTLS12, "http/1.1", beginning{[]string{ask, granted}, answer}, []int{200, 200, 200}},
		"by upgrade, 1.3":             {stdtls.VersionTLS13, "http/1.1", beginning{[]string{ask, granted}, answer}, []int{200, 200, 200}},
		"by upgrade to HTTP/2 in 1.3": {stdtls.VersionTLS13, "h2", beginning{[]string{ask, granted}, ""}, []int{101, 200, 200}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trace, keys := lateTLS(t, x.version, x.protocol, &x.before)
			s, err := script.Parse(trace)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range []*tls.Keys{keys, nil} {
				r, err := Run(context.Background(), &segments{list: s.Segments(), size: 100}, Options{Keys: k})
				if err != nil {
					t.Fatal(err)
				}
				checkSums(t, r)
				c := r.Connections[0]
				var got []int
				for _, u := range c.Transactions {
					got = append(got, u.Status)
				}
				switch {
				case c.TLS == nil || c.TLS.ServerName != "a.example":
					t.Errorf("no TLS: %+v", c)
				case k == nil:
					if n := int64(len(x.want)); c.TransactionLow == nil || *c.TransactionLow > n || *c.TransactionHigh < n {
						t.Errorf("without keys: %d requests, between %v and %v", c.Requests, *c.TransactionLow, *c.TransactionHigh)
					}
				case !slices.Equal(got, x.want) || int(c.Requests) != len(x.want) || int(c.Responses) != len(x.want) || c.TransactionBasis != "decrypted":
					t.Errorf("%d requests, %d responses, %s: %v, want %v", c.Requests, c.Responses, c.TransactionBasis, got, x.want)
				}
			}
		})
	}
}
