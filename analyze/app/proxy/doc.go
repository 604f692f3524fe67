// Package proxy reads the header by which a proxy tells its server for whom it opened a
// connection: the PROXY protocol, versions 1 and 2 (HAProxy's specification, sections 2.1
// and 2.2). It stands before the first byte of the client's direction, and what follows
// is as if it were not there.
//
// The first bytes of a direction come in; the header's length and the client's address go
// out. It keeps nothing and allocates nothing.
package proxy
