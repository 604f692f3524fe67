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
