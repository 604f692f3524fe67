//go:build !linux

package scenario

import (
	"net"

	"tcpwarm/capture/segment"
)

// What the kernel knows of a connection beyond what is read is not asked here.

func allAcked(*net.TCPConn) bool { return false }

func ending(*net.TCPConn) segment.Flags { return 0 }
