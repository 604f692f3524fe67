//go:build unix

package outfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

const nonblock = syscall.O_NONBLOCK

// nobodyReads reports whether err is of a FIFO that was opened without waiting (see
// open in POSIX: ENXIO).
func nobodyReads(err error) bool { return errors.Is(err, syscall.ENXIO) }

// ownFile reports whether a file is root's or this user's.
func ownFile(st fs.FileInfo) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && (sys.Uid == 0 || int(sys.Uid) == os.Geteuid())
}

// ownFolder reports whether only root and this user may write to a folder. The sticky
// bit does not help: it lets nobody remove others' files, but anybody make new ones.
func ownFolder(st fs.FileInfo) bool { return ownFile(st) && st.Mode().Perm()&0o022 == 0 }
