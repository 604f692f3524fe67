//go:build unix

package main

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// badClients are good but for one thing.
var badClients = []struct {
	kind string
	make func() func(string) error
	want []string // as rows writes it
}{
	{"closes after HEAD", closing(func(r *http.Response, _ bool) bool { return r.Request.Method == http.MethodHead }),
		[]string{"head failed client-closed"}},
	{"closes after 204", closing(func(r *http.Response, _ bool) bool { return r.StatusCode == http.StatusNoContent }),
		[]string{"no-content failed client-closed"}},
	{"closes after 304", closing(func(r *http.Response, _ bool) bool { return r.StatusCode == http.StatusNotModified }),
		[]string{"not-modified failed client-closed"}},
	{"closes after chunks", closing(func(r *http.Response, _ bool) bool { return len(r.TransferEncoding) > 0 }),
		[]string{"chunked failed client-closed"}},
	{"closes after redirects", closing(func(r *http.Response, _ bool) bool { return r.Request.Response != nil }),
		[]string{"redirect-chain failed client-closed"}},
	{"closes after 103", closing(func(_ *http.Response, hinted bool) bool { return hinted }),
		[]string{"early-hints failed client-closed"}},
	{"closes in TLS", closing(func(r *http.Response, _ bool) bool { return r.TLS != nil && r.ProtoMajor == 1 }),
		[]string{"tls-one-after-another failed client-closed"}},
	{"leaves 401 unread", leaving(func(r *http.Response) bool { return r.StatusCode == http.StatusUnauthorized }),
		[]string{"unauthorized failed undrained"}},
	{"leaves errors unread", leaving(func(r *http.Response) bool { return r.StatusCode >= http.StatusNotFound }),
		[]string{"error-bodies failed client-closed"}},
	{"leaves bodies unread", leaving(func(*http.Response) bool { return strings.HasPrefix(os.Getenv("TCPWARM_SCENARIO"), "unread") }),
		[]string{"unread-small failed client-closed", "unread-large failed undrained"}},
	{"small pool", with(func(t *http.Transport) { t.MaxIdleConnsPerHost = 2 }),
		[]string{"five-at-once-twice failed client-closed"}},
	{"short timeout", with(func(t *http.Transport) { t.IdleConnTimeout = 600 * time.Millisecond }), // less than any pause
		[]string{"idle-below-announced failed client-idle-timeout", "idle-below-unannounced failed client-idle-timeout",
			"http2-ping failed client-idle-timeout"}},
	{"forgets sessions", with(func(t *http.Transport) { t.TLSClientConfig.ClientSessionCache = nil }),
		[]string{"tls-resumption failed tls-not-resumed"}},
	{"asks once only", func() func(string) error { return (&fetcher{transport: pooled(), method: http.MethodPost}).fetch },
		[]string{"close-on-request failed stale-reuse-race"}},
	{"no ping", func() func(string) error {
		good, bad := fetching(pooled()), new(silent).fetch
		return func(u string) error {
			if os.Getenv("TCPWARM_SCENARIO") == "http2-ping" {
				return bad(u)
			}
			return good(u)
		}
	}, []string{"http2-ping failed"}},
}

func init() {
	for _, c := range badClients {
		clientKinds[c.kind] = c.make
	}
}

func closing(when func(*http.Response, bool) bool) func() func(string) error {
	return func() func(string) error { return (&fetcher{transport: pooled(), closes: when}).fetch }
}

func leaving(when func(*http.Response) bool) func() func(string) error {
	return func() func(string) error { return (&fetcher{transport: pooled(), leaves: when}).fetch }
}

func with(change func(*http.Transport)) func() func(string) error {
	return func() func(string) error {
		t := pooled()
		change(t)
		return fetching(t)
	}
}

// badAtOnce is how many bad clients are examined at once.
const badAtOnce = 8

// A client that is bad at one thing fails the scenarios that are about it, and no other.
func TestChallengeFindsWhatIsBad(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	t.Parallel()
	free := make(chan bool, badAtOnce)
	var all sync.WaitGroup
	for _, c := range badClients {
		all.Go(func() {
			free <- true
			defer func() { <-free }()
			got := rows(examineBoth(t, c.kind, "", nil))
			for i := range got { // on a busy machine it closes so late that it looks like idling
				if i < len(c.want) && strings.ReplaceAll(got[i], "client-idle-timeout", "client-closed") == c.want[i] {
					got[i] = c.want[i]
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s:\ngot  %q\nwant %q", c.kind, got, c.want)
			}
		})
	}
	all.Wait()
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
