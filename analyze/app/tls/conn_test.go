package tls

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// A written is what one Write of a connection put on the wire.
type written struct {
	client bool
	b      []byte
}

// A transcript is a TLS connection of Go's, as its bytes went by.
type transcript struct {
	mu     sync.Mutex
	list   []written
	keys   bytes.Buffer
	client []byte // what the client's application sent
	server []byte
}

// A tap notes what is written to a connection.
type tap struct {
	net.Conn
	t      *transcript
	client bool
}

func (c *tap) Write(b []byte) (int, error) {
	c.t.mu.Lock()
	c.t.list = append(c.t.list, written{c.client, bytes.Clone(b)})
	c.t.mu.Unlock()
	return c.Conn.Write(b)
}

// certificates are made once: to find an RSA key takes longer than most tests do.
var certificates = [...]func() (tls.Certificate, error){
	sync.OnceValues(func() (tls.Certificate, error) { return newCertificate(false) }),
	sync.OnceValues(func() (tls.Certificate, error) { return newCertificate(true) }),
}

func certificate(t testing.TB, useRSA bool) tls.Certificate {
	t.Helper()
	make := certificates[0]
	if useRSA {
		make = certificates[1]
	}
	c, err := make()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newCertificate(useRSA bool) (tls.Certificate, error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"a.example"}, NotAfter: time.Now().Add(time.Hour)}
	if useRSA {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return tls.Certificate{}, err
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			return tls.Certificate{}, err
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// exchange has two requests answered over a connection and returns its
// transcript.
func exchange(t testing.TB, client, server *tls.Config) *transcript {
	t.Helper()
	answer := bytes.Repeat([]byte("answer "), 6000)
	tr := converse(t, client, server, 2, func(write func([]byte)) { write(answer) }, len(answer))
	for i := range 2 {
		tr.client = append(tr.client, request(i)...)
	}
	tr.server = bytes.Repeat(answer, 2)
	return tr
}

func request(i int) []byte { return fmt.Appendf(nil, "GET /%d        \r\n\r\n", i) }

// converse has requests answered one after the other, with size bytes each.
func converse(t testing.TB, client, server *tls.Config, requests int, answer func(write func([]byte)), size int) *transcript {
	t.Helper()
	// A real socket: over a pipe both ends would wait for each other.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tr := &transcript{}
	server.KeyLogWriter = &tr.keys
	client.InsecureSkipVerify, client.ServerName = true, "a.example"
	done := make(chan error, 1)
	go func() {
		s, err := l.Accept()
		if err != nil {
			done <- err
			return
		}
		c := tls.Server(&tap{s, tr, false}, server)
		for i := range requests {
			if _, err := io.ReadFull(c, make([]byte, len(request(i)))); err != nil {
				done <- err
				return
			}
			answer(func(b []byte) { c.Write(b) })
		}
		c.Close()
		done <- nil
	}()
	s, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := tls.Client(&tap{s, tr, true}, client)
	for i := range requests {
		c.Write(request(i))
		if _, err := io.CopyN(io.Discard, c, int64(size)); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return tr
}

// A gatherer is a Sink that keeps everything.
type gatherer struct {
	data     [2]bytes.Buffer
	gaps     [2]int64
	notified [2]int
	records  int
}

func index(client bool) int {
	if client {
		return fromClient
	}
	return fromServer
}

func (g *gatherer) Data(client bool, b []byte, _ Mark) { g.data[index(client)].Write(b) }
func (g *gatherer) Gap(client bool, n int64, _ Mark)   { g.gaps[index(client)] += n }
func (g *gatherer) Notify(client bool, _ Mark)         { g.notified[index(client)]++ }
func (g *gatherer) Record(Record)                      { g.records++ }
func mark(i int) Mark                                  { return Mark{Packet: int64(i + 1), Time: segment.Time(i)} }

// read reads a transcript in pieces of at most size bytes.
func (tr *transcript) read(t testing.TB, keys *Keys, size int) (*gatherer, Info) {
	t.Helper()
	g := &gatherer{}
	c := new(Conn)
	c.Reset(keys, g)
	n := 0
	for _, w := range tr.list {
		for b := w.b; len(b) > 0; n++ {
			k := min(size, len(b))
			c.Bytes(w.client, b[:k], mark(n))
			b = b[k:]
		}
	}
	c.Close(true, mark(n))
	c.Close(false, mark(n))
	return g, *c.Info()
}

func (tr *transcript) log(t testing.TB) *Keys {
	t.Helper()
	k := NewKeys()
	if err := k.Add(strings.NewReader(tr.keys.String())); err != nil {
		t.Fatal(err)
	}
	return k
}

// configs are the versions and suites that Go can speak.
func configs(t testing.TB) map[string][2]*tls.Config {
	ec, rs := certificate(t, false), certificate(t, true)
	list := map[string][2]*tls.Config{}
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		for _, v := range s.SupportedVersions {
			if v == tls.VersionTLS12 && !strings.Contains(s.Name, "RC4") {
				cert := rs
				if strings.Contains(s.Name, "ECDSA") {
					cert = ec
				}
				one := []uint16{s.ID}
				list[s.Name] = [2]*tls.Config{{MaxVersion: v, CipherSuites: one}, {Certificates: []tls.Certificate{cert}, MaxVersion: v, CipherSuites: one}}
			}
		}
	}
	list["TLS 1.3"] = [2]*tls.Config{{NextProtos: []string{"h2", "http/1.1"}}, {Certificates: []tls.Certificate{ec}, NextProtos: []string{"http/1.1"}}}
	list["TLS 1.3, HelloRetryRequest"] = [2]*tls.Config{{CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP384}},
		{Certificates: []tls.Certificate{ec}, CurvePreferences: []tls.CurveID{tls.CurveP384}}}
	return list
}

