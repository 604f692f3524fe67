// Package app finds out what the two streams of a connection speak and reads it: HTTP/1,
// HTTP/2, TLS with either of them inside, PROXY protocol or the handshake with a SOCKS proxy
// before any of them.
//
// Bytes in order and gaps of both directions go into a Layer; transactions come out, to a
// transaction.Handler. What the bytes show of the connection itself (who the client is, whom
// a proxy speaks for, where it leads, that TLS is closed) goes to an Owner. A Layer knows no packets, and
// what runs inside TLS or a tunnel is a Layer of its own. The readers of single protocols
// are in the packages below: http1, http2, tls, proxy, socks.
package app
