// Command go is Go's net/http as a client of the lab: ten requests at the times
// the mode asks for; see ../node/drive.js.
//
//	go run ./pcaps/lab/clients/go MODE URL
//	go run ./pcaps/lab/clients/go lines
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// transport returns a new Transport with Go's defaults that trusts the lab.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if pem, err := os.ReadFile(os.Getenv("SSL_CERT_FILE")); err == nil {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		t.TLSClientConfig = &tls.Config{RootCAs: roots}
		t.ForceAttemptHTTP2 = true
	}
	return t
}

func get(c *http.Client, url string, read bool) error {
	r, err := c.Get(url)
	if err != nil {
		return err
	}
	if read {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return err
		}
	}
	return r.Body.Close()
}

// client returns how mode makes one request.
func client(mode string) (func(url string) error, bool) {
	t := transport()
	shared := &http.Client{Transport: t}
	read := func(url string) error { return get(shared, url, true) }
	switch mode {
	case "default", "shared", "parallel", "idle", "drained", "warm":
		return read, true
	case "deadline":
		shared.Timeout = 300 * time.Millisecond
		return func(url string) error {
			err := read(url)
			if late, ok := err.(net.Error); ok && late.Timeout() {
				return nil
			}
			return err
		}, true
	case "unread":
		return func(url string) error { return get(shared, url, false) }, true
	case "each":
		return func(url string) error { return get(&http.Client{Transport: transport()}, url, true) }, true
	case "cold":
		return func(url string) error {
			own := transport()
			defer own.CloseIdleConnections()
			return get(&http.Client{Transport: own}, url, true)
		}, true
	case "off":
		t.DisableKeepAlives = true
		return read, true
	case "parallel-idle5":
		t.MaxIdleConnsPerHost = 5
		return read, true
	case "idle-timeout":
		t.IdleConnTimeout = 200 * time.Millisecond
		return read, true
	}
	return nil, false
}

func drive(when, base string, get func(url string) error) error {
	path := "/item/"
	big := when == "unread" || when == "drained"
	switch when {
	case "unread":
		path = "/huge/"
	case "drained":
		path = "/big/"
	}
	if when == "parallel" {
		for round := range 2 {
			if err := atOnce(5, func(i int) error { return get(fmt.Sprint(base, path, 5*round+i+1)) }); err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond)
		}
		return nil
	}
	if when == "warm" || when == "cold" {
		return warmUp(base, get)
	}
	for i := range 10 {
		if err := get(fmt.Sprint(base, path, i+1)); err != nil {
			return err
		}
		pause := 10 * time.Millisecond
		switch {
		case when == "idle" && i == 4:
			pause = 600 * time.Millisecond
		case big:
			pause = 60 * time.Millisecond
		}
		time.Sleep(pause)
	}
	return nil
}

// warmUp asks for three bodies of several round trips, one after the other, and
// for a fourth after a pause in which the server's window cools.
func warmUp(base string, get func(url string) error) error {
	for i := range 4 {
		if i == 3 {
			time.Sleep(1500 * time.Millisecond)
		}
		if err := get(fmt.Sprint(base, "/mid/", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// atOnce calls f n times at once and returns the last error.
func atOnce(n int, f func(i int) error) error {
	var wait sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wait.Go(func() { errs[i] = f(i) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// lines fetches URLs as they come on standard input, those that come together together, as
// TCPWARM_SCENARIO asks for.
func lines(c *http.Client) {
	b := make([]byte, 1<<16)
	for {
		n, err := os.Stdin.Read(b)
		urls := strings.Fields(string(b[:n]))
		atOnce(len(urls), func(i int) error {
			status, err := ask(c, urls[i], false)
			if err == nil && status == http.StatusUnauthorized {
				_, err = ask(c, urls[i], true)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
			return nil
		})
		if err != nil {
			return
		}
	}
}

// ask does what the scenario asks for, and returns the response's status.
func ask(c *http.Client, url string, authorised bool) (int, error) {
	scenario := os.Getenv("TCPWARM_SCENARIO")
	method, fields, body := http.MethodGet, http.Header{}, io.Reader(nil)
	switch scenario {
	case "head":
		method = http.MethodHead
	case "not-modified":
		fields.Set("If-None-Match", `"1"`)
	case "expect-continue":
		method, body = http.MethodPost, strings.NewReader("a body")
		fields.Set("Expect", "100-continue")
	}
	q, err := http.NewRequest(method, url, body)
	if err != nil {
		return 0, err
	}
	q.Header = fields
	if authorised {
		q.SetBasicAuth(os.Getenv("TCPWARM_USER"), os.Getenv("TCPWARM_PASSWORD"))
	}
	r, err := c.Do(q)
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	if !strings.HasPrefix(scenario, "unread") {
		_, err = io.Copy(io.Discard, r.Body)
	}
	return r.StatusCode, err
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "lines" {
		lines(&http.Client{Transport: transport()})
		return
	}
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go MODE URL")
		os.Exit(2)
	}
	get, ok := client(os.Args[1])
	if !ok {
		fmt.Fprintln(os.Stderr, "no mode", os.Args[1])
		os.Exit(2)
	}
	when, _, _ := strings.Cut(os.Args[1], "-")
	if err := drive(when, os.Args[2], get); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
