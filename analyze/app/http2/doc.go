// Package http2 reads one direction of an HTTP/2 connection (RFC 9113).
//
// Bytes come in, in order, with the gaps that the capture has; what frames say
// comes out: field sections, the lengths of data, ends, resets, settings and
// GOAWAY. Field sections are decoded by HPACK (RFC 7541) as long as its table is
// known: after a gap, or in a connection begun midstream, frames still count, but
// what their fields say is not known any more.
package http2
