//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"tcpwarm/capture/outfile"
)

// A spool holds the packets of a trial until the command has ended. It is opened
// before the command runs, and never again by its name: the command may do with its
// own folders as it likes.
type spool struct {
	file    *os.File
	kept    *outfile.File // the same, to be published; nil for a file without a name
	partial bool          // it stays as NAME.partial
}

// newSpool opens a file that is to be called name; "" asks for one that no folder
// names, so that nothing is left of it however we end.
func newSpool(name string) (*spool, error) {
	if name == "" {
		f, err := nameless()
		return &spool{file: f}, err
	}
	if name == "-" {
		return nil, errors.New("-w -: verify reads the packets again itself; name a file, or use capture")
	}
	f, err := outfile.Create(name, outfile.Options{Perm: 0o600, Replace: true})
	if err != nil {
		return nil, err
	}
	if !f.New() {
		f.Close()
		return nil, fmt.Errorf("%s: a pipe or device; verify reads the packets again, so name a file, or use capture", name)
	}
	return &spool{file: f.File, kept: f}, nil
}

func nameless() (*os.File, error) {
	place, err := tempPlace(0)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(place, "tcpwarm-") // 0700
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return os.OpenFile(filepath.Join(dir, "packets"), os.O_RDWR|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
}

// publish gives the file its name if it is whole, and to owner, if that is not nil. One
// that is not whole stays as NAME.partial; one without a name stays without.
func (s *spool) publish(owner *account, whole bool) error {
	if s.kept == nil {
		return nil
	}
	if owner != nil {
		if err := s.file.Chown(owner.uid, owner.gid); err != nil {
			return err
		}
	}
	if whole {
		return s.kept.Publish()
	}
	s.partial = true
	return nil
}

// reader reads the packets from the beginning.
func (s *spool) reader() io.Reader { return io.NewSectionReader(s.file, 0, 1<<62) }

// close closes the file. If publish has not been called nothing is left of it.
func (s *spool) close() {
	switch {
	case s.kept == nil:
		s.file.Close()
	case s.partial:
		s.kept.Close()
	default:
		s.kept.Discard()
	}
}

// A secretLog is the file that a command logs its TLS keys in. Programs open it by
// its name, so it has one: in a folder that nobody but us may change, where the file
// is made before the command runs and given to its user. What is read is what was
// made then, whatever the command does to its name.
type secretLog struct {
	name string // for the command
	dir  *os.File
	file *os.File
	uid  int // of whoever may write it
}

const secretLogName = "keys"

// newSecretLog makes the file, for owner, or for ourselves if that is nil.
func newSecretLog(owner *account) (l *secretLog, err error) {
	uid, gid, search := os.Geteuid(), -1, fs.FileMode(0)
	if owner != nil {
		uid, gid, search = owner.uid, owner.gid, 0o011
	}
	place, err := tempPlace(search & 1)
	if err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(place, "tcpwarm-")
	if err != nil {
		return nil, err
	}
	l = &secretLog{name: filepath.Join(path, secretLogName), uid: uid}
	defer func() {
		if err != nil {
			l.remove()
		}
	}()
	if l.dir, err = os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0); err != nil {
		return l, err
	}
	if l.file, err = l.open(os.O_RDWR | os.O_CREATE | os.O_EXCL); err != nil {
		return l, err
	}
	if owner != nil {
		if err = l.file.Chown(uid, gid); err != nil {
			return l, err
		}
	}
	return l, l.dir.Chmod(0o700 | search) // the last step: from now on others get in
}

// open opens the file by the descriptor of its folder. It follows no link, and waits
// for nobody at a FIFO.
func (l *secretLog) open(flags int) (*os.File, error) {
	fd, err := unix.Openat(int(l.dir.Fd()), secretLogName, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: l.name, Err: err}
	}
	return os.NewFile(uintptr(fd), l.name), nil
}

// reader reads what has been logged so far. A command that runs with our own rights
// may have put another file in place of ours, as one that writes anew and renames
// does: that is read if it is a plain file of the same user.
func (l *secretLog) reader() (*io.SectionReader, error) {
	made, err := l.file.Stat()
	if err != nil {
		return nil, err
	}
	if now, err := l.open(os.O_RDONLY); err == nil {
		st, err := now.Stat()
		sys, ok := st.Sys().(*syscall.Stat_t)
		if err == nil && !os.SameFile(st, made) && st.Mode().IsRegular() && ok && int(sys.Uid) == l.uid {
			l.file.Close()
			l.file, made = now, st
		} else {
			now.Close()
		}
	}
	return io.NewSectionReader(l.file, 0, made.Size()), nil
}

// remove takes the file away with its folder, once. What was logged can still be
// read.
func (l *secretLog) remove() error {
	if l.name == "" {
		return nil
	}
	l.dir.Close()
	err := os.RemoveAll(filepath.Dir(l.name))
	l.name = ""
	return err
}

// tempPlace returns a folder for temporary files. For root it is one where nobody
// else may rename what root makes there, and which others may search if search is
// their right to: $TMPDIR may be the caller's own.
func tempPlace(search fs.FileMode) (string, error) {
	if os.Geteuid() != 0 {
		return os.TempDir(), nil
	}
	for _, name := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if real, err := filepath.EvalSymlinks(name); err == nil && roots(real, search) {
			return real, nil
		}
	}
	return "", errors.New("no folder for temporary files is root's own; set TMPDIR to one")
}

// roots reports whether a folder, and all above it, are root's and such that others
// cannot rename what root has in them: not writable, or sticky.
func roots(name string, search fs.FileMode) bool {
	for ; ; name = filepath.Dir(name) {
		st, err := os.Lstat(name)
		if err != nil || !st.IsDir() {
			return false
		}
		sys, ok := st.Sys().(*syscall.Stat_t)
		if !ok || sys.Uid != 0 || st.Mode().Perm()&search != search {
			return false
		}
		if st.Mode().Perm()&0o022 != 0 && st.Mode()&fs.ModeSticky == 0 {
			return false
		}
		if name == filepath.Dir(name) {
			return true
		}
	}
}
