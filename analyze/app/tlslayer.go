package app

import (
	"tcpwarm/analyze/app/proxy"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A tlsLayer is TLS with what runs inside, which is looked at like a connection of its own.
type tlsLayer struct {
	tls.Conn
	outer     *Layer
	plaintext Layer // its direction 0 is the client's
	infer     transaction.Inferrer
	hidden    int64 // the client's records that could not be opened though others could: requests may be in them
}

// A tlsResult is what is left of a tlsLayer once it has ended.
type tlsResult struct {
	info    tls.Info
	payload Layer // released
	hidden  int64
}

func (s *tlsLayer) begin(outer *Layer) {
	s.outer, s.hidden = outer, 0
	s.plaintext = Layer{}
	s.plaintext.Begin(outer.to, nil, outer.readers, outer.keepTargets)
	s.plaintext.read, outer.read = outer.read, nil // of HTTP/1 that has agreed to go on inside
	if outer.speaks != nil {
		s.plaintext.speaks = s
	}
	var keys *tls.Keys
	if outer.readers != nil {
		keys = outer.readers.Keys
	}
	s.Reset(keys, s)
}

// Proxied comes with a header of the PROXY protocol that a proxy has put inside.
func (s *tlsLayer) Proxied(dir int, h proxy.Header) bool {
	client := dir == transaction.Direction(true)
	return client && s.outer.speaks.Proxied(transaction.Direction(client != s.outer.swapped), h)
}

func (s *tlsLayer) end() *tlsResult {
	s.plaintext.Release()
	in := &tlsResult{*s.Info(), s.plaintext, s.hidden}
	names := s.plaintext.readers.names()
	in.info.ServerName, in.info.ALPN = names.Host(in.info.ServerName), names.ALPN(in.info.ALPN)
	return in
}

func (s *tlsLayer) close(client bool, at segment.Mark) {
	s.Conn.Close(client, at)
	s.plaintext.Close(transaction.Direction(client), at)
}

// Data takes what was decrypted.
func (s *tlsLayer) Data(client bool, b []byte, at segment.Mark) {
	if s.plaintext.proto != Sealed { // else the keys came too late
		s.plaintext.Bytes(transaction.Direction(client), b, at)
	}
}

// Gap says that about n bytes are missing inside.
func (s *tlsLayer) Gap(client bool, n int64, at segment.Mark) {
	if client {
		s.hidden++
	}
	s.plaintext.Gap(transaction.Direction(client), n, at)
}

// Notify is a close_notify: it closes the connection before TCP does.
func (s *tlsLayer) Notify(client bool, at segment.Mark) {
	if s.outer.owner != nil {
		s.outer.owner.CloseNotify(client, at)
	}
}

// goodbye returns who closed before TCP did, where that is only inferred; at is zero
// if nobody did.
func (s *tlsLayer) goodbye() (fromClient bool, at segment.Mark) {
	if s.plaintext.proto != Sealed {
		return false, segment.Mark{}
	}
	return s.infer.Goodbye()
}

// Record takes a record that cannot be opened. Without keys, what it may be part
// of is inferred.
func (s *tlsLayer) Record(r tls.Record) {
	switch {
	case s.HasKeys():
		if r.FromClient && r.Type == tls.RecordData {
			s.hidden++
		}
		return
	case s.plaintext.proto == Undecided:
		s.infer.Reset(s.plaintext.to, s.Info())
		if before := s.plaintext.upgradedFrom(); before != nil {
			s.infer.Continue(before.Next, before.Sums)
		}
		s.plaintext.proto, s.plaintext.read = Sealed, &s.infer
	}
	if s.plaintext.proto == Sealed {
		s.infer.Record(&r)
	}
}
