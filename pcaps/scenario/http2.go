package scenario

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An h2conn is a connection of HTTP/2, its frames written by hand: GOAWAY, PING and limits
// come when a scenario wants them. Bodies are far smaller than the windows of RFC 9113
// section 6.9.2, so flow control needs no care.
type h2conn struct {
	s *Server
	t *traced
	c net.Conn

	first      bool   // the first of its server that had a request
	streams    int    // requests that came
	lastServed uint32 // stream of the last one that is answered, for GOAWAY

	mu      sync.Mutex // of what follows
	framer  *http2.Framer
	head    bytes.Buffer
	encoder *hpack.Encoder
	open    int // streams
	served  int // streams that were answered
	acked   int // PINGs
	sent    int
	gone    bool
}

// serveHTTP2 answers the requests of one connection.
func (s *Server) serveHTTP2(t *traced, c net.Conn) {
	defer t.Close()
	in := bufio.NewReader(c)
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(in, preface); err != nil {
		return
	}
	if string(preface) != http2.ClientPreface {
		s.ledger.add(t.seen, &Request{URL: -1, Protocol: "HTTP/1.1"})
		return
	}
	h := &h2conn{s: s, t: t, c: c, framer: http2.NewFramer(c, in)}
	h.encoder = hpack.NewEncoder(&h.head)
	h.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	var settings []http2.Setting
	if n := s.Scenario.serve.streams; n > 0 {
		settings = append(settings, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: n})
	}
	h.write(func(f *http2.Framer) error { return f.WriteSettings(settings...) })
	for {
		frame, err := h.framer.ReadFrame()
		if err != nil {
			h.mu.Lock()
			h.gone = true
			h.mu.Unlock()
			return
		}
		h.take(frame)
	}
}

// take does what a frame asks for.
func (h *h2conn) take(frame http2.Frame) {
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			h.write(func(w *http2.Framer) error { return w.WriteSettingsAck() })
		}
	case *http2.PingFrame:
		if f.IsAck() {
			h.mu.Lock()
			h.acked++
			h.mu.Unlock()
			return
		}
		data := f.Data
		h.write(func(w *http2.Framer) error { return w.WritePing(true, data) })
	case *http2.MetaHeadersFrame:
		h.request(f)
	}
}

// request answers a request when its head has come: the scenarios ask for no bodies.
func (h *h2conn) request(f *http2.MetaHeadersFrame) {
	id := f.StreamID
	h.mu.Lock()
	h.open++
	beyond := h.s.Scenario.serve.streams > 0 && h.open > int(h.s.Scenario.serve.streams)
	h.mu.Unlock()
	r := h.s.ledger.add(h.t.seen, &Request{URL: h.s.url(f.PseudoValue("path")), Method: f.PseudoValue("method"),
		Path: f.PseudoValue("path"), Protocol: "HTTP/2.0"})
	if h.streams++; h.streams == 1 {
		h.first = h.s.ledger.isFirst(r)
	}
	if beyond { // RFC 9113 section 5.1.2: it may be asked again
		h.s.ledger.do(func() { r.Again = Refused })
		h.write(func(w *http2.Framer) error { return w.WriteRSTStream(id, http2.ErrCodeRefusedStream) })
		h.closed()
		return
	}
	if stream := h.s.Scenario.serve.stream; stream != nil && stream(h, id, r) {
		return
	}
	h.s.running.Go(func() {
		if !h.s.Scenario.serve.gather || h.s.gather(r.URL) {
			h.respond(id, r)
		}
	})
}

// closed notes that a stream is closed.
func (h *h2conn) closed() {
	h.mu.Lock()
	h.open--
	h.mu.Unlock()
}

// answered is how many streams were answered.
func (h *h2conn) answered() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.served
}

// respond answers the request of a stream.
func (h *h2conn) respond(id uint32, r *Request) {
	h.s.ledger.do(func() { r.Begun, r.Status = time.Now(), http.StatusOK })
	h.closed()
	err := h.write(func(w *http2.Framer) error {
		h.head.Reset()
		for _, f := range []hpack.HeaderField{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "application/json"},
			{Name: "content-length", Value: strconv.Itoa(len(smallBody))}} {
			h.encoder.WriteField(f)
		}
		err := w.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: h.head.Bytes(), EndHeaders: true})
		if err != nil {
			return err
		}
		return w.WriteData(id, true, []byte(smallBody))
	})
	h.mu.Lock()
	h.served++
	h.mu.Unlock()
	h.s.ledger.do(func() { r.Done = err == nil })
}

// pingTime is how long a PING may stay without an acknowledgement of a client at rest.
const pingTime = 400 * time.Millisecond

// ping sends a PING, and notes it if it is not acknowledged in time on a connection that
// stays open.
func (h *h2conn) ping() {
	h.mu.Lock()
	h.sent++
	n := h.sent
	h.mu.Unlock()
	h.s.ledger.do(func() { h.s.ledger.pinging++ })
	h.write(func(w *http2.Framer) error { return w.WritePing(false, [8]byte{byte(n)}) })
	h.s.running.Go(func() {
		lost := h.isLost(n)
		h.s.ledger.do(func() {
			h.s.ledger.pinging--
			if lost {
				h.s.ledger.seen.Pings++
			}
		})
	})
}

// isLost waits until the nth PING is acknowledged, and reports whether that did not come about in time.
func (h *h2conn) isLost(n int) bool {
	for began := time.Now(); ; {
		h.mu.Lock()
		decided := h.acked >= n || h.gone
		h.mu.Unlock()
		rested, _ := h.s.rested()
		switch {
		case decided:
			return false
		case min(time.Since(began), rested) >= pingTime:
			return true
		case !h.s.sleep(asking):
			return false
		}
	}
}

// write writes frames in one piece.
func (h *h2conn) write(frames func(*http2.Framer) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.c.SetWriteDeadline(time.Now().Add(writeTime))
	return frames(h.framer)
}

// end ends the connection by FIN. What still comes is read on.
func (h *h2conn) end() {
	h.t.CloseWrite()
	h.t.SetReadDeadline(time.Now().Add(lingering))
}
