package conn

import (
	"testing"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// Wherever in the sequence space segments lie, all that is kept of a half lies within the
// largest window, before and after each segment: so all its numbers can be compared.
func FuzzWithinWindow(f *testing.F) {
	f.Add([]byte{0, 2, 0, 5, 4, 18, 0, 20, 0, 16, 0, 10, 0, 24, 64, 20, 4, 24, 65, 20, 0, 17, 0, 9, 4, 17, 0, 9, 0, 16, 0, 9})
	f.Add([]byte("\x00\x02\x00\x05\x18\x10\x40\x84\x7f\xff\xff\xf0\x08\x10\x56\x84\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		conns := map[segment.Key]*fed{}
		for _, s := range script.Arbitrary(b) {
			c := conns[s.Key]
			if c == nil || c.SupersededBy(&s) {
				c = newFed()
				conns[s.Key] = c
			}
			c.segment(&s)
			for i := range c.half {
				checkWithinWindow(t, s.Packet, &c.half[i])
			}
		}
	})
}

func checkWithinWindow(t *testing.T, packet int64, h *Half) {
	within := func(what string, n int) {
		if h.Started && (n < 0 || n > tcp.MaxWindow) {
			t.Fatalf("packet %d: %s lies %d behind what was sent", packet, what, n)
		}
	}
	within("what is acknowledged", h.Nxt.Sub(h.Una))
	if h.stream.Started() {
		within("the stream", h.Nxt.Sub(h.stream.Next()))
	}
	if v := h.View; v != nil && v.Started() {
		within("what the sender sent", h.Nxt.Sub(v.Next()))
		within("what the sender had acknowledged", h.Nxt.Sub(v.Acknowledged()))
		e := v.Estimate()
		within("in flight, what", e.Pipe)
		if e.Low > e.Best || e.Best > e.High {
			t.Fatalf("packet %d: window %+v", packet, e)
		}
	}
	if h.stream.Missing < 0 || h.ResentBytes < 0 || h.Unseen < 0 {
		t.Fatalf("packet %d: %d missing, %d resent, %d unseen", packet, h.stream.Missing, h.ResentBytes, h.Unseen)
	}
}
