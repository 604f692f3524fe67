package scenario

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"tcpwarm/capture/segment"
)

// allAcked reports whether the peer has acknowledged all that was written: whether the kernel's
// send queue is empty (tcp(7), SIOCOUTQ).
func allAcked(c *net.TCPConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	empty := false
	err = raw.Control(func(fd uintptr) {
		n, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		empty = err == nil && n == 0
	})
	return err == nil && empty
}

// ending is how the peer has ended a connection of which nothing is left to be read: the flags of
// the segment that did, 0 if it has not, or if something is left.
func ending(c *net.TCPConn) (flags segment.Flags) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.ECONNRESET:
			flags = segment.RST | segment.ACK
		case err == nil && n == 0:
			flags = segment.FIN | segment.ACK
		}
	})
	return flags
}
