package app

import (
	"tcpwarm/analyze/app/http1"
	"tcpwarm/analyze/app/http2"
	"tcpwarm/analyze/app/proxy"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// maxDetect is how many bytes of a half are kept until its protocol is clear.
const maxDetect = 1024

// maxFlight is how many bytes are kept of TLS's first flight where it is not read before it is answered.
const maxFlight = 4096

// maxTries bounds the segments of a connection begun midstream, or with a gap,
// that are looked at for a message start.
const maxTries = 1000

// A detector keeps the first bytes of one half until they tell.
type detector struct {
	kept      []byte
	mark      segment.Mark
	more      int64 // bytes behind kept, of which no more is kept
	tries     int
	skip      int  // bytes of a proxy's header that are still to come
	begun     bool // a proxy's header, which may come before all else, has been read or is not there
	started   bool // no handshake with a SOCKS proxy begins here, or begins here any more
	midstream bool // the bytes do not start where the stream does
	gone      bool // this half told nothing
}

// gapBeforeDecided says that n bytes are missing before it is clear what is spoken.
func (a *Layer) gapBeforeDecided(dir int, n int64, at segment.Mark) {
	if a.socks != nil {
		a.endSOCKS()
		a.Gap(dir, n, at)
		return
	}
	d := &a.first[dir]
	if d.gone {
		d.lack(n)
		return
	}
	if len(d.kept) > 0 { // as much as the snap length left must tell
		a.decide(dir, d.kept, true)
		if a.proto != Undecided {
			a.Gap(dir, n, at)
			return
		}
		if a.foreignName == "" && !d.midstream {
			a.foreignName = foreign(d.kept)
			a.missed = a.missed || a.foreignName != ""
		}
	}
	if n <= int64(d.skip) { // of a proxy's header, which says nothing more
		d.skip -= int(n)
		return
	}
	d.midstream, d.kept, d.skip = true, d.kept[:0], 0
}

// afterProxyHeader skips the header that a proxy may have put before the first byte of
// direction dir. It returns what is left, with what was kept until that was clear, and where
// that begins; nothing while it is not clear.
func (a *Layer) afterProxyHeader(dir int, b []byte, at segment.Mark) ([]byte, segment.Mark) {
	d := &a.first[dir]
	if d.begun = d.begun || d.midstream || a.speaks == nil; d.begun {
		n := min(d.skip, len(b))
		d.skip -= n
		return b[n:], at
	}
	start := at
	if len(d.kept) > 0 {
		d.kept = append(d.kept, b...)
		b, start = d.kept, d.mark
	}
	h, n, more := proxy.Read(b)
	if more { // which is soon clear
		d.kept, d.mark = append(d.kept[:0], b...), start
		return nil, start
	}
	d.begun, d.kept = true, d.kept[:0]
	if n > 0 && a.speaks.Proxied(dir, h) {
		d.skip = max(0, n-len(b))
		return b[min(n, len(b)):], at
	}
	return b, start
}

// detect looks at the next bytes of direction dir for what they speak.
func (a *Layer) detect(dir int, b []byte, at segment.Mark) {
	d := &a.first[dir]
	if d.gone {
		a.keepAsked(d, b, at)
		return
	}
	b, start := a.afterProxyHeader(dir, b, at)
	if len(b) == 0 || a.inSOCKS(dir, b, start) {
		return
	}
	if len(d.kept) == 0 {
		d.mark = start
		if a.decide(dir, b, false) != http1.More {
			if a.proto == Undecided {
				a.miss(d, b)
			}
			return
		}
	}
	room := maxDetect - len(d.kept)
	d.kept = append(d.kept, b[:min(len(b), room)]...)
	if a.decide(dir, d.kept, len(b) >= room) == http1.More {
		return
	}
	if a.proto == Undecided {
		a.miss(d, d.kept)
		return
	}
	if len(b) > room {
		a.Bytes(dir, b[room:], at)
	}
}

// miss notes that b, the bytes seen, told nothing. A stream whose start is known
// will not tell later; one begun midway may, at its next message.
func (a *Layer) miss(d *detector, b []byte) {
	if a.foreignName == "" && !d.midstream {
		a.foreignName = foreign(b)
	}
	d.kept = d.kept[:0]
	d.tries++
	if !d.midstream || d.tries > maxTries {
		d.gone, a.missed = true, true
	}
	if a.first[0].gone && a.first[1].gone {
		a.proto = Other
		if before := a.upgradedFrom(); before != nil {
			before.Consume()
		}
	}
}

// afterOthers looks for HTTP/1 and TLS in the next bytes of a connection both of whose halves began with something
// else that did not tell what it is: there is some where what begins like a request is answered by what begins
// like a response, or a client's hello by a server's. What has a name goes on as that: what STARTTLS and its like
// turn to is the same, sealed (RFC 3207, RFC 2595, RFC 4217, RFC 6120 section 5).
func (a *Layer) afterOthers(dir int, b []byte, at segment.Mark) {
	own, peer := &a.first[dir], &a.first[1-dir]
	switch {
	case a.foreignName != "":
	case len(peer.kept) > 0 && http1.DetectResponse(b) == http1.Yes:
		a.beginLate(HTTP1, dir, b, at)
	case tls.Answers(peer.kept, b):
		a.beginLate(TLS, dir, b, at)
	default:
		peer.forgetAsked() // it was answered by something else
		a.keepAsked(own, b, at)
	}
}

// beginLate starts to read p, which b, the server's in direction dir, shows: it answers what was kept of the client.
func (a *Layer) beginLate(p Protocol, dir int, b []byte, at segment.Mark) {
	a.first[dir].kept = a.first[dir].kept[:0]
	a.start(p, 1-dir, true)
	a.replay()
	a.Bytes(dir, b, at)
}

// keepAsked keeps b, and what follows it, if it begins like a request or a client's hello.
func (a *Layer) keepAsked(d *detector, b []byte, at segment.Mark) {
	if d.tries++; a.foreignName != "" || d.tries > maxTries {
		d.forgetAsked()
		return
	}
	first := d.kept
	if len(first) == 0 {
		first = b
	}
	most := maxDetect
	if hello, client := tls.Detect(first); hello == tls.Yes && client {
		most = maxFlight
	} else if http1.DetectRequest(first) != http1.Yes {
		return
	}
	if len(d.kept) == 0 {
		d.mark = at
	}
	n := min(len(b), most-len(d.kept))
	d.kept = append(d.kept, b[:n]...)
	d.lack(int64(len(b) - n))
}

// lack notes that n bytes are not kept behind those that are, if any are.
func (d *detector) lack(n int64) {
	if len(d.kept) > 0 {
		d.more += n
	}
}

func (d *detector) forgetAsked() { d.kept, d.more = d.kept[:0], 0 }

// decide looks at b, the first bytes of direction dir, and starts the reader of
// the protocol they speak. With last, no more bytes will come.
func (a *Layer) decide(dir int, b []byte, last bool) http1.Answer {
	hello, client := tls.Detect(b)
	asRequest, asResponse := http1.DetectRequest(b), http1.DetectResponse(b)
	asClient, asServer := http2.DetectClient(b), http2.DetectServer(b)
	more := hello == tls.More || asRequest == http1.More || asResponse == http1.More || asClient == http2.More || asServer == http2.More
	midstream := a.first[dir].midstream
	switch {
	case hello == tls.Yes:
		a.start(TLS, dir, client)
	case asClient == http2.Yes:
		a.start(HTTP2, dir, true)
	case asServer == http2.Yes:
		a.start(HTTP2, dir, false)
	case asRequest == http1.Yes:
		a.start(HTTP1, dir, true)
	case asResponse == http1.Yes:
		a.start(HTTP1, dir, false)
	case !last && more:
		return http1.More
	case midstream && tls.DetectMidstream(b): // records do not show who sends them
		a.start(TLS, dir, a.believedClient(dir))
	case midstream && http2.DetectMidstream(b) == http2.Yes: // nor do frames
		a.start(HTTP2, dir, a.believedClient(dir))
	default:
		return http1.No
	}
	a.replay()
	if len(a.first[dir].kept) == 0 {
		a.Bytes(dir, b, a.first[dir].mark)
	}
	return http1.Yes
}

// believedClient reports whether direction dir is the client's, as far as the owner knows.
func (a *Layer) believedClient(dir int) bool {
	return (dir == 0) != (a.owner != nil && a.owner.ClientIsB())
}

// start fixes the protocol; direction dir has shown itself to be the client's,
// or the server's.
func (a *Layer) start(p Protocol, dir int, client bool) {
	a.proto = p
	a.swapped = (dir == 0) != client
	if a.owner != nil {
		a.owner.PayloadRole(a.swapped)
	}
	switch p {
	case TLS:
		a.tlsLayer = a.readers.tlsLayer()
		a.tlsLayer.begin(a)
	case HTTP1:
		if before := a.upgradedFrom(); before != nil {
			before.Resume()
			return
		}
		p := a.pairer()
		p.Reset(a.to, a.midstreamIn(true), a.midstreamIn(false))
		a.read = p
	case HTTP2:
		m := a.multiplexer()
		m.Reset(a.to, a.midstreamIn(true), a.midstreamIn(false))
		if before := a.upgradedFrom(); before != nil {
			m.Continue(before.Next, before.Sums)
		}
		a.read, a.unasked = m, !client
	}
}

// midstreamIn reports whether what is read of one side does not begin with its first
// byte.
func (a *Layer) midstreamIn(client bool) bool {
	d := &a.first[transaction.Direction(client != a.swapped)]
	return d.midstream || d.gone
}

// replay gives the reader what was kept of both halves, in the order it came.
func (a *Layer) replay() {
	order := [2]int{0, 1}
	if a.first[1].mark.Packet < a.first[0].mark.Packet {
		order = [2]int{1, 0}
	}
	for _, dir := range order {
		if d := &a.first[dir]; len(d.kept) > 0 {
			a.Bytes(dir, d.kept, d.mark)
			if d.more > 0 {
				a.Gap(dir, d.more, d.mark)
			}
		}
	}
}
