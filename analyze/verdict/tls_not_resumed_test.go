package verdict

import (
	"strings"
	"testing"
	"unsafe"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

func TestNotResumed(t *testing.T) {
	at := func(n int64) segment.Mark { return segment.Mark{Packet: n, Time: segment.Time(n)} }
	full := Handshake{Seen: true, Name: "a.example"}
	gives, resumed, unseen, other := full, full, full, full
	gives.Gives, resumed.Resumed, unseen.Seen, other.Name = true, true, false, "b.example"
	conn := func(id int64, opened, ended segment.Mark, tls Handshake) Conn {
		return Conn{ID: id, Port: 443, First: opened, Messages: Messages{FirstEnd: ended}, TLS: tls}
	}
	never := segment.Mark{}
	first := conn(1, at(1), at(10), gives)
	elsewhere := conn(2, at(11), never, full)
	elsewhere.Port = 8443
	for _, x := range []struct {
		name  string
		later []Conn
		want  int // connections named
	}{
		{"whole again", []Conn{conn(2, at(11), never, full)}, 2},
		{"whole again, twice", []Conn{conn(2, at(11), never, full), conn(3, at(20), never, full)}, 3},
		{"resumed", []Conn{conn(2, at(11), never, resumed)}, 0},
		{"one of two resumed", []Conn{conn(2, at(11), never, full), conn(3, at(12), never, resumed)}, 0},
		{"opened before the response's end", []Conn{conn(2, at(9), at(20), full)}, 0},
		{"another port", []Conn{elsewhere}, 0},
		{"another name", []Conn{conn(2, at(11), never, other)}, 0},
		{"hellos not captured", []Conn{conn(2, at(11), never, unseen)}, 0},
	} {
		for _, swapped := range []bool{false, true} { // ends come in any order
			k := NewCollector(10)
			list := append([]Conn{first}, x.later...)
			if swapped {
				for i := range len(list) / 2 {
					list[i], list[len(list)-1-i] = list[len(list)-1-i], list[i]
				}
			}
			for i := range list {
				k.Connection(&list[i])
			}
			k.Conclude(nil)
			got := 0
			for _, f := range k.Found() {
				got = len(f.Connections)
				if f.ID != "tls-not-resumed" || f.Connections[0] != 1 || f.Confidence != pool.Likely {
					t.Errorf("%s: %+v", x.name, f)
				}
			}
			if got != x.want {
				t.Errorf("%s: %d connections, want %d", x.name, got, x.want)
			}
		}
	}
}

// However many connections a client opens, and however late it shows which response was
// the first, all that began after it are counted and little is kept of each.
func TestHandshakesKeptAreBounded(t *testing.T) {
	const opened = 100_000
	if most := peersKept * (handshakesKept*unsafe.Sizeof(fullHandshake{}) + 2*mostListed*unsafe.Sizeof(shownConn{}) + unsafe.Sizeof(handshakes{}) + unsafe.Sizeof(peer{})); most > 32<<20 {
		t.Errorf("%d bytes may be kept", most)
	}
	at := func(n int64) segment.Mark { return segment.Mark{Packet: n, Time: segment.Time(n)} }
	full := Handshake{Seen: true, Name: "a.example", Gives: true}
	for _, x := range []struct {
		name string
		end  int64 // of the first response, of the connection that comes last
		text string
	}{
		{"after all had begun", opened + 1, ""},
		{"before all but it", 1, "at least 64 connections"}, // the others were not kept: nothing had ended before
		{"before the latest 10", opened - 10, "10 connections"},
	} {
		r := new(resumption)
		for i := range int64(opened) {
			r.note(&Conn{ID: i + 1, Port: 443, First: at(i + 1), TLS: full})
		}
		r.note(&Conn{ID: opened + 1, Port: 443, Messages: Messages{FirstEnd: at(x.end)}, TLS: full})
		for _, h := range r.peers {
			if len(h.early)+len(h.named) > handshakesKept+mostListed {
				t.Errorf("%s: %d and %d kept", x.name, len(h.early), len(h.named))
			}
		}
		switch found := r.conclude(); {
		case x.text == "" && len(found) == 0:
		case len(found) != 1 || !strings.HasPrefix(found[0].Text, x.text+" "):
			t.Errorf("%s: %+v", x.name, found)
		}
	}
	r := new(resumption)
	r.note(&Conn{ID: opened + 1, Port: 443, Messages: Messages{FirstEnd: at(1)}, TLS: full})
	for i := range int64(opened) {
		r.note(&Conn{ID: i + 1, Port: 443, First: at(opened - i + 1), TLS: full})
	}
	if f := r.conclude()[0]; !strings.HasPrefix(f.Text, "100000 connections ") || len(f.Packets) != 1+mostListed || f.Packets[1] != 2 {
		t.Errorf("response first: %+v", f)
	}
	for i := range peersKept + 10 {
		r.note(&Conn{ID: 1, Port: uint16(i), First: at(1), TLS: full})
	}
	if len(r.peers) > peersKept {
		t.Errorf("%d pairs are kept", len(r.peers))
	}
}
