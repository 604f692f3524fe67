package redact

import (
	"net/netip"
	"strings"
	"testing"

	"tcpwarm/capture/segment"
)

func TestStandIns(t *testing.T) {
	r, other := New(), New()
	seen := map[string]bool{}
	for _, s := range []string{"10.0.0.1", "10.0.0.2", "::1", "2001:db8::1"} {
		a := segment.AddrFrom(netip.MustParseAddr(s))
		got := r.Addr(a)
		if !strings.HasPrefix(got.String(), "2001:db8:") || got != r.Addr(a) || got == a || got == other.Addr(a) {
			t.Errorf("%s: %s", s, got)
		}
		seen[got.String()] = true
	}
	for _, s := range []string{"a.example", "b.example"} {
		got := r.Name(s)
		if !strings.HasPrefix(got, "host-") || got != r.Name(s) || got == other.Name(s) {
			t.Errorf("%s: %s", s, got)
		}
		seen[got] = true
	}
	if len(seen) != 6 {
		t.Errorf("6 things have %d stand-ins", len(seen))
	}
	if got := r.Name("a.example:443"); got != r.Name("a.example")+":443" {
		t.Errorf("with a port: %s", got)
	}
	for _, s := range []string{"a.example:secret", "a.example:99999"} { // no port: it hides all
		if got := r.Name(s); strings.Contains(got, ":") {
			t.Errorf("%s: %s", s, got)
		}
	}
	if r.Name("") != "" || r.Target("/secret") != "" {
		t.Error("no name has a stand-in, or a target is left")
	}
}

func TestNobody(t *testing.T) {
	var r *Redactor
	a := segment.AddrFrom(netip.MustParseAddr("10.0.0.1"))
	if r.Addr(a) != a || r.Name("a") != "a" || r.Target("/") != "/" {
		t.Error("a nil Redactor changes something")
	}
	list := []segment.Segment{{Dir: segment.BtoA}}
	if r.Segments().Redact(list); list[0].Dir != segment.BtoA {
		t.Error("a nil Redactor changes segments")
	}
}

// Whatever way stand-ins sort, a segment still goes from the one to the other, and its
// answer back.
func TestSegmentsKeepTheirWay(t *testing.T) {
	r := New()
	s := r.Segments()
	for i := range 100 {
		from := segment.Endpoint{Addr: segment.Addr{Lo: uint64(i)}, Port: 40000}
		to := segment.Endpoint{Addr: segment.Addr{Lo: 50}, Port: 80}
		list := make([]segment.Segment, 2)
		list[0].Key, list[0].Dir = segment.MakeKey(from, to)
		list[1].Key, list[1].Dir = segment.MakeKey(to, from)
		s.Redact(list)
		if list[0].Key != list[1].Key || list[0].Dir == list[1].Dir {
			t.Fatalf("%v: the answer has another key", from)
		}
		if k := &list[0]; k.Key.Sender(k.Dir) != r.Endpoint(from) || k.Key.Sender(1-k.Dir) != r.Endpoint(to) {
			t.Fatalf("%v to %v became %v", from, to, k.Key)
		}
	}
}
