package tls

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"strings"
	"testing"
)

// wire returns the bytes of one side, and where each record ends.
func (tr *transcript) wire(client bool) (b []byte, ends []int) {
	for _, w := range tr.list {
		if w.client == client {
			b = append(b, w.b...)
		}
	}
	for at := 0; at+headerLen <= len(b); {
		at += recordLen(b[at:])
		ends = append(ends, at)
	}
	return b, ends
}

// A gap of many thousand records is passed over, whatever their sizes.
func TestLongGap(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for _, x := range []struct {
		name  string
		small bool
	}{
		{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", true},
		{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", false},
		{"TLS 1.3", true},
		{"TLS 1.3", false},
	} {
		both := configs(t)[x.name]
		both[1].DynamicRecordSizingDisabled = !x.small
		size, times := 40<<20, 1
		if x.small { // each write is a record
			size, times = 1200, 3000
		}
		tr := stream(t, both[0], both[1], size, times)
		b, ends := tr.wire(false)
		from := ends[len(ends)/20] + 100
		to := ends[len(ends)-len(ends)/20] - 50
		g := &gatherer{}
		c := new(Conn)
		c.Reset(tr.log(t), g)
		sent, n := 0, 0
		for _, w := range tr.list {
			for p := w.b; len(p) > 0; n++ {
				k := min(1460, len(p))
				switch {
				case w.client:
					c.Bytes(true, p[:k], mark(n))
				case sent < from || sent >= to:
					if sent < from {
						k = min(k, from-sent)
					}
					c.Bytes(false, p[:k], mark(n))
				default:
					k = min(k, to-sent)
					if sent == from {
						c.Gap(false, int64(to-from), mark(n))
					}
				}
				if !w.client {
					sent += k
				}
				p = p[k:]
			}
		}
		least := (len(b) - (to - from)) * 9 / 10
		if got := g.data[fromServer].Len(); got < least-2*maxFragment {
			t.Errorf("%s, small records %v: a gap of %d in %d bytes leaves %d, want about %d", x.name, x.small, to-from, len(b), got, least)
		}
	}
}

// Without the ServerHello, TLS 1.3 opens all the same, and shows what it is.
func TestServerHelloMissing(t *testing.T) {
	for _, retried := range []bool{false, true} {
		name := "TLS 1.3"
		if retried {
			name = "TLS 1.3, HelloRetryRequest"
		}
		both := configs(t)[name]
		tr := exchange(t, both[0], both[1])
		_, ends := tr.wire(false)
		last := ends[0] // of the ServerHello
		if retried {
			last = ends[2] // HelloRetryRequest, ChangeCipherSpec, ServerHello
		}
		g := &gatherer{}
		c := new(Conn)
		c.Reset(tr.log(t), g)
		sent := 0
		for i, w := range tr.list {
			b := w.b
			if !w.client && sent < last {
				k := min(len(b), last-sent)
				c.Gap(false, int64(k), mark(i))
				sent += k
				b = b[k:]
			}
			if len(b) > 0 {
				c.Bytes(w.client, b, mark(i))
			}
		}
		if g.data[fromClient].String() != string(tr.client) || !bytes.Equal(g.data[fromServer].Bytes(), tr.server) {
			t.Errorf("%s: %d and %d bytes, want %d and %d", name, g.data[fromClient].Len(), g.data[fromServer].Len(), len(tr.client), len(tr.server))
		}
		if info := c.Info(); info.VersionName() != "1.3" || info.Suite>>8 != 0x13 || info.Hellos {
			t.Errorf("%s: %+v", name, info)
		}
	}
}

// A ServerHello cut anywhere gives the right version or none, and does not claim
// that nothing was resumed.
func TestServerHelloCutShort(t *testing.T) {
	for _, name := range []string{"TLS 1.3", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"} {
		both := configs(t)[name]
		tr := exchange(t, both[0], both[1])
		b, ends := tr.wire(false)
		_, whole := tr.read(t, nil, 1460)
		if !whole.Hellos {
			t.Errorf("%s: %+v", name, whole)
		}
		known := false
		for cut := headerLen; cut < ends[0]; cut++ {
			c := new(Conn)
			c.Reset(nil, discard{})
			c.Bytes(true, tr.list[0].b, mark(0))
			c.Bytes(false, b[:cut], mark(1))
			c.Gap(false, int64(ends[0]-cut), mark(1))
			info := c.Info()
			if info.Version != 0 && info.Version != whole.Version || info.Suite != 0 && info.Suite != whole.Suite {
				t.Fatalf("%s cut at %d of %d: %+v, want %+v", name, cut, ends[0], info, whole)
			}
			if whole.Version == Version13 && info.Hellos {
				t.Errorf("%s cut at %d: says it is whole", name, cut)
			}
			known = known || info.Version != 0
		}
		if !known {
			t.Errorf("%s: no part of the hello shows the version", name)
		}
	}
}

// Records that do not open are not tried for ever, but again once the log has more
// for them.
func TestWrongKeys(t *testing.T) {
	both := configs(t)["TLS 1.3"]
	tr := stream(t, both[0], both[1], 100, 500)
	wrong := NewKeys()
	for _, line := range strings.Split(strings.TrimSpace(tr.keys.String()), "\n") {
		f := strings.Fields(line)
		if err := wrong.Add(strings.NewReader(f[0] + " " + f[1] + " " + strings.Repeat("ab", len(f[2])/2))); err != nil {
			t.Fatal(err)
		}
	}
	g := &gatherer{}
	c := new(Conn)
	c.Reset(wrong, g)
	half := len(tr.list) / 2
	for i, w := range tr.list[:half] {
		c.Bytes(w.client, w.b, mark(i))
	}
	if h := &c.half[fromServer]; h.vain == nil || g.data[fromServer].Len() > 0 {
		t.Errorf("still trying after %d records", g.records)
	}
	wrong.Add(strings.NewReader("CLIENT_RANDOM " + strings.Repeat("00", 32) + " 00"))
	c.Bytes(false, tr.list[half].b, mark(half))
	if h := &c.half[fromServer]; h.vain == nil {
		t.Error("tries again for what concerns another connection")
	}
	wrong.Add(strings.NewReader(tr.keys.String()))
	for i, w := range tr.list[half+1:] {
		c.Bytes(w.client, w.b, mark(half+1+i))
	}
	if g.data[fromServer].Len() == 0 {
		t.Error("the right keys came and were not used")
	}
}

// stream has one request answered by times writes of size bytes.
func stream(t testing.TB, client, server *tls.Config, size, times int) *transcript {
	t.Helper()
	answer := bytes.Repeat([]byte("x"), size)
	return converse(t, client, server, 1, func(w func([]byte)) {
		for range times {
			w(answer)
		}
	}, size*times)
}

// A ClientHello cut anywhere gives the right name or none.
func TestClientHelloCutShort(t *testing.T) {
	both := configs(t)["TLS 1.3"]
	hello := exchange(t, both[0], both[1]).list[0].b
	named := false
	for cut := headerLen; cut < len(hello); cut++ {
		c := new(Conn)
		c.Reset(nil, discard{})
		c.Bytes(true, hello[:cut], mark(0))
		c.Gap(true, int64(len(hello)-cut), mark(0))
		info := c.Info()
		if info.ServerName != "" && info.ServerName != "a.example" || info.Offers != "" && info.Offers != "h2" || named && info.ServerName == "" {
			t.Fatalf("cut at %d of %d: %+v", cut, len(hello), info)
		}
		named = named || info.ServerName != ""
	}
}

// Many small records are missing and only large ones follow: the number of records
// lies far from what the bytes suggest.
func TestGapOfSmallRecords(t *testing.T) {
	for _, name := range []string{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS 1.3"} {
		both := configs(t)[name]
		both[1].DynamicRecordSizingDisabled = true
		small, large := 3000, 20
		if name != "TLS 1.3" {
			small = 20_000 // nonces tell
		}
		tr := converse(t, both[0], both[1], 1, func(write func([]byte)) {
			for range small {
				write(make([]byte, 50))
			}
			for range large {
				write(make([]byte, 16<<10))
			}
		}, small*50+large<<14)
		b, ends := tr.wire(false)
		last := len(ends) - 1
		for recordLen(b[ends[last-1]:]) < 16<<10 { // close_notify
			last--
		}
		to := ends[last-large]
		from := ends[last-large-small+10]
		g := &gatherer{}
		c := new(Conn)
		c.Reset(tr.log(t), g)
		sent := 0
		for i, w := range tr.list {
			switch {
			case w.client:
				c.Bytes(true, w.b, mark(i))
				continue
			case sent+len(w.b) <= from || sent >= to:
				c.Bytes(false, w.b, mark(i))
			case sent == from:
				c.Gap(false, int64(to-from), mark(i))
			}
			sent += len(w.b)
		}
		if got := g.data[fromServer].Len(); got < large<<14 {
			t.Errorf("%s: %d bytes, want %d", name, got, large<<14)
		}
	}
}

// What follows the part of a message that is missing is not taken for a message.
func TestTornHandshake(t *testing.T) {
	both := configs(t)["TLS 1.3"]
	tr := exchange(t, both[0], both[1])
	c := new(Conn)
	c.Reset(nil, discard{})
	c.Bytes(true, tr.list[0].b, mark(0))
	hello := func(version byte) []byte {
		b := append([]byte{serverHello, 0, 0, 2 + 32 + 1 + 3}, 3, version)
		return append(append(b, make([]byte, 32)...), 0, 0xc0, 0x2f, 0)
	}
	record := func(b []byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{recordHandshake, 3, 3}, uint16(len(b))), b...)
	}
	const certificate = 11
	first := record(append(hello(3), append([]byte{certificate, 0, 2, 0}, make([]byte, 300)...)...))
	c.Bytes(false, first[:100], mark(1))
	c.Gap(false, int64(len(first)-100), mark(1))
	c.Bytes(false, record(hello(2)), mark(2)) // within the certificate
	if v := c.Info().VersionName(); v != "1.2" {
		t.Errorf("version %q, want 1.2", v)
	}
}

// A gap whose end is never found costs a bounded number of tries.
func TestGapThatNeverEnds(t *testing.T) {
	both := configs(t)["TLS 1.3"]
	both[1].DynamicRecordSizingDisabled = true
	tr := stream(t, both[0], both[1], 1<<20, 1)
	c := new(Conn)
	c.Reset(tr.log(t), discard{})
	b, ends := tr.wire(false)
	n := len(ends) / 2
	h := &c.half[fromServer]
	for i := 0; h.stage != stageTraffic; i++ {
		c.Bytes(tr.list[i].client, tr.list[i].b, mark(i))
	}
	c.Gap(false, 1<<50, mark(9))
	tried := 0
	for ; tried < maxFailed-1 && h.vain == nil; tried++ {
		c.Bytes(false, b[ends[n-1]:ends[n]], mark(10+tried))
	}
	if h.vain == nil || tried < 2 {
		t.Errorf("after %d records: %+v", tried, h.missing)
	}
}
