package analyze

import (
	"tcpwarm/analyze/app/tls"
	"tcpwarm/capture/segment"
)

// A secure is TLS with what runs inside, which is looked at like a connection
// within.
type secure struct {
	tls.Conn
	outer  *app
	inner  app  // its direction 0 is the client's
	sealed bool // application records came that could not be opened
}

// inside is what is left of a secure once it has ended.
type inside struct {
	info   tls.Info
	app    app // released
	sealed bool
}

func (s *secure) begin(outer *app) {
	s.outer, s.sealed = outer, false
	s.inner = app{to: outer.to, texts: outer.texts, spares: outer.spares}
	var keys *tls.Keys
	if outer.spares != nil {
		keys = outer.spares.keys
	}
	s.Reset(keys, s)
}

func (s *secure) end() *inside {
	s.inner.release()
	return &inside{*s.Info(), s.inner, s.sealed}
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

// Data, Gap, Notify and Record take what the reader gives.
func (s *secure) Data(client bool, b []byte, at segment.Mark) {
	s.inner.bytes(direction(client), b, at)
}

// Gap says that about n bytes are missing inside.
func (s *secure) Gap(client bool, n int64, at segment.Mark) { s.inner.gap(direction(client), n, at) }

// Notify is a close_notify: it closes the connection before TCP does.
func (s *secure) Notify(client bool, at segment.Mark) {
	if s.outer.owner != nil {
		s.outer.owner.closeNotify(client, at)
	}
}

// Record notes that something could not be read.
func (s *secure) Record(r tls.Record) { s.sealed = true }
