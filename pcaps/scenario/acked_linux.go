package scenario

import (
	"net"

	"golang.org/x/sys/unix"
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
