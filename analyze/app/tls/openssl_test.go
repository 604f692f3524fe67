package tls

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A relay stands between a client and a server and writes a transcript of each
// connection.
type relay struct {
	net.Listener
	mu   sync.Mutex
	list []*transcript
	open sync.WaitGroup
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", server)
			if err != nil {
				c.Close()
				return
			}
			tr := &transcript{}
			r.mu.Lock()
			r.list = append(r.list, tr)
			r.mu.Unlock()
			r.open.Add(2)
			go r.pass(&tap{s, tr, true}, c)
			go r.pass(&tap{c, tr, false}, s)
		}
	}()
	return r
}

func (r *relay) pass(to *tap, from net.Conn) {
	defer r.open.Done()
	io.Copy(struct{ io.Writer }{to}, from)
	to.Conn.(*net.TCPConn).CloseWrite()
}

// An opensslServer is OpenSSL's. With -rev it answers each line with the line
// reversed, else with nothing.
type opensslServer struct {
	addr, log string
	answers   bool
}

func newOpensslServer(t *testing.T, arg ...string) *opensslServer {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not here")
	}
	dir := t.TempDir()
	cert := certificate(t, true)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	pemFile := filepath.Join(dir, "server.pem")
	if err := os.WriteFile(pemFile, both, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &opensslServer{l.Addr().String(), filepath.Join(dir, "keys"), slices.Contains(arg, "-rev")}
	l.Close()
	cmd := exec.Command("openssl", append([]string{"s_server", "-accept", s.addr, "-cert", pemFile, "-keylogfile", s.log, "-quiet"}, arg...)...)
	in, err := cmd.StdinPipe() // it would end with its input
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 100 {
		if c, err := net.Dial("tcp", s.addr); err == nil {
			c.Close()
			return s
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Skip("openssl s_server does not take these options")
	return nil
}

// client has OpenSSL's client send lines, each after the one before was answered.
// Those of one letter are its commands.
func (s *opensslServer) client(t *testing.T, lines []string, arg ...string) []*transcript {
	t.Helper()
	r := newRelay(t, s.addr)
	cmd := exec.Command("openssl", append([]string{"s_client", "-connect", r.Addr().String(), "-servername", "a.example"}, arg...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out screen
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.wait("Verify return code")
	for _, l := range lines {
		io.WriteString(in, l+"\n")
		if len(l) == 1 || !s.answers {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if !out.wait("\n" + reversed(l) + "\n") { // a line of its own: what it prints of keys may hold any three letters
			t.Errorf("no answer to %.20q", l)
		}
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out.b.String())
	}
	r.open.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range r.list {
		tr.keys.Write(log)
	}
	return r.list
}

// A screen is what a command has written.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

// wait waits until text is there.
func (s *screen) wait(text string) bool {
	for range 250 {
		s.mu.Lock()
		there := strings.Contains(s.b.String(), text)
		s.mu.Unlock()
		if there {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

func reversed(s string) string {
	b := []byte(s)
	for i := range len(b) / 2 {
		b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
	}
	return string(b)
}

// want checks that what was read is lines and their answers.
func (s *opensslServer) want(t *testing.T, tr *transcript, size int, lines []string) Info {
	t.Helper()
	var client, server strings.Builder
	for _, l := range lines {
		if len(l) > 1 {
			fmt.Fprintln(&client, l)
			if s.answers {
				fmt.Fprintln(&server, reversed(l))
			}
		}
	}
	g, info := tr.read(t, tr.log(t), size)
	if got := g.data[fromClient].String(); got != client.String() {
		t.Errorf("pieces of %d: the client sent %q, want %q", size, got, client.String())
	}
	if got := g.data[fromServer].String(); got != server.String() {
		t.Errorf("pieces of %d: the server sent %q, want %q", size, got, server.String())
	}
	if g.gaps != [2]int64{} || g.records != 0 {
		t.Errorf("pieces of %d: gaps %v, %d records not opened", size, g.gaps, g.records)
	}
	return info
}

// What OpenSSL speaks and Go does not: encrypt-then-MAC, updated keys, padding,
// small records, a second handshake within a connection.
func TestDecryptsWhatOpenSSLSpeaks(t *testing.T) {
	long := strings.Repeat("a long line ", 300)
	for _, x := range []struct {
		name           string
		server, client []string
		lines          []string
	}{
		{"AES-CBC, encrypt-then-MAC", []string{"-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"}, nil, []string{"one", long}},
		{"AES-CBC-SHA384, encrypt-then-MAC", []string{"-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384"}, nil, []string{"one", long}},
		{"DHE", []string{"-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"}, nil, []string{"one", "two"}},
		{"renegotiated", []string{"-tls1_2", "-client_renegotiation"}, nil, []string{"one", "R", "two"}},
		{"AES-256-GCM, 1.3", []string{"-ciphersuites", "TLS_AES_256_GCM_SHA384"}, nil, []string{"one", "K", "two", "k", "three", "K", "four"}},
		{"ChaCha20, 1.3", []string{"-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"}, nil, []string{"one", "K", "two"}},
		{"padded", []string{"-record_padding", "512"}, []string{"-max_send_frag", "512"}, []string{"one", long, "two"}},
		{"retried", []string{"-groups", "P-384"}, []string{"-groups", "X25519:P-384"}, []string{"one", "two"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := newOpensslServer(t, append(x.server, "-rev")...)
			for _, tr := range s.client(t, x.lines, x.client...) {
				for _, size := range []int{1, 100, 1 << 20} {
					s.want(t, tr, size, x.lines)
				}
			}
		})
	}
}

// A session taken up again. OpenSSL logs its secret each time.
func TestResumptionOfOpenSSL(t *testing.T) {
	for _, x := range []struct {
		name   string
		server []string
	}{
		{"1.2, ticket", []string{"-tls1_2"}},
		{"1.2, session ID", []string{"-tls1_2", "-no_ticket"}},
		{"1.2, ticket, CBC", []string{"-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"}},
		{"1.3", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := newOpensslServer(t, append(x.server, "-rev")...)
			session := filepath.Join(t.TempDir(), "session")
			first := s.client(t, []string{"one", "two"}, "-sess_out", session)
			second := s.client(t, []string{"three", "four"}, "-sess_in", session)
			for _, size := range []int{1, 1 << 20} {
				if info := s.want(t, first[0], size, []string{"one", "two"}); info.Resumed {
					t.Error("the first is taken for resumed")
				}
				if info := s.want(t, second[0], size, []string{"three", "four"}); !info.Resumed {
					t.Error("the second is not taken for resumed")
				}
			}
		})
	}
}

// Early data counts where the server takes it, and where it does not, only once.
func TestEarlyDataOfOpenSSL(t *testing.T) {
	dir := t.TempDir()
	early := filepath.Join(dir, "early")
	if err := os.WriteFile(early, []byte("early\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name   string
		server []string
		taken  bool
		want   []string
	}{
		{"taken", []string{"-early_data"}, true, []string{"early", "late"}},
		{"refused", []string{"-early_data", "-no_anti_replay", "-groups", "P-384"}, false, []string{"late"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := newOpensslServer(t, x.server...)
			session := filepath.Join(dir, x.name)
			groups := []string{"-groups", "P-384"}
			s.client(t, []string{"one"}, append(groups, "-sess_out", session)...)
			if !x.taken { // the server asks for another hello, and with that refuses
				groups[1] = "X25519:P-384"
			}
			tr := s.client(t, []string{"late"}, append(groups, "-sess_in", session, "-early_data", early)...)[0]
			for _, size := range []int{1, 1 << 20} {
				if info := s.want(t, tr, size, x.want); info.EarlyData != x.taken || !info.Resumed {
					t.Errorf("%+v", info)
				}
			}
			// What cannot be read once the handshake is over is no early data, taken or not.
			all := tr.keys.String()
			tr.without("CLIENT_TRAFFIC")
			if g, _ := tr.read(t, tr.log(t), 100); g.records == 0 {
				t.Error("without the client's traffic secret no record is left unread")
			}
			// Without its secret it is a gap if it was taken, and else nothing.
			tr.keys.Reset()
			tr.keys.WriteString(all)
			tr.without("EARLY")
			g, _ := tr.read(t, tr.log(t), 100)
			if got := g.data[fromClient].String(); got != "late\n" || g.gaps[fromClient] > 0 != x.taken {
				t.Errorf("without the early secret: %q, a gap of %d", got, g.gaps[fromClient])
			}
		})
	}
}

// without takes the secrets that a label names out of tr's key log.
func (tr *transcript) without(label string) {
	var log strings.Builder
	for line := range strings.Lines(tr.keys.String()) {
		if !strings.Contains(line, label) {
			log.WriteString(line)
		}
	}
	tr.keys.Reset()
	tr.keys.WriteString(log.String())
}
