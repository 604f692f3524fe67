package main

import (
	"context"
	"crypto/tls"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// writeSize is in how many bytes at a time a server writes a response, as one that copies a file does.
const writeSize = 32 << 10

// control sets a socket up before it is used.
func (s *scenario) control(sends, receives bool) func(string, string, syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var err error
		set := func(fd, level, option, value int) {
			if value > 0 {
				err = errors.Join(err, unix.SetsockoptInt(fd, level, option, value))
			}
		}
		e := c.Control(func(fd uintptr) {
			if sends {
				err = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, s.Algorithm)
				set(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, s.Setting.SendBuffer)
				set(int(fd), unix.SOL_SOCKET, unix.SO_MAX_PACING_RATE, s.Setting.Paced)
			}
			if receives {
				set(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, s.Setting.ReadBuffer)
			}
		})
		return errors.Join(e, err)
	}
}

// startServer serves on the host: what the request asks for, or what it brings.
func startServer(h *host, s *scenario, port uint16) (*httptest.Server, error) {
	config := net.ListenConfig{Control: s.control(!s.Carried.Upload, s.Carried.Upload)}
	config.SetMultipathTCP(false)
	var l net.Listener
	if err := h.call(func() (err error) {
		l, err = config.Listen(context.Background(), "tcp", netip.AddrPortFrom(h.addr, port).String())
		return err
	}); err != nil {
		return nil, err
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(answer)}}
	server.EnableHTTP2 = s.Carried.Protocol == "h2"
	if s.Carried.Protocol == "tls" || s.Carried.Protocol == "h2" {
		server.StartTLS()
	} else {
		server.Start()
	}
	return server, nil
}

func answer(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(r.URL.Query().Get(name)) // what is missing is 0
		return n
	}
	size, piece, every := number("size"), number("piece"), time.Duration(number("every"))*time.Microsecond
	if every == 0 {
		w.Header().Set("Content-Length", strconv.Itoa(size))
		piece = writeSize
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	b := make([]byte, piece)
	for at := 0; at < size; at += piece {
		if at > 0 && every > 0 {
			time.Sleep(every)
		}
		if _, err := w.Write(b[:min(piece, size-at)]); err != nil {
			return
		}
		if every > 0 {
			http.NewResponseController(w).Flush()
		}
	}
}

// An exchange is what the client saw of one.
type exchange struct {
	connection, port, n       int
	method                    string
	asked, first, end         time.Time
	requestBody, responseBody int
}

// ask has the client make the scenario's requests, each connection's one after the other, and returns
// what it saw of them.
func ask(ctx context.Context, h *host, server *httptest.Server, to netip.AddrPort,
	s *scenario) (all []exchange, err error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range max(1, s.Carried.Connections) {
		group.Go(func() {
			one, e := askOnOne(ctx, h, server, to, s, i)
			mu.Lock()
			defer mu.Unlock()
			all, err = append(all, one...), errors.Join(err, e)
		})
	}
	group.Wait()
	return all, err
}

func askOnOne(ctx context.Context, h *host, server *httptest.Server, to netip.AddrPort,
	s *scenario, n int) ([]exchange, error) {
	port, dials := 0, 0
	transport := &http.Transport{ForceAttemptHTTP2: s.Carried.Protocol == "h2", MaxConnsPerHost: 1, DisableCompression: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // it is our own server
		DialContext: func(ctx context.Context, network, addr string) (c net.Conn, err error) {
			if dials++; dials > 1 {
				return nil, errFaulty("the client has not kept its connection")
			}
			d := net.Dialer{Control: s.control(s.Carried.Upload, !s.Carried.Upload)}
			d.SetMultipathTCP(false)
			if err := h.call(func() error { c, err = d.DialContext(ctx, network, addr); return err }); err != nil {
				return nil, err
			}
			port = c.LocalAddr().(*net.TCPAddr).Port
			return c, nil
		}}
	defer transport.CloseIdleConnections()
	scheme := "http"
	if server.TLS != nil {
		scheme = "https"
	}
	var list []exchange
	for i, r := range s.Carried.Exchanges {
		time.Sleep(r.After)
		x, err := s.exchange(ctx, transport, scheme+"://"+to.String(), r)
		if err != nil {
			return list, fmt.Errorf("request %d on connection %d: %w", i, n, err)
		}
		x.connection, x.port, x.n = n, port, i
		list = append(list, x)
	}
	return list, nil
}

// exchange makes one request and reads the whole response.
func (s *scenario) exchange(ctx context.Context, transport *http.Transport, base string,
	r request) (x exchange, err error) {
	x.method = http.MethodGet
	query := url.Values{"size": {strconv.Itoa(r.Size)}}
	if r.Every > 0 {
		query.Set("piece", strconv.Itoa(r.Piece))
		query.Set("every", strconv.FormatInt(r.Every.Microseconds(), 10))
	}
	var body io.Reader
	if s.Carried.Upload {
		x.method, x.requestBody = http.MethodPost, r.Size
		query.Set("size", "120")
		body = io.LimitReader(zeros{}, int64(r.Size))
	}
	// The connection is there when this is called, and nothing of the request is on it yet.
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { x.asked = time.Now() },
		GotFirstResponseByte: func() { x.first = time.Now() }}
	ctx = httptrace.WithClientTrace(ctx, trace)
	q, err := http.NewRequestWithContext(ctx, x.method, base+"/item?"+query.Encode(), body)
	if err != nil {
		return x, err
	}
	if s.Carried.Upload {
		q.ContentLength = int64(r.Size)
	}
	got, err := transport.RoundTrip(q)
	if err != nil {
		return x, err
	}
	defer got.Body.Close()
	x.responseBody, err = s.read(got.Body)
	x.end = time.Now()
	return x, err
}

// zeros are read without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// read reads as the scenario says: at once, at a rate, or with a stop on the way.
func (s *scenario) read(from io.Reader) (n int, err error) {
	b := make([]byte, 16<<10)
	stalled := s.Carried.StallAfter == 0
	begin := time.Now()
	for {
		k, err := from.Read(b)
		n += k
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if !stalled && n >= s.Carried.StallAfter {
			stalled = true
			time.Sleep(s.Carried.Stall)
		}
		if rate := s.Carried.ReadBytes; rate > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(n) * time.Second / time.Duration(rate))))
		}
	}
}

// writeExchanges writes txn.csv.
func writeExchanges(w io.Writer, all []exchange) error {
	c := csv.NewWriter(w)
	c.Write([]string{"conn", "local_port", "txn", "method", "t_request", "t_first_byte", "t_end",
		"request_body", "response_body"})
	stamp := func(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1e3) }
	for _, x := range all {
		c.Write([]string{strconv.Itoa(x.connection), strconv.Itoa(x.port), strconv.Itoa(x.n), x.method,
			stamp(x.asked), stamp(x.first), stamp(x.end), strconv.Itoa(x.requestBody), strconv.Itoa(x.responseBody)})
	}
	c.Flush()
	return c.Error()
}
