package app

import (
	"tcpwarm/analyze/app/socks"
	"tcpwarm/capture/segment"
)

// maxWaiting is how many bytes of a direction are kept until the handshake with a SOCKS proxy
// is over. A client that does not wait for the proxy's answer sends a request after its own
// part, or TLS's first flight.
const maxWaiting = socks.MaxClient + maxFlight

// maxHops is how many SOCKS proxies may lead to one another. What looks like more of them is
// nobody's chain, and each keeps the rest of the bytes anew.
const maxHops = 8

// A socksHandshake keeps the first bytes of both directions until it is clear whether they are
// a handshake with a SOCKS proxy, and until that is over.
type socksHandshake struct {
	client int // direction
	half   [2]keptHalf
}

// A keptHalf is the first bytes of one direction, with what brought them.
type keptHalf struct {
	kept  []byte
	marks []keptMark
}

// A keptMark says which segment brought the bytes from an index on.
type keptMark struct {
	from int
	at   segment.Mark
}

// inSOCKS keeps b, the next bytes of direction dir, if they are of a handshake with a SOCKS
// proxy, or may be, and reports whether it has.
func (a *Layer) inSOCKS(dir int, b []byte, at segment.Mark) bool {
	d := &a.first[dir]
	if a.socks == nil {
		later := d.started || d.midstream || a.first[1-dir].started
		if later || a.hops >= maxHops || a.owner == nil || !socks.Begins(b) || !a.believedClient(dir) {
			d.started = true
			return false
		}
		a.socks = &socksHandshake{client: dir}
		a.hops++
	}
	s := a.socks
	h := &s.half[dir]
	h.marks = append(h.marks, keptMark{len(h.kept), at})
	h.kept = append(h.kept, b...)
	shake, answer := socks.Read(s.half[s.client].kept, s.half[1-s.client].kept)
	if answer != socks.More || len(h.kept) > maxWaiting {
		a.afterSOCKS(shake, answer)
	}
	return true
}

// endSOCKS ends the handshake, of which no more will be seen. A client that has gone on after
// its own part had an answer, which the capture lacks.
func (a *Layer) endSOCKS() {
	s := a.socks
	a.afterSOCKS(socks.Read(s.half[s.client].kept, s.half[1-s.client].kept))
}

// afterSOCKS takes what the handshake came to, and gives what follows it to detection, which
// begins anew; all that was kept if it is none.
func (a *Layer) afterSOCKS(shake socks.Handshake, answer socks.Answer) {
	s := a.socks
	a.socks = nil
	var skip [2]int
	switch {
	case answer == socks.NoTunnel:
		a.foreignName, a.missed, a.proto = foreignSOCKS, true, Other
		return
	case answer == socks.Granted, answer == socks.More && shake.Client > 0:
		skip[s.client], skip[1-s.client] = shake.Client, shake.Proxy
		if answer == socks.More {
			skip[1-s.client] = len(s.half[1-s.client].kept)
		}
		a.owner.Tunneled(shake)
	default:
		a.first[0].started, a.first[1].started = true, true
	}
	for _, dir := range [2]int{s.client, 1 - s.client} {
		s.half[dir].replay(a, dir, skip[dir])
	}
}

// replay gives a, as direction dir, what was kept but for the first skip bytes.
func (h *keptHalf) replay(a *Layer, dir, skip int) {
	for i, m := range h.marks {
		end := len(h.kept)
		if i+1 < len(h.marks) {
			end = h.marks[i+1].from
		}
		if from := max(m.from, skip); from < end {
			a.Bytes(dir, h.kept[from:end], m.at)
		}
	}
}
