package http1

import (
	"strings"
	"testing"
)

func TestDetectRequest(t *testing.T) {
	for _, c := range []struct {
		b    string
		want Answer
	}{
		{"", More},
		{"\r\n", More},
		{"G", More},
		{"GET", More},
		{"GET ", More},
		{"GET /", Yes},
		{"\r\nGET /", Yes},
		{"GET \r", No},
		{"GET \x01", No},
		{"GET \x7f", No},
		{"GET \n", No},
		{"GET   \n", No},
		{" ", No},
		{"GET / HTTP/1.1\r\n", Yes},
		{"GET / HTTP/1.1 \n", Yes},
		{"GET / HTTP/2.0\r\n", No},
		{"GET / HTTP/1.x\r\n", No},
		{"GET /\r\n", Yes}, // HTTP/0.9
		{"GET http://a/\n", Yes},
		{"GET up\r\n", No},
		{"POST /\r\n", No},
		{"POST HTTP/1.1\r\n", Yes},
		{"POST  HTTP/1.1\r\n", Yes},
		{"GET   ", More},
		{"GET   /x", Yes},
		{"GET   /x HTTP/1.1\r\n", Yes},
		{"GET   \r\n", No},
		{"FOO  /x HTTP/1.1\r\n", No},
		{"FOO HTTP/1.1\r\n", No},
		{"GET / HTTP/1\r\n", Yes},
		{"GET HTTP/1\r\n", No}, // neither target nor version
		{"GET / HTTP/1.\n", Yes},
		{"FOO /HTTP/1.1\n", Yes},
		{"FOO /x/HTTP/1.1\n", No},
		{"GET /x/HTTP/1.1\n", Yes}, // HTTP/0.9
		{"FOO /x HTTP/1.", More},
		{"FOO /x HTTP/1.1\r\n", Yes},
		{"FOO " + strings.Repeat("x", maxLine), No},
		{"FOO " + strings.Repeat("x", maxLine-4), No},
		{"FOO " + strings.Repeat("x", maxLine-5), More},
		{"GET " + strings.Repeat("x", maxLine), Yes},
		{strings.Repeat("M", maxMethod), More},
		{strings.Repeat("M", maxMethod) + " ", More},
		{strings.Repeat("M", maxMethod+1), No},
		{"PRI * HTTP/2", No},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", No},
		{"PRI * HTTP/1.1\r\n", Yes},
		{"\x16\x03\x01", No},
		{"SSH-2.0-x\r\n", No},
		{"HTTP/1.1 200 OK\r\n", No},
		{" GET / HTTP/1.1\r\n", No},
	} {
		if got := DetectRequest([]byte(c.b)); got != c.want {
			t.Errorf("DetectRequest(%.40q) = %d, want %d", c.b, got, c.want)
		}
	}
}

func TestDetectResponse(t *testing.T) {
	for _, c := range []struct {
		b    string
		want Answer
	}{
		{"", More},
		{"\r\nHT", More},
		{"HTTP/1.", More},
		{"HTTP/1.1", More},
		{"HTTP/1.1 ", Yes},
		{"HTTP/1.1 2", Yes},
		{"HTTP/1.1 200", Yes},
		{"HTTP/1.1 2x", No},
		{"HTTP/1.x", No},
		{"HTTP/1.1\r", No},
		{"HTTP/2 200", No},
		{"HTTX", No},
		{"ICY", More},
		{"ICY 200 OK", Yes},
		{"ICY 404", No},
		{"GET / HTTP/1.1", No},
	} {
		if got := DetectResponse([]byte(c.b)); got != c.want {
			t.Errorf("DetectResponse(%q) = %d, want %d", c.b, got, c.want)
		}
	}
}

// Once No, more bytes change nothing; without a line end, neither once Yes.
func FuzzDetect(f *testing.F) {
	for _, s := range []string{"GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "FOO /a HTTP/1.0\n", "PRI * HTTP/2.0\r\n", "GET /\n", "ICY 200"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, detect := range []func([]byte) Answer{DetectRequest, DetectResponse} {
			was := More
			for i := range len(b) + 1 {
				is := detect(b[:i])
				if was == No && is != No || was == Yes && is == More {
					t.Fatalf("%q: %d, one byte before %d", b[:i], is, was)
				}
				was = is
			}
		}
	})
}
