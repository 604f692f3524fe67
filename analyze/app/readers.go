package app

import (
	"tcpwarm/analyze/app/http1"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/freelist"
	"tcpwarm/analyze/redact"
	"tcpwarm/analyze/transaction"
)

// Readers holds what the readers of some connections of one goroutine have in common, and the
// readers of those that have ended: they are large, and most connections need one only for a short
// while. A nil one has none.
type Readers struct {
	Keys   *tls.Keys            // opens TLS; nil: nothing does
	Ignore transaction.Patterns // transactions that are shown and not judged
	Names  *redact.Names        // what is shown of names, addresses and targets; nil: all

	MostFree int // how many readers of a kind wait to serve again: nobody charges them

	pairers      freelist.List[transaction.Pairer]
	multiplexers freelist.List[transaction.Multiplexer]
	tlsLayers    freelist.List[tlsLayer]
	head         http1.Head // for the messages of all pairers
}

// names returns what is shown of names, nil for all.
func (r *Readers) names() *redact.Names {
	if r == nil {
		return nil
	}
	return r.Names
}

// pairer returns a Pairer for a's messages, to be reset.
func (a *Layer) pairer() *transaction.Pairer {
	r := a.readers
	if r == nil {
		return &transaction.Pairer{KeepText: a.keepTargets}
	}
	p := r.pairers.Get()
	p.KeepText, p.Ignore, p.Head, p.Names = a.keepTargets, &r.Ignore, &r.head, r.Names
	return p
}

// multiplexer returns a Multiplexer for a's messages, to be reset.
func (a *Layer) multiplexer() *transaction.Multiplexer {
	r := a.readers
	if r == nil {
		return &transaction.Multiplexer{KeepText: a.keepTargets}
	}
	m := r.multiplexers.Get()
	m.KeepText, m.Ignore, m.Names = a.keepTargets, r.Ignore, r.Names
	return m
}

// tlsLayer returns one to begin with.
func (r *Readers) tlsLayer() *tlsLayer {
	if r == nil {
		return new(tlsLayer)
	}
	return r.tlsLayers.Get()
}

func (r *Readers) put(m Messages) {
	if r == nil {
		return
	}
	switch m := m.(type) {
	case *transaction.Pairer:
		m.Trim()
		r.pairers.PutAtMost(r.MostFree, m)
	case *transaction.Multiplexer:
		m.Trim()
		r.multiplexers.PutAtMost(r.MostFree, m)
	}
}

func (r *Readers) putTLSLayer(x *tlsLayer) {
	if r != nil {
		x.Trim()
		r.tlsLayers.PutAtMost(r.MostFree, x)
	}
}
