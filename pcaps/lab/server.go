package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	originPort = 8080 // in clear; the relay's is the next
	relayPort  = 8081
	securePort = 8443

	lateItem = 5         // which of /item/ is answered late
	midBody  = 200_000   // bytes of /mid/: four round trips from a window of ten segments
	bigBody  = 1_000_000 // bytes of /big/
	hugeBody = 4_000_000 // bytes of /huge/: more than a receiver takes in unread, even if it read some
)

// An origin is a running HTTP server that notes what it serves.
type origin struct {
	url    string
	ledger ledger
	opts   options
	server *http.Server

	mu    sync.Mutex
	conns map[net.Conn]*connection
}

// serve starts a server on l. keys takes the secrets of its TLS connections.
func serve(opts options, l net.Listener, cert *tls.Certificate, keys io.Writer) *origin {
	o := &origin{opts: opts, conns: map[net.Conn]*connection{}, ledger: ledger{leg: "origin"}}
	scheme := "http"
	if opts.tls {
		scheme = "https"
	}
	o.url = fmt.Sprintf("%s://%v", scheme, l.Addr())
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(opts.http2)
	protocols.SetUnencryptedHTTP2(opts.http2 && !opts.tls)
	idle := opts.idle
	if idle == 0 {
		idle = time.Minute
	}
	o.server = &http.Server{Handler: o, IdleTimeout: idle, ConnContext: o.accepted, ConnState: o.state, Protocols: protocols,
		ErrorLog: log.New(io.Discard, "", 0)} // clients that give up are part of the game
	if opts.tls {
		o.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}, KeyLogWriter: keys}
		go o.server.ServeTLS(l, "", "")
	} else {
		go o.server.Serve(l)
	}
	return o
}

type (
	connectionKey struct{} // *connection
	socketKey     struct{} // net.Conn
)

func (o *origin) accepted(ctx context.Context, c net.Conn) context.Context {
	n := o.ledger.open(c.RemoteAddr(), c.LocalAddr())
	o.mu.Lock()
	o.conns[c] = n
	o.mu.Unlock()
	return context.WithValue(context.WithValue(ctx, connectionKey{}, n), socketKey{}, c)
}

func (o *origin) state(c net.Conn, s http.ConnState) {
	if s != http.StateClosed {
		return
	}
	o.mu.Lock()
	n := o.conns[c]
	o.mu.Unlock()
	if n != nil {
		o.ledger.closed(n)
	}
}

// ServeHTTP notes the request, then answers as the options say.
func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := r.Context().Value(connectionKey{}).(*connection)
	if r.TLS != nil {
		o.ledger.secured(c, r.TLS)
	}
	n := o.ledger.add(c, request{Method: r.Method, Path: r.URL.Path, Proto: r.Proto, Status: http.StatusOK,
		Connection: r.Header.Get("Connection")})
	item, _ := strconv.Atoi(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]) // 0 if it is none
	time.Sleep(o.opts.delay + time.Duration(item%5)*o.opts.spread)
	if item == lateItem && o.opts.late > 0 && !o.waits(r.Context(), c, n) {
		panic(http.ErrAbortHandler) // returning would answer 200
	}
	if r.Header.Get("Origin") != "" { // a page's of another server
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}
	body := fmt.Sprintf("{\"path\": %q}\n", r.URL.Path)
	if strings.HasPrefix(r.URL.Path, "/big/") {
		body = strings.Repeat("0123456789", bigBody/10)
	}
	if strings.HasPrefix(r.URL.Path, "/huge/") {
		body = strings.Repeat("0123456789", hugeBody/10)
	}
	if strings.HasPrefix(r.URL.Path, "/mid/") {
		o.mid(w, r, c, n)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/page/") {
		page(w, item)
		return
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		w.Header().Set("Content-Type", "application/grpc")
		w.Write(make([]byte, 5)) // the frame of an empty message
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
		return
	}
	if o.opts.drop {
		drop(w, body)
		o.ledger.closed(c)
		return
	}
	if o.opts.close || n == o.opts.maxRequests {
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // chunks could not be followed through snapped bodies
	io.WriteString(w, body)
}

// waits takes its time over a request, and reports whether the client waits, too. One that does
// not has no answer.
func (o *origin) waits(ctx context.Context, c *connection, n int) bool {
	select {
	case <-time.After(o.opts.late):
		return true
	case <-ctx.Done():
		o.ledger.unanswered(c, n)
		return false
	}
}

// mid answers with a body of some round trips. The kernel takes a window back
// only when it sends again, so that is when the window is noted.
func (o *origin) mid(w http.ResponseWriter, r *http.Request, c *connection, n int) {
	w.Header().Set("Content-Length", strconv.Itoa(midBody))
	const first = 1000
	body := strings.Repeat("0123456789", midBody/10)
	io.WriteString(w, body[:first])
	http.NewResponseController(w).Flush()
	o.ledger.window(c, n, sendWindow(r.Context().Value(socketKey{}).(net.Conn)))
	io.WriteString(w, body[first:])
}

// images are how many a page has.
const images = 9

// page answers with HTML whose images are the next items, and which has an icon, so that nobody asks for one.
func page(w http.ResponseWriter, item int) {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html><title>lab</title><link rel=icon href=data:,>\n")
	for i := range images {
		fmt.Fprintf(&b, "<img src=/item/%d>\n", item+1+i)
	}
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	io.WriteString(w, b.String())
}

// drop answers as if the connection would stay, and closes it.
func drop(w http.ResponseWriter, body string) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	c.Close()
}

// stop ends the server and all of its connections.
func (o *origin) stop() error {
	if err := o.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
