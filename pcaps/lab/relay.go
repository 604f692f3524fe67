package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

// A relay stands between client and origin. It notes what it takes from clients.
type relay interface {
	connections() ([]*connection, error)
	stop() error
}

// A dumbProxy is the relay of RFC 9112 appendix C.2.2: it knows HTTP/1.0 without
// persistence, passes on what it is sent, Connection: keep-alive and all, and
// takes the origin's close for the end of the response. The origin, asked to
// persist, waits for the next request; the client, promised persistence, sends
// it to a relay that does not listen any more.
type dumbProxy struct {
	listener net.Listener
	ledger   ledger
}

func startDumb() (*dumbProxy, error) {
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", relayPort))
	if err != nil {
		return nil, err
	}
	d := &dumbProxy{listener: l, ledger: ledger{leg: "client-proxy"}}
	go d.accept()
	return d, nil
}

func (d *dumbProxy) accept() {
	for {
		c, err := d.listener.Accept()
		if err != nil {
			return
		}
		go d.pass(c)
	}
}

// pass serves one client connection: its first request, and nothing after it.
func (d *dumbProxy) pass(client net.Conn) {
	defer client.Close()
	note := d.ledger.open(client.RemoteAddr(), client.LocalAddr())
	defer d.ledger.closed(note)
	in := bufio.NewReader(client)
	first, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	d.note(note, first, http.StatusOK)
	up, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", originPort))
	if err != nil {
		return
	}
	defer up.Close()
	fmt.Fprintf(up, "%s %s %s\r\nHost: %s\r\n", first.Method, first.RequestURI, first.Proto, first.Host)
	first.Header.Write(up)
	io.WriteString(up, "\r\n")
	go d.ignore(note, in)
	io.Copy(client, up)
}

// ignore notes the requests that will have no answer.
func (d *dumbProxy) ignore(c *connection, in *bufio.Reader) {
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		d.note(c, r, -1)
	}
}

func (d *dumbProxy) note(c *connection, r *http.Request, status int) {
	d.ledger.add(c, request{Method: r.Method, Path: r.URL.Path, Proto: r.Proto, Status: status, Connection: r.Header.Get("Connection")})
}

func (d *dumbProxy) connections() ([]*connection, error) { return d.ledger.connections(), nil }

func (d *dumbProxy) stop() error {
	if err := d.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
