package http2

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// A parser that rests after each frame, and in the middle of them, reads what one does that never rests, whatever the
// sender does with HPACK's table.
func TestRestChangesNothing(t *testing.T) {
	rested := 0
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWire(true)
		w.enc.SetMaxDynamicTableSizeLimit(10_000)
		for k := range uint32(40) {
			if r.IntN(6) == 0 { // once or twice before a section
				for range 1 + r.IntN(2) {
					w.enc.SetMaxDynamicTableSize([]uint32{0, 31, 32, 100, 4096, 8192, 20_000}[r.IntN(7)])
				}
			}
			if r.IntN(12) == 0 { // where it must not be, but an empty table lets it pass
				w.WriteHeaders(headersOf(2*k+1, []byte{0x20, 0x82, 0x3f, byte(r.IntN(100)), 0x84}))
				w.enc.SetMaxDynamicTableSize(0)
			}
			list := []string{":method", "GET", ":path", fmt.Sprint("/", r.IntN(30)), ":authority", "a.example"}
			for range r.IntN(5) {
				list = append(list, fmt.Sprint("x", r.IntN(20)), strings.Repeat("v", []int{0, 1, 126, 127, 128, 500, 5000}[r.IntN(7)]))
			}
			w.headers(2*k+1, r.IntN(2) == 0, list...)
		}
		var plain, want teller
		never, rests := new(Parser), new(Parser)
		never.Reset(true, &want)
		rests.Reset(true, &plain)
		for _, p := range []*Parser{never, rests} {
			p.AllowTable(10_000)
		}
		never.Feed(w.Bytes(), Mark{})
		for b := w.Bytes(); len(b) > 0; {
			n := min(len(b), 1+r.IntN(60))
			rests.Feed(b[:n], Mark{})
			b = b[n:]
			if rests.CanRest() {
				rested++
				rests.Rest()
				if rests.hpack != nil {
					t.Fatal("it rests with a decoder")
				}
			}
		}
		if plain.String() != want.String() {
			t.Fatalf("seed %d: with rests\n%s\nwithout\n%s", seed, plain.String(), want.String())
		}
		if !strings.Contains(want.String(), "known=true GET /") {
			t.Fatalf("seed %d: %s", seed, want.String())
		}
	}
	if rested < 1000 {
		t.Errorf("rested %d times", rested)
	}
}

// Resting, a parser holds little more than the fields of its table.
func TestRestIsSmall(t *testing.T) {
	w := newWire(true)
	w.headers(1, true, ":method", "GET", ":path", "/index.html", ":authority", "a.example", "user-agent", "curl/8.0")
	p := new(Parser)
	p.Reset(true, new(teller))
	p.Feed(w.Bytes()[:40], Mark{})
	if p.CanRest() {
		t.Error("it rests in the middle of a field section")
	}
	p.Feed(w.Bytes()[40:], Mark{})
	before := p.Memory()
	if p.Rest(); p.Memory() > before-300 || len(p.tableFields) > 120 {
		t.Errorf("%d bytes, %d before; %q", p.Memory(), before, p.tableFields)
	}
}

// headersOf returns a whole field section as a frame.
func headersOf(stream uint32, block []byte) http2.HeadersFrameParam {
	return http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: block}
}
