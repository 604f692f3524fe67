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
	first := Conn{ID: 1, Port: 443, First: at(1), FirstEnd: at(10), TLS: gives}
	for _, x := range []struct {
		name  string
		later []Conn
		want  int // connections named
	}{
		{"whole again", []Conn{{ID: 2, Port: 443, First: at(11), TLS: full}}, 2},
		{"whole again, twice", []Conn{{ID: 2, Port: 443, First: at(11), TLS: full}, {ID: 3, Port: 443, First: at(20), TLS: full}}, 3},
		{"resumed", []Conn{{ID: 2, Port: 443, First: at(11), TLS: resumed}}, 0},
		{"one of two resumed", []Conn{{ID: 2, Port: 443, First: at(11), TLS: full}, {ID: 3, Port: 443, First: at(12), TLS: resumed}}, 0},
		{"opened before the response's end", []Conn{{ID: 2, Port: 443, First: at(9), FirstEnd: at(20), TLS: full}}, 0},
		{"another port", []Conn{{ID: 2, Port: 8443, First: at(11), TLS: full}}, 0},
		{"another name", []Conn{{ID: 2, Port: 443, First: at(11), TLS: other}}, 0},
		{"hellos not captured", []Conn{{ID: 2, Port: 443, First: at(11), TLS: unseen}}, 0},
	} {
		for _, turned := range []bool{false, true} { // ends come in any order
			k := NewCollector(10)
			list := append([]Conn{first}, x.later...)
			if turned {
				for i := range len(list) / 2 {
					list[i], list[len(list)-1-i] = list[len(list)-1-i], list[i]
				}
			}
			for i := range list {
				k.resume.note(&list[i])
			}
			k.resume.find(k.add)
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
	pair := unsafe.Sizeof(peer{}) + unsafe.Sizeof(handshakes{})
	pair += handshakesKept*unsafe.Sizeof(opening{}) + 2*namedKept*unsafe.Sizeof(named{})
	if peersKept*pair > 32<<20 {
		t.Errorf("%d bytes may be kept", peersKept*pair)
	}
	at := func(n int64) segment.Mark { return segment.Mark{Packet: n, Time: segment.Time(n)} }
	full := Handshake{Seen: true, Name: "a.example", Gives: true}
	for _, x := range []struct {
		name string
		end  int64 // of the first response, of the connection that comes last
		text string
	}{
		{"after all had begun", opened + 1, ""},
		{"before all but it", 1, "64 connections"}, // the others were not kept: nothing had ended before
		{"before the latest 10", opened - 10, "10 connections"},
	} {
		k := NewCollector(10)
		for i := range int64(opened) {
			k.resume.note(&Conn{ID: i + 1, Port: 443, First: at(i + 1), TLS: full})
		}
		k.resume.note(&Conn{ID: opened + 1, Port: 443, FirstEnd: at(x.end), TLS: full})
		for _, h := range k.resume.peers {
			if len(h.early)+len(h.named) > handshakesKept+namedKept {
				t.Errorf("%s: %d and %d kept", x.name, len(h.early), len(h.named))
			}
		}
		k.resume.find(k.add)
		switch found := k.Found(); {
		case x.text == "" && len(found) == 0:
		case len(found) != 1 || !strings.HasPrefix(found[0].Text, x.text+" "):
			t.Errorf("%s: %+v", x.name, found)
		}
	}
	k := NewCollector(10)
	k.resume.note(&Conn{ID: opened + 1, Port: 443, FirstEnd: at(1), TLS: full})
	for i := range int64(opened) {
		k.resume.note(&Conn{ID: i + 1, Port: 443, First: at(opened - i + 1), TLS: full})
	}
	k.resume.find(k.add)
	f := k.Found()[0]
	if !strings.HasPrefix(f.Text, "100000 connections ") || len(f.Packets) != 1+namedKept || f.Packets[1] != 2 {
		t.Errorf("response first: %+v", f)
	}
	for i := range peersKept + 10 {
		k.resume.note(&Conn{ID: 1, Port: uint16(i), First: at(1), TLS: full})
	}
	if len(k.resume.peers) > peersKept {
		t.Errorf("%d pairs are kept", len(k.resume.peers))
	}
}
