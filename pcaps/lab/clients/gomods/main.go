// Command gomods is resty, fasthttp and grpc-go as clients of the lab: ten requests at the
// times the mode asks for; see ../node/drive.js. It is a module of its own, so that
// the project needs none of them.
//
//	gomods resty|fasthttp|grpc MODE URL
//	gomods resty|fasthttp lines
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
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
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
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

// deadline is what a response may take in the mode of that name.
const deadline = 300 * time.Millisecond

// unlessLate returns err, but for that of a response that took too long.
func unlessLate(err error) error {
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() || errors.Is(err, fasthttp.ErrTimeout) {
		return nil
	}
	return err
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
	case "deadline":
		shared.SetTimeout(deadline)
		return func(url string) error { return unlessLate(get(shared, url)) }
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
	case "deadline":
		return func(url string) error {
			_, _, err := shared.GetTimeout(nil, url, deadline)
			return unlessLate(err)
		}
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
		ctx := context.Background()
		if mode == "deadline" {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, deadline)
			defer cancel()
		}
		err := c.Invoke(ctx, method, &emptypb.Empty{}, &emptypb.Empty{})
		if status.Code(err) == codes.DeadlineExceeded {
			return nil
		}
		return err
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
	case "shared", "parallel", "idle", "deadline":
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

// A question is a request that a scenario of tcpwarm challenge asks for.
type question struct {
	url, method, field, value, body string
	read, authorised                bool
}

func newQuestion(url string) question {
	q := question{url: url, method: http.MethodGet}
	scenario := os.Getenv("TCPWARM_SCENARIO")
	switch scenario {
	case "head":
		q.method = http.MethodHead
	case "not-modified":
		q.field, q.value = "If-None-Match", `"1"`
	case "expect-continue":
		q.method, q.field, q.value, q.body = http.MethodPost, "Expect", "100-continue", "a body"
	}
	q.read = !strings.HasPrefix(scenario, "unread")
	return q
}

func user() (name, password string) { return os.Getenv("TCPWARM_USER"), os.Getenv("TCPWARM_PASSWORD") }

func askResty() func(q question) (int, error) {
	shared := newResty()
	return func(q question) (int, error) {
		r := shared.R().SetDoNotParseResponse(!q.read)
		if q.field != "" {
			r.SetHeader(q.field, q.value)
		}
		if q.body != "" {
			r.SetBody(q.body)
		}
		if q.authorised {
			r.SetBasicAuth(user())
		}
		got, err := r.Execute(q.method, q.url)
		if err == nil && !q.read {
			got.RawBody().Close()
		}
		return got.StatusCode(), err
	}
}

func askFasthttp() func(q question) (int, error) {
	shared := &fasthttp.Client{TLSConfig: trust()}
	return func(q question) (int, error) {
		to, got := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		to.SetRequestURI(q.url)
		to.Header.SetMethod(q.method)
		if q.field != "" {
			to.Header.Set(q.field, q.value)
		}
		if q.body != "" {
			to.SetBodyString(q.body)
		}
		if q.authorised {
			name, password := user()
			to.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(name+":"+password)))
		}
		got.StreamBody = !q.read
		err := shared.Do(to, got)
		if err == nil && !q.read {
			got.CloseBodyStream()
		}
		return got.StatusCode(), err
	}
}

// lines fetches URLs as they come on standard input, those that come together together.
func lines(ask func(q question) (int, error)) {
	one := func(url string) {
		q := newQuestion(url)
		got, err := ask(q)
		if err == nil && got == http.StatusUnauthorized {
			q.authorised = true
			_, err = ask(q)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	b := make([]byte, 1<<16)
	for {
		n, err := os.Stdin.Read(b)
		var wait sync.WaitGroup
		for url := range strings.FieldsSeq(string(b[:n])) {
			wait.Go(func() { one(url) })
		}
		wait.Wait()
		if err != nil {
			return
		}
	}
}

func main() {
	if len(os.Args) == 3 && os.Args[2] == "lines" {
		ask := map[string]func() func(q question) (int, error){"resty": askResty, "fasthttp": askFasthttp}[os.Args[1]]
		if ask != nil {
			lines(ask())
			return
		}
	}
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
