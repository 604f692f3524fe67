package redact

import (
	"testing"

	"tcpwarm/capture/segment"
)

func TestOnlyWhatEverybodyUsesIsLeft(t *testing.T) {
	all, some := (*Redactor)(nil).Names(), New().Names()
	for _, test := range []struct {
		show       func(*Names, string) string
		in, hidden string
	}{
		{(*Names).Method, "GET", "GET"},
		{(*Names).Method, "PATCH", "PATCH"},
		{(*Names).Method, "get", "other"},
		{(*Names).Method, "PURGE-ACME", "other"},
		{(*Names).Method, "", ""},
		{(*Names).ALPN, "h2", "h2"},
		{(*Names).ALPN, "acme/1", "other"},
	} {
		if got := test.show(all, test.in); got != test.in {
			t.Errorf("%q is shown as %q where all is shown", test.in, got)
		}
		if got := test.show(some, test.in); got != test.hidden {
			t.Errorf("%q is shown as %q, want %q", test.in, got, test.hidden)
		}
	}
}

func TestClientsPort(t *testing.T) {
	r := New()
	e := segment.Endpoint{Addr: segment.Addr{Lo: 7}, Port: 40000}
	a, b := r.Client(e), r.Client(e)
	if a != b || a.Addr != e.Addr || a.Port < 49152 {
		t.Errorf("%v and %v stand for %v", a, b, e)
	}
	if got := (*Redactor)(nil).Client(e); got != e {
		t.Errorf("%v is shown for %v where all is shown", got, e)
	}
	seen := map[uint16]bool{}
	for port := range uint16(100) {
		seen[r.Client(segment.Endpoint{Port: port}).Port] = true
	}
	if len(seen) < 90 {
		t.Errorf("%d ports stand for 100", len(seen))
	}
}
