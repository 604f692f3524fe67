// Command gomods is resty, fasthttp and grpc-go as clients of the lab: ten requests at the
// times the mode asks for; see ../node/drive.js. It is a module of its own, so that
// the project needs none of them.
//
//	gomods resty|fasthttp|grpc MODE URL
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/valyala/fasthttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// trust is the lab's certificate, nil where there is none.
func trust() *tls.Config {
	pem, err := os.ReadFile(os.Getenv("SSL_CERT_FILE"))
	if err != nil {
		return nil
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: roots}
}

func newResty() *resty.Client { return resty.New().SetTLSClientConfig(trust()) }

func withResty(mode string) func(url string) error {
	shared := newResty()
	get := func(c *resty.Client, url string) error {
		_, err := c.R().Get(url)
		return err
	}
	switch mode {
	case "default", "each": // as in the manual: client := resty.New(), here beside its request
		return func(url string) error { return get(newResty(), url) }
	case "shared", "parallel", "idle", "drained":
		return func(url string) error { return get(shared, url) }
	case "parallel-idle5":
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.MaxIdleConnsPerHost = 5
		shared.SetTransport(own)
		return func(url string) error { return get(shared, url) }
	case "unread":
		return func(url string) error {
			r, err := shared.R().SetDoNotParseResponse(true).Get(url)
			if err != nil {
				return err
			}
			return r.RawBody().Close()
		}
	case "off":
		shared.SetCloseConnection(true)
		return func(url string) error { return get(shared, url) }
	}
	return nil
}

func withFasthttp(mode string) func(url string) error {
	get := func(c *fasthttp.Client, url string) error {
		_, _, err := c.Get(nil, url)
		return err
	}
	shared := &fasthttp.Client{TLSConfig: trust()}
	switch mode {
	case "default":
		return func(url string) error {
			_, _, err := fasthttp.Get(nil, url)
			return err
		}
	case "each":
		return func(url string) error { return get(&fasthttp.Client{TLSConfig: trust()}, url) }
	case "shared", "parallel", "idle", "drained":
	case "idle-timeout":
		shared.MaxIdleConnDuration = 200 * time.Millisecond
	case "unread":
		shared.StreamResponseBody = true
		return func(url string) error {
			q, r := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			q.SetRequestURI(url)
			if err := shared.Do(q, r); err != nil {
				return err
			}
			return r.CloseBodyStream()
		}
	case "off":
		return func(url string) error {
			q, r := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			q.SetRequestURI(url)
			q.SetConnectionClose()
			return shared.Do(q, r)
		}
	default:
		return nil
	}
	return func(url string) error { return get(shared, url) }
}

// channel opens a channel to the host of a URL, and returns it with the URL's path.
func channel(to string) (*grpc.ClientConn, string, error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, "", err
	}
	how := insecure.NewCredentials()
	if u.Scheme == "https" {
		how = credentials.NewTLS(trust())
	}
	c, err := grpc.NewClient(u.Host, grpc.WithTransportCredentials(how))
	return c, u.Path, err
}

func withGRPC(mode string) func(url string) error {
	call := func(c *grpc.ClientConn, method string) error {
		return c.Invoke(context.Background(), method, &emptypb.Empty{}, &emptypb.Empty{})
	}
	switch mode {
	case "default": // as in the examples: conn, then defer conn.Close(), here beside its request
		return func(url string) error {
			c, method, err := channel(url)
			if err != nil {
				return err
			}
			defer c.Close()
			return call(c, method)
		}
	case "each":
		return func(url string) error {
			c, method, err := channel(url)
			if err != nil {
				return err
			}
			return call(c, method)
		}
	case "shared", "parallel", "idle":
		var shared *grpc.ClientConn
		var once sync.Once
		return func(to string) error {
			once.Do(func() { shared, _, _ = channel(to) })
			u, err := url.Parse(to)
			if err != nil {
				return err
			}
			return call(shared, u.Path)
		}
	}
	return nil
}

func drive(when, base string, get func(url string) error) error {
	path, pause := "/item/", 10*time.Millisecond
	if when == "unread" || when == "drained" {
		path, pause = "/big/", 60*time.Millisecond
	}
	if when == "unread" {
		path = "/huge/"
	}
	if when == "parallel" {
		for round := range 2 {
			var wait sync.WaitGroup
			errs := make([]error, 5)
			for i := range errs {
				wait.Go(func() { errs[i] = get(fmt.Sprint(base, path, 5*round+i+1)) })
			}
			wait.Wait()
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		return nil
	}
	for i := range 10 {
		if err := get(fmt.Sprint(base, path, i+1)); err != nil {
			return err
		}
		if when == "idle" && i == 4 {
			time.Sleep(600 * time.Millisecond)
		}
		time.Sleep(pause)
	}
	return nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: gomods resty|fasthttp|grpc MODE URL")
		os.Exit(2)
	}
	with := map[string]func(string) func(string) error{"resty": withResty, "fasthttp": withFasthttp, "grpc": withGRPC}[os.Args[1]]
	if with == nil || with(os.Args[2]) == nil {
		fmt.Fprintln(os.Stderr, "no client or mode", os.Args[1], os.Args[2])
		os.Exit(2)
	}
	when, _, _ := strings.Cut(os.Args[2], "-")
	if err := drive(when, os.Args[3], with(os.Args[2])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