func TestDecryptsWhatGoSpeaks(t *testing.T) {
	for name, both := range configs(t) {
		t.Run(name, func(t *testing.T) {
			tr := exchange(t, both[0], both[1])
			keys := tr.log(t)
			for _, size := range []int{1, 7, 1000, 1460, 1 << 20} {
				g, info := tr.read(t, keys, size)
				if g.data[fromClient].String() != string(tr.client) || !bytes.Equal(g.data[fromServer].Bytes(), tr.server) {
					t.Fatalf("pieces of %d: %d and %d bytes, want %d and %d", size, g.data[fromClient].Len(), g.data[fromServer].Len(), len(tr.client), len(tr.server))
				}
				if g.notified[fromClient] != 1 || g.gaps != [2]int64{} || g.records != 0 {
					t.Errorf("pieces of %d: %+v", size, g.notified)
				}
				if info.ServerName != "a.example" || !info.Decrypted || info.Resumed {
					t.Errorf("%+v", info)
				}
			}
			g, info := tr.read(t, nil, 1460)
			if g.data[fromServer].Len() > 0 || g.records == 0 || info.Decrypted {
				t.Errorf("without keys: %d bytes, %d records", g.data[fromServer].Len(), g.records)
			}
		})
	}
}

func TestALPN(t *testing.T) {
	both := configs(t)["TLS 1.3"]
	tr := exchange(t, both[0], both[1])
	if _, info := tr.read(t, tr.log(t), 1460); info.ALPN != "http/1.1" || info.Offers != "h2" || !info.OffersH2 {
		t.Errorf("%+v", info)
	}
	if _, info := tr.read(t, nil, 1460); info.ALPN != "" || info.Offers != "h2" || info.VersionName() != "1.3" {
		t.Errorf("without keys: %+v", info)
	}
}

func TestResumption(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}, MaxVersion: version}
		client := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(4), MaxVersion: version}
		for _, resumed := range []bool{false, true} {
			tr := exchange(t, client, server)
			g, info := tr.read(t, tr.log(t), 1460)
			if info.Resumed != resumed {
				t.Errorf("version %x: resumed %v, want %v", version, info.Resumed, resumed)
			}
			if resumed && version == tls.VersionTLS12 {
				continue // Go logs no secret for it
			}
			if !bytes.Equal(g.data[fromServer].Bytes(), tr.server) {
				t.Errorf("version %x: %d bytes", version, g.data[fromServer].Len())
			}
		}
	}
}

