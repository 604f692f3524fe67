// Package tls reads TLS 1.2 and 1.3 connections: records out of bytes, handshake
// messages out of records, and with a key log what the records carry (RFC 5246,
// RFC 8446).
//
// The bytes of both directions come in, in order, with the gaps that the capture
// has; application data goes out, in order too, and what the handshake showed. A
// gap costs the records it touches, not the connection. Of records that do not
// open, their lengths go out. TLS 1.0 and 1.1 are recognised, and never
// decrypted.
//
// Nothing here proves anything about a peer: certificates are not looked at, and
// authentication serves to find out which record is which.
package tls
