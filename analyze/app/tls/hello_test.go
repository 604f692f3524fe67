package tls

import (
	"crypto/tls"
	"net"
	"testing"
)

// firstFlight returns what a real client sends first.
func firstFlight(t testing.TB, c *tls.Config) []byte {
	a, b := net.Pipe()
	defer a.Close()
	go func() { tls.Client(b, c).Handshake() }()
	buf := make([]byte, 4096)
	n, err := a.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

func TestClientHello(t *testing.T) {
	b := firstFlight(t, &tls.Config{ServerName: "api.example.com", NextProtos: []string{"h2"}})
	if is, client := Detect(b); is != Yes || !client {
		t.Fatalf("Detect = %v, %v", is, client)
	}
	for i := range recordHeader + 1 {
		if is, _ := Detect(b[:i]); is != More {
			t.Errorf("Detect of %d bytes = %v, want More", i, is)
		}
	}
	var info Info
	var h Hello
	for i := range b { // however the bytes are cut
		h.Feed(b[i:i+1], &info)
	}
	if info.ServerName != "api.example.com" {
		t.Errorf("server name %q", info.ServerName)
	}
}

func TestHTTPIsNotTLS(t *testing.T) {
	if is, _ := Detect([]byte("GET / HTTP/1.1\r\n")); is != No {
		t.Error(is)
	}
}

func FuzzHello(f *testing.F) {
	f.Add(firstFlight(f, &tls.Config{ServerName: "a.example", NextProtos: []string{"h2"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		Detect(b)
		var info Info
		var h Hello
		h.Feed(b[:len(b)/2], &info)
		h.Feed(b[len(b)/2:], &info)
		h.Stop(&info)
		if len(h.raw)+len(h.msg) > 0 {
			t.Error("kept bytes after its end")
		}
	})
}
