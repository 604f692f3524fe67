package analyze

import (
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A secure is TLS with what runs inside, which is looked at like a connection
// within.
type secure struct {
	tls.Conn
	outer  *app
	inner  app // its direction 0 is the client's
	infer  transaction.Inferrer
	hidden int64 // the client's records that could not be opened though others could: requests may be in them
}

// inside is what is left of a secure once it has ended.
type inside struct {
	info   tls.Info
	app    app // released
	hidden int64
}

func (s *secure) begin(outer *app) {
	s.outer, s.hidden = outer, 0
	s.inner = app{to: outer.to, texts: outer.texts, spares: outer.spares}
	var keys *tls.Keys
	if outer.spares != nil {
		keys = outer.spares.keys
	}
	s.Reset(keys, s)
}

func (s *secure) end() *inside {
	s.inner.release()
	in := &inside{*s.Info(), s.inner, s.hidden}
	in.info.ServerName = s.inner.spares.redactor().Name(in.info.ServerName)
	return in
}

func (s *secure) close(client bool, at segment.Mark) {
	s.Conn.Close(client, at)
	s.inner.close(direction(client), at)
}

// direction is 0 for what the client sent.
func direction(client bool) int {
	if client {
		return 0
	}
	return 1
}

// Data takes what was decrypted.
func (s *secure) Data(client bool, b []byte, at segment.Mark) {
	if s.inner.proto != isSealed { // else the keys came too late
		s.inner.bytes(direction(client), b, at)
	}
}

// Gap says that about n bytes are missing inside.
func (s *secure) Gap(client bool, n int64, at segment.Mark) {
	if client {
		s.hidden++
	}
	s.inner.gap(direction(client), n, at)
}

// Notify is a close_notify: it closes the connection before TCP does.
func (s *secure) Notify(client bool, at segment.Mark) {
	if s.outer.owner != nil {
		s.outer.owner.closeNotify(client, at)
	}
}

// goodbye returns who closed before TCP did, where that is only inferred; at is zero
// if nobody did.
func (s *secure) goodbye() (fromClient bool, at segment.Mark) {
	if s.inner.proto != isSealed {
		return false, segment.Mark{}
	}
	return s.infer.Goodbye()
}

// Record takes a record that cannot be opened. Without keys, what it may be part
// of is inferred.
func (s *secure) Record(r tls.Record) {
	switch {
	case s.HasKeys():
		if r.FromClient && r.Type == 23 {
			s.hidden++
		}
		return
	case s.inner.proto == undecided:
		s.infer.Reset(s.inner.to, s.Info())
		s.inner.proto, s.inner.read = isSealed, &s.infer
	}
	if s.inner.proto == isSealed {
		s.infer.Record(&r)
	}
}
