// Package process tells which TCP connections a command has opened, it and all
// that it starts.
//
// The kernel says it itself: the command is born in a control group of its own, and
// a small BPF program attached to that group writes down the four numbers of each
// connection as it is opened. Nothing is guessed from tables of sockets, which show
// short connections by chance only.
//
// Linux only, with control groups version 2 and the right to load such a program:
// root, or CAP_BPF and CAP_NET_ADMIN and a group that may be written to.
package process

import (
	"tcpwarm/capture/segment"
)

// A Connection is the ends of a connection that was opened, as its socket has them.
type Connection struct{ Client, Server segment.Endpoint }
