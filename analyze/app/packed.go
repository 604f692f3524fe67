package app

import (
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/compact"
	"tcpwarm/analyze/transaction"
)

// A Reading says which readers a Layer has, as far as they are packed with it.
type Reading struct {
	messages messages
	tls      bool        // in TLS
	openers  tls.Openers // likewise: what opens that
}

// The messages that a reading reads.
type messages uint8

const (
	noMessages messages = iota // it is not clear yet what is spoken, or nothing that is read here, or it is sealed
	http1Messages
	http2Messages
)

var (
	pairerLayout      = compact.LayoutOf[transaction.Pairer]()
	multiplexerLayout = compact.LayoutOf[transaction.Multiplexer]()
	tlsLayerLayout    = compact.LayoutOf[tlsLayer]()
)

// Reading returns which readers a has, and whether they can be packed: not between the parts of a handshake with a proxy, nor
// while HTTP/2 has many open streams, or is in the middle of a field section.
func (a *Layer) Reading() (is Reading, packable bool) {
	if s := a.tlsLayer; s != nil {
		is, packable = s.plaintext.Reading()
		is.tls, is.openers = true, s.Conn.Openers()
		return is, packable && a.socks == nil && s.plaintext.tlsLayer == nil
	}
	if a.proto == Sealed { // a.read is a part of its tlsLayer
		return Reading{}, a.socks == nil
	}
	switch m := a.read.(type) {
	case *transaction.Pairer:
		return Reading{messages: http1Messages}, a.socks == nil && m.Next == nil
	case *transaction.Multiplexer:
		return Reading{messages: http2Messages}, a.socks == nil && m.CanRest()
	}
	return Reading{}, a.socks == nil
}

// Parts has a's readers hold no more than they must while they rest, and adds them to parts.
func (a *Layer) Parts(parts []compact.Part) []compact.Part {
	if s := a.tlsLayer; s != nil {
		return s.plaintext.Parts(s.Conn.Parts(append(parts, compact.PartOf(s, tlsLayerLayout))))
	}
	switch m := a.read.(type) {
	case *transaction.Pairer:
		return append(parts, compact.PartOf(m, pairerLayout))
	case *transaction.Multiplexer:
		m.Rest()
		return append(parts, compact.PartOf(m, multiplexerLayout))
	}
	return parts
}

// Referred returns how many bytes of a's readers are not packed with it.
func (a *Layer) Referred() int {
	if s := a.tlsLayer; s != nil {
		return s.plaintext.Referred()
	}
	if m, ok := a.read.(*transaction.Multiplexer); ok {
		return m.Referred()
	}
	return 0
}

// Emptied says that a and its readers were packed: these serve others.
func (a *Layer) Emptied(readers *Readers) {
	if s := a.tlsLayer; s != nil {
		s.plaintext.Emptied(readers)
		readers.putTLSLayer(s)
		a.tlsLayer = nil
	}
	switch m := a.read.(type) {
	case *transaction.Pairer:
		m.Emptied()
		readers.put(m)
	case *transaction.Multiplexer:
		m.Emptied()
		readers.put(m)
	}
	a.read = nil
}

// Parts adds readers, for a Layer with a reading to be unpacked to, to parts.
func (r *Readers) Parts(is Reading, parts []compact.Part) []compact.Part {
	if is.tls {
		parts = is.openers.Parts(append(parts, compact.PartOf(r.tlsLayers.Get(), tlsLayerLayout)))
	}
	switch is.messages {
	case http1Messages:
		return append(parts, compact.PartOf(r.pairers.Get(), pairerLayout))
	case http2Messages:
		return append(parts, compact.PartOf(r.multiplexers.Get(), multiplexerLayout))
	}
	return parts
}
