package againsttshark

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/stream"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// What is decrypted is, byte for byte, what tshark decrypts.
func TestDecryptsAsTshark(t *testing.T) {
	needsWireshark(t)
	logs, _ := filepath.Glob("../../../../pcaps/*/*.keys")
	more, _ := filepath.Glob("../../../../../shared/truth/clients/*.keys")
	var compared atomic.Int64
	t.Run("all", func(t *testing.T) { eachDecrypted(t, append(logs, more...), &compared) })
	if compared.Load() == 0 {
		t.Error("nothing was decrypted")
	}
}

// eachDecrypted compares the capture of each log of keys, and adds to compared the bytes that were.
func eachDecrypted(t *testing.T, logs []string, compared *atomic.Int64) {
	for _, log := range logs {
		name := strings.TrimSuffix(log, ".keys") + ".pcap"
		if _, err := os.Stat(name); err != nil {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			ours := decrypted(t, name, log)
			theirs := follow(t, name, log, len(ours))
			for i, c := range ours {
				a, b := theirs[i][0], theirs[i][1]
				if bytes.Equal(c.data[0], b) { // its first side may be either
					a, b = b, a
				}
				if c.other || bytes.Equal(c.data[0], a) && bytes.Equal(c.data[1], b) {
					compared.Add(int64(len(a) + len(b)))
					continue
				}
				t.Errorf("connection %d: %d and %d bytes, tshark has %d and %d", i, len(c.data[0]), len(c.data[1]), len(a), len(b))
			}
		})
	}
}

// A plain is a connection and what was decrypted of it, the client's first. It is
// the tls.Sink for it.
type plain struct {
	tls  tls.Conn
	half [2]plainHalf // by segment.Dir
	isn  segment.Seq
	data [2][]byte

	begun, other bool // other: it does not begin with TLS, so tshark finds more within
}

// A plainHalf hands one direction's bytes on.
type plainHalf struct {
	stream.Stream
	of     *plain
	client bool
}

func (h *plainHalf) Bytes(b []byte, at segment.Mark) {
	if p := h.of; !p.begun {
		is, _ := tls.Detect(b)
		p.begun, p.other = true, is != tls.Yes
	}
	h.of.tls.Bytes(h.client, b, at)
}

func (h *plainHalf) Gap(n int64, at segment.Mark)    { h.of.tls.Gap(h.client, n, at) }
func (h *plainHalf) Again([]byte, int, segment.Mark) {}
func (h *plainHalf) Differs(_, _ segment.Mark)       {}
func (p *plain) Gap(bool, int64, segment.Mark)       {}
func (p *plain) Notify(bool, segment.Mark)           {}
func (p *plain) Record(tls.Record)                   {}
func (p *plain) Data(cl bool, b []byte, _ segment.Mark) {
	d := 1
	if cl {
		d = 0
	}
	p.data[d] = append(p.data[d], b...)
}

// decrypted returns the connections of a capture that begin in it, in order, as
// tshark numbers them.
func decrypted(t *testing.T, name, log string) []*plain {
	t.Helper()
	keys := tls.NewKeys()
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := keys.Add(f); err != nil {
		t.Fatal(err)
	}
	src, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var all []*plain
	latest := map[segment.Key]*plain{}
	var b segment.Batch
	for err == nil {
		err = src.Fill(&b)
		for i := range b.Segments {
			s := &b.Segments[i]
			p := latest[s.Key]
			syn := s.Flags.Has(segment.SYN) && !s.Flags.Has(segment.ACK)
			if p == nil || syn && p.isn != s.Seq {
				if !syn {
					t.Skip("begins midway")
				}
				p = &plain{isn: s.Seq}
				p.tls.Reset(keys, p)
				p.half = [2]plainHalf{{of: p, client: s.Dir == segment.AtoB}, {of: p, client: s.Dir == segment.BtoA}}
				latest[s.Key], all = p, append(all, p)
			}
			h := &p.half[s.Dir]
			seq := s.Seq
			if s.Flags.Has(segment.SYN) {
				seq = seq.Add(1)
				if !h.Started() {
					h.Start(seq)
				}
			}
			if s.Len > len(s.Payload) {
				t.Skip("cut by the snap length: tshark opens nothing")
			}
			if s.Len > 0 && h.Started() {
				h.Add(seq, s.Len, s.Payload, s.Mark(), h)
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	for _, p := range all {
		for d := range p.half {
			p.half[d].Flush(segment.Mark{}, &p.half[d])
			p.tls.Close(p.half[d].client, segment.Mark{})
		}
	}
	return all
}

// follow returns what tshark decrypts of the first n connections.
func follow(t *testing.T, name, log string, n int) [][2][]byte {
	t.Helper()
	list := make([][2][]byte, n)
	withWireshark(t, name, log, func(w *wireshark) {
		for i := range list {
			for _, p := range w.follow(i).Payloads {
				list[i][p.FromServer] = append(list[i][p.FromServer], p.Data...)
			}
		}
	})
	return list
}
