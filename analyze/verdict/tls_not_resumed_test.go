package verdict

import (
	"testing"

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
