package verdict

import (
	"testing"

	"tcpwarm/capture/segment"
)

// A connection opened in the very instant in which the first response ended may have been
// opened before: nothing was there to resume.
func TestNotResumedAtOneInstant(t *testing.T) {
	for _, late := range []segment.Time{0, 1} {
		r := new(resumption)
		end := segment.Mark{Packet: 10, Time: 1000}
		full := Handshake{Seen: true, Name: "a.example", Gives: true}
		for _, c := range []Conn{
			{ID: 1, Port: 443, First: segment.Mark{Packet: 1, Time: 1}, Messages: Messages{FirstEnd: end}, TLS: full},
			{ID: 2, Port: 443, First: segment.Mark{Packet: 11, Time: end.Time + late}, TLS: full},
		} {
			r.note(&c)
		}
		if n := len(r.conclude()); n != int(late) {
			t.Errorf("opened %d ns later: %d findings", late, n)
		}
	}
}
