package app

import (
	"tcpwarm/analyze/compact"
	"tcpwarm/analyze/transaction"
)

// A Reading says which readers a Layer has, as far as they are packed with it.
type Reading uint8

// The readings. Others are not packed: what reads HTTP/2, or opens TLS, is pointed to from elsewhere.
const (
	NoReading     Reading = iota // it is not clear yet what is spoken, or nothing that is read here
	HTTP1Reading                 // HTTP/1 in clear
	SealedReading                // TLS that cannot be opened
	Unpackable
)

var (
	pairerLayout   = compact.LayoutOf[transaction.Pairer]()
	tlsLayerLayout = compact.LayoutOf[tlsLayer]()
)

// Reading returns which readers a has.
func (a *Layer) Reading() Reading {
	switch s := a.tlsLayer; {
	case a.socks != nil:
		return Unpackable
	case s != nil:
		if s.plaintext.read != nil && s.plaintext.proto != Sealed || s.plaintext.socks != nil || s.Conn.HasKeys() {
			return Unpackable
		}
		return SealedReading
	case a.read == nil:
		return NoReading
	}
	if p, ok := a.read.(*transaction.Pairer); ok && p.Next == nil {
		return HTTP1Reading
	}
	return Unpackable
}

// Parts adds a's readers to parts.
func (a *Layer) Parts(parts []compact.Part) []compact.Part {
	switch a.Reading() {
	case HTTP1Reading:
		return append(parts, compact.PartOf(a.read.(*transaction.Pairer), pairerLayout))
	case SealedReading:
		return append(parts, compact.PartOf(a.tlsLayer, tlsLayerLayout))
	}
	return parts
}

// Emptied says that a and its readers were packed: these serve others.
func (a *Layer) Emptied(readers *Readers) {
	if p, ok := a.read.(*transaction.Pairer); ok {
		p.Emptied()
		readers.put(p)
	}
	a.read = nil
	if a.tlsLayer != nil {
		readers.putTLSLayer(a.tlsLayer)
		a.tlsLayer = nil
	}
}

// Parts adds readers, for a Layer with a reading to be unpacked to, to parts.
func (r *Readers) Parts(is Reading, parts []compact.Part) []compact.Part {
	switch is {
	case HTTP1Reading:
		return append(parts, compact.PartOf(r.pairers.Get(), pairerLayout))
	case SealedReading:
		return append(parts, compact.PartOf(r.tlsLayers.Get(), tlsLayerLayout))
	}
	return parts
}
