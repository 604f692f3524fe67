// Package socks reads the handshake by which a client has a SOCKS proxy connect it to a
// target: version 5 (RFC 1928) with no authentication or a user's name and password (RFC
// 1929), version 4 and its extension 4a. What follows the handshake, in both directions, is
// as if the connection led to the target.
//
// The first bytes of both directions come in; the target and the lengths of the handshake
// go out. It keeps nothing.
package socks