// A gap costs the records it touches.
func TestGap(t *testing.T) {
	for _, name := range []string{"TLS 1.3", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"} {
		both := configs(t)[name]
		tr := exchange(t, both[0], both[1])
		keys := tr.log(t)
		var total int
		for _, w := range tr.list {
			if !w.client {
				total += len(w.b)
			}
		}
		for at := 8000; at < total-4000; at += 777 {
			g := &gatherer{}
			c := new(Conn)
			c.Reset(keys, g)
			pos, n := 0, 0
			for _, w := range tr.list {
				for b := w.b; len(b) > 0; n++ {
					k := min(1000, len(b))
					if !w.client && pos >= at && pos < at+2000 {
						c.Gap(false, int64(k), mark(n))
					} else {
						c.Bytes(w.client, b[:k], mark(n))
					}
					if !w.client {
						pos += k
					}
					b = b[k:]
				}
			}
			if got := g.data[fromServer].Len(); got < len(tr.server)-3*(1<<14) {
				t.Errorf("%s: a gap at %d leaves %d of %d bytes", name, at, got, len(tr.server))
			}
			if g.data[fromClient].String() != string(tr.client) {
				t.Errorf("%s: the other direction suffered", name)
			}
		}
	}
}

func TestKeysThatComeLate(t *testing.T) {
	both := configs(t)["TLS 1.3"]
	tr := exchange(t, both[0], both[1])
	keys := NewKeys()
	g := &gatherer{}
	c := new(Conn)
	c.Reset(keys, g)
	for i, w := range tr.list {
		if i == len(tr.list)*2/3 {
			if err := keys.Add(strings.NewReader(tr.keys.String())); err != nil {
				t.Fatal(err)
			}
		}
		c.Bytes(w.client, w.b, mark(i))
	}
	if g.data[fromServer].Len() == 0 || g.records == 0 || !c.Info().Decrypted {
		t.Errorf("%d bytes, %d records", g.data[fromServer].Len(), g.records)
	}
}

func TestKeyLogErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"# comment\n\n":           "",
		"RSA 0011223344556677 00": "",
		"SOMETHING " + strings.Repeat("00", 32) + " 00": "",
		"# one\nGET / HTTP/1.1":                         "line 2: not a key log",
		"CLIENT_RANDOM xx yy":                           "line 1: not a key log",
		strings.Repeat("a", 5000):                       "line 1: ",
	} {
		err := NewKeys().Add(strings.NewReader(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
}

func TestDetect(t *testing.T) {
	both := configs(t)["TLS 1.3"]
	tr := exchange(t, both[0], both[1])
	for _, w := range tr.list[:2] {
		if is, client := Detect(w.b); is != Yes || client != w.client {
			t.Errorf("Detect = %v, %v", is, client)
		}
		for i := range headerLen + 1 {
			if is, _ := Detect(w.b[:i]); is != More {
				t.Errorf("Detect of %d bytes = %v, want More", i, is)
			}
		}
	}
	if is, _ := Detect([]byte("GET / HTTP/1.1\r\n")); is != No {
		t.Error(is)
	}
}

// Of a name that no host has only so much is kept.
func TestLongServerNameIsCut(t *testing.T) {
	long := strings.Repeat("a.", 200) + "example"
	client, server := net.Pipe()
	go tls.Client(client, &tls.Config{ServerName: long}).Handshake() // until the pipe is closed
	hello := make([]byte, 4096)
	n, err := server.Read(hello)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	c := new(Conn)
	c.Reset(nil, &gatherer{})
	c.Bytes(true, hello[:n], mark(0))
	if c.Info().ServerName != long[:maxName] {
		t.Errorf("%d bytes of a name of %d: %q", len(c.Info().ServerName), len(long), c.Info().ServerName)
	}
}

// A hello that the snap length cuts is read as far as it goes.
func TestHelloCutShort(t *testing.T) {
	both := configs(t)["TLS 1.3"]
	tr := exchange(t, both[0], both[1])
	c := new(Conn)
	c.Reset(nil, &gatherer{})
	hello := tr.list[0].b
	i := bytes.Index(hello, []byte("a.example")) + len("a.example")
	c.Bytes(true, hello[:i], mark(0))
	c.Gap(true, int64(len(hello)-i), mark(0))
	if c.Info().ServerName != "a.example" {
		t.Errorf("%+v", c.Info())
	}
}

func TestNoAllocationPerRecord(t *testing.T) {
	for _, name := range []string{"TLS 1.3", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"} {
		both := configs(t)[name]
		tr := exchange(t, both[0], both[1])
		c := new(Conn)
		c.Reset(tr.log(t), discard{})
		last := len(tr.list)
		for i, w := range tr.list {
			if w.client && i > 4 { // the second request
				last = i
			}
		}
		for i, w := range tr.list[:last] {
			c.Bytes(w.client, w.b, mark(i))
		}
		h := &c.half[fromServer]
		var record []byte
		for _, w := range tr.list[:last] {
			if !w.client {
				record = w.b
			}
		}
		record = record[:recordLen(record)]
		h.open.seq--
		seq := h.open.seq
		allocs := testing.AllocsPerRun(100, func() { h.open.seq = seq; c.Bytes(false, record, mark(9)) })
		if allocs > 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

type discard struct{}

func (discard) Data(bool, []byte, Mark) {}
func (discard) Gap(bool, int64, Mark)   {}
func (discard) Notify(bool, Mark)       {}
func (discard) Record(Record)           {}

func FuzzConn(f *testing.F) {
	for name, both := range configs(f) {
		if strings.Contains(name, "1.3") || strings.Contains(name, "CBC_SHA") {
			tr := exchange(f, both[0], both[1])
			var b []byte
			for _, w := range tr.list[:min(6, len(tr.list))] {
				b = append(b, w.b...)
			}
			f.Add(b[:min(len(b), 4000)], tr.keys.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, b, log []byte) {
		keys := NewKeys()
		keys.Add(bytes.NewReader(log))
		g := &gatherer{}
		c := new(Conn)
		c.Reset(keys, g)
		for i := 0; len(b) > 0; i++ {
			n := min(int(b[0])+1, len(b))
			switch {
			case i%7 == 5:
				c.Gap(i%2 == 0, int64(n), mark(i))
			default:
				c.Bytes(i%2 == 0, b[:n], mark(i))
			}
			b = b[n:]
		}
		for i := range c.half {
			if len(c.half[i].buf) > headerLen+maxFragment+300 || len(c.half[i].msg) > maxMessage+messageHeader {
				t.Error("kept too much")
			}
		}
		c.Close(true, mark(0))
		c.Close(false, mark(0))
	})
}

// FuzzKeys: a key log may hold anything. What it takes must be a secret as the
// log says it.
func FuzzKeys(f *testing.F) {
	both := configs(f)["TLS 1.3"]
	f.Add(exchange(f, both[0], both[1]).keys.Bytes())
	f.Add([]byte("CLIENT_RANDOM " + strings.Repeat("00", 32) + " " + strings.Repeat("ff", 48) + "\r\n# c\nRSA 00 11\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		k := NewKeys()
		err := k.Add(bytes.NewReader(log))
		if err != nil && !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("no line in %q", err)
		}
		for r := range k.by {
			if s, version := k.On().of(r); s == nil || version == 0 || !bytes.Contains(bytes.ToLower(log), fmt.Appendf(nil, "%x", r[:])) {
				t.Errorf("%x is not in the log", r)
			}
		}
	})
}

// FuzzHello: the hellos of both sides are anything, and may be cut off.
func FuzzHello(f *testing.F) {
	both := configs(f)["TLS 1.3"]
	for _, w := range exchange(f, both[0], both[1]).list[:2] {
		f.Add(w.b[headerLen+messageHeader:recordLen(w.b)], w.client)
	}
	f.Fuzz(func(t *testing.T, b []byte, client bool) {
		for _, whole := range []bool{true, false} {
			c := new(Conn)
			c.Reset(NewKeys(), discard{})
			c.message(&c.half[index(client)], map[bool]uint8{true: clientHello, false: serverHello}[client], b, whole)
			if info := c.Info(); client && info.Version != 0 || !bytes.Contains(b, []byte(info.ServerName)) || !bytes.Contains(b, []byte(info.ALPN)) {
				t.Errorf("%+v", info)
			}
		}
	})
}

// What is kept of a hello is counted.
func TestMemoryCountsTheHello(t *testing.T) {
	memory := func(session int) int {
		body := append([]byte{3, 3}, make([]byte, 32)...)
		body = append(append(body, byte(session)), make([]byte, session)...)
		body = append(body, 0, 2, 0xc0, 0x2f, 1, 0)
		hello := append([]byte{clientHello, 0, 0, byte(len(body))}, body...)
		c := new(Conn)
		c.Reset(nil, discard{})
		c.Bytes(true, append([]byte{recordHandshake, 3, 1, 0, byte(len(hello))}, hello...), mark(0))
		return c.Memory()
	}
	if without, with := memory(0), memory(32); with < without+32 {
		t.Errorf("%d bytes without a session ID, %d with one of 32", without, with)
	}
}
