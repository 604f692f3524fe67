// Package redact gives stand-ins for what names people and machines, so that a report
// can be shown around. Addresses and names go in, and come out as something else: the
// same for the same, so that all that is judged stays as it is, and different in every
// run, so that nobody can tell which they were.
//
// There are two gates: Segments, for the addresses that packets travel between, and Names,
// for what is read in their content.
package redact

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net"
	"strconv"

	"tcpwarm/capture/segment"
)

// A Redactor makes stand-ins by a key of its own. A nil one leaves everything as it is.
type Redactor struct{ key [32]byte }

// New returns a Redactor with a key that nobody knows.
func New() *Redactor {
	r := new(Redactor)
	rand.Read(r.key[:]) // never fails
	return r
}

// Of returns the Redactor that has this key, which is another's: two processes can show the same run.
func Of(key [32]byte) *Redactor { return &Redactor{key} }

// Key returns what Of takes. Whoever has it can tell which name a stand-in is for by trying.
func (r *Redactor) Key() [32]byte { return r.key }

// documentation is 2001:db8::/32, which no machine has (RFC 3849).
const documentation = 0x20010db8 << 32

// Addr returns the stand-in of a: 2001:db8:: and 64 bits, also for an IPv4 address.
func (r *Redactor) Addr(a segment.Addr) segment.Addr {
	if r == nil {
		return a
	}
	b := binary.BigEndian.AppendUint64([]byte("addr"), a.Hi)
	return segment.Addr{Hi: documentation, Lo: binary.BigEndian.Uint64(r.sum(binary.BigEndian.AppendUint64(b, a.Lo)))}
}

// Endpoint returns e at the stand-in of its address.
func (r *Redactor) Endpoint(e segment.Endpoint) segment.Endpoint {
	return segment.Endpoint{Addr: r.Addr(e.Addr), Port: e.Port}
}

// Client returns the stand-in of a client's endpoint: another address, and another port of those
// that are taken at random (RFC 6335 section 6), for a port says when a machine did what.
// Two may get one.
func (r *Redactor) Client(e segment.Endpoint) segment.Endpoint {
	if r == nil {
		return e
	}
	b := binary.BigEndian.AppendUint64([]byte("port"), e.Addr.Hi)
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(b, e.Addr.Lo), e.Port)
	e.Port = 49152 + binary.BigEndian.Uint16(r.sum(b))%16384
	return e
}

// Name returns the stand-in of a host's name: host- and 48 bits; "" stays, and so does
// a port behind it.
func (r *Redactor) Name(s string) string {
	if r == nil || s == "" {
		return s
	}
	host, port, err := net.SplitHostPort(s)
	if _, numErr := strconv.ParseUint(port, 10, 16); err == nil && numErr == nil { // else what is behind the colon may be a name too
		return net.JoinHostPort(r.Name(host), port)
	}
	return "host-" + hex.EncodeToString(r.sum(append([]byte("name"), s...))[:6])
}

// Target returns what is left of a request's target: nothing.
func (r *Redactor) Target(s string) string {
	if r == nil {
		return s
	}
	return ""
}

func (r *Redactor) sum(b []byte) []byte {
	h := hmac.New(sha256.New, r.key[:])
	h.Write(b)
	return h.Sum(nil)
}

// Segments puts a Redactor's stand-ins into segments. It remembers those it has made:
// the same few addresses come again and again.
type Segments struct {
	by   *Redactor
	made map[segment.Addr]segment.Addr
}

// maxMade bounds what Segments remembers; then it begins anew.
const maxMade = 1 << 16

// Segments returns r for segments, nil if r is.
func (r *Redactor) Segments() *Segments {
	if r == nil {
		return nil
	}
	return &Segments{by: r}
}

// Redact changes the keys of list, and their directions with them.
func (s *Segments) Redact(list []segment.Segment) {
	if s == nil {
		return
	}
	for i := range list {
		x := &list[i]
		x.Key, x.Dir = segment.MakeKey(s.endpoint(x.Key.Sender(x.Dir)), s.endpoint(x.Key.Sender(1-x.Dir)))
	}
}

func (s *Segments) endpoint(e segment.Endpoint) segment.Endpoint {
	a, ok := s.made[e.Addr]
	if !ok {
		if s.made == nil || len(s.made) >= maxMade {
			s.made = map[segment.Addr]segment.Addr{}
		}
		a = s.by.Addr(e.Addr)
		s.made[e.Addr] = a
	}
	return segment.Endpoint{Addr: a, Port: e.Port}
}
