package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// counts are what was made.
type counts struct{ connections, transactions int64 }

// servers is how many addresses of this machine are asked: ports between two of them are not
// to be used up while the last connections are in TIME-WAIT.
const servers = 8

// atOnce bounds how many connections are open.
const atOnce = 500

// traffic opens so many connections a second until ctx ends, asks on each a few times, and
// closes it: as client, or has the server do so.
func traffic(ctx context.Context, rate int) (counts, error) {
	var made struct{ connections, transactions atomic.Int64 }
	handler := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/last" {
			w.Header().Set("Connection", "close")
		}
		fmt.Fprint(w, strings.Repeat("x", 100))
	})
	var addresses []string
	for i := range servers {
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.%d:0", 2+i))
		if err != nil {
			return counts{}, err
		}
		server := &http.Server{Handler: handler}
		go server.Serve(l)
		defer server.Close()
		addresses = append(addresses, l.Addr().String())
	}
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	var all sync.WaitGroup
	var first atomic.Pointer[error]
	room := make(chan struct{}, atOnce)
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			all.Wait()
			if err := first.Load(); err != nil {
				return counts{}, *err
			}
			return counts{made.connections.Load(), made.transactions.Load()}, nil
		case <-tick.C:
		}
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			asked, err := visit(addresses[n%servers], n)
			made.connections.Add(1)
			made.transactions.Add(int64(asked))
			if err != nil {
				first.CompareAndSwap(nil, &err)
			}
		})
	}
}

// visit is one connection. It returns how often it asked.
func visit(address string, n int) (asked int, err error) {
	transport := &http.Transport{MaxConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	times := 1 + n%4
	for i := range times {
		path := "/"
		if i == times-1 && n%3 == 0 {
			path = "/last"
		}
		r, err := client.Get("http://" + address + path)
		if err != nil {
			return asked, err
		}
		_, err = io.Copy(io.Discard, r.Body)
		if err = errors.Join(err, r.Body.Close()); err != nil {
			return asked, err
		}
		asked++
		time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
	}
	return asked, nil
}
