// Package outfile creates the files that results are written to, in a way that
// nobody else who may write to their folder can divert.
//
// Root often writes to another user's folder, and any user to /tmp. Whoever may
// write to a folder can put a symbolic link, a FIFO or a file of his own in place of
// another at any moment, even between a check and what rests on it. So the folder is
// held by its descriptor, the file is made under a name of its own that must not
// exist yet (NAME.partial, O_EXCL), and it gets its real name by renameat when it is
// whole. None of these calls follows a link as the last part of a name, and what was
// opened once is never opened by its name again.
//
// A folder that only root and the user himself may write to needs none of this: what
// lies there, lies there by his own wish, links and pipes included.
package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Options say how a file is made.
type Options struct {
	Perm os.FileMode
	// Replace makes a new file in every folder. Without it, a file in a folder that
	// nobody else may write to is written in place, with the mode it has.
	Replace bool
}

// A Folder is a folder that files are made in. It stays the same one if its name is
// given to another meanwhile.
type Folder struct {
	name string
	root *os.Root
	own  bool // only root and this user may write to it

	// devices is apart from own: in a user namespace that does not map root, /dev is
	// nobody's.
	devices bool
}

// OpenFolder opens a folder by its name; links in that are followed.
func OpenFolder(name string) (*Folder, error) {
	if name == "" {
		name = "."
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	st, err := root.Stat(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	return &Folder{name, root, ownFolder(st), devices(name)}, nil
}

// Close gives up the folder, but not the files that were made in it.
func (d *Folder) Close() error { return d.root.Close() }

// A File is a file that results are written to. Publish or Commit gives it its name;
// without that, Discard leaves nothing behind. A file that is written in place has its name from the begin,
// and is whole when it is committed.
type File struct {
	*os.File
	name    string  // for messages
	base    string  // the name in folder
	folder  *Folder // that the file is renamed in; nil if it has its name
	ownsDir bool    // folder is closed with the file

	placed fs.FileInfo // of a regular file that has its name before it is whole; nil of others
	made   bool        // that file was not there before

	failed error // what the first Write that failed said
}

// Write writes nothing more after a failure: what came behind it would follow a gap.
func (f *File) Write(b []byte) (n int, err error) {
	if f.failed == nil {
		n, f.failed = f.File.Write(b)
	}
	return n, f.failed
}

// Create makes a file; the folder that its name names must exist.
func Create(name string, o Options) (*File, error) {
	dir, base := filepath.Split(name)
	d, err := OpenFolder(dir)
	if err != nil {
		return nil, named(err, name)
	}
	f, err := d.Create(base, o)
	if err != nil || f.folder == nil {
		d.Close()
		return f, err
	}
	f.ownsDir = true
	return f, nil
}

// Create makes a file in d, which must stay open until the file has been published
// or discarded.
func (d *Folder) Create(base string, o Options) (*File, error) {
	name := filepath.Join(d.name, base)
	if base == "" || base == "." || base == ".." {
		return nil, fmt.Errorf("%s: names a folder, not a file", name)
	}
	f, err := d.create(name, base, o)
	return f, named(err, name)
}

// named has an error of a call name the file as the user did: the calls themselves know
// only a part of the name.
func named(err error, name string) error {
	if path, ok := err.(*fs.PathError); ok {
		return &fs.PathError{Op: "create", Path: name, Err: path.Err}
	}
	return err
}

func (d *Folder) create(name, base string, o Options) (*File, error) {
	st, err := d.root.Lstat(base)
	made := errors.Is(err, fs.ErrNotExist)
	switch {
	case made:
	case err != nil:
		return nil, err
	case st.IsDir():
		return nil, fmt.Errorf("%s: is a directory", name)
	case st.Mode()&fs.ModeSymlink != 0:
		if d.devices || d.own && !o.Replace {
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, o.Perm)
			return d.inPlace(f, name, false, err)
		}
	case !st.Mode().IsRegular():
		return d.special(name, base)
	}
	if d.own && !o.Replace {
		f, err := d.root.OpenFile(base, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, o.Perm)
		return d.inPlace(f, name, made, err)
	}
	return d.beside(name, base, o)
}

// inPlace is a file that has its name while it is written, and was made for that or was there. What /dev has
// names for belongs to others, who may have written to it before.
func (d *Folder) inPlace(f *os.File, name string, made bool, err error) (*File, error) {
	if err != nil {
		return nil, err
	}
	file := &File{File: f, name: name, made: made}
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() && !d.devices {
		file.placed = st
	}
	return file, nil
}

// beside makes the file under the name that it has while it is written. What was
// left there by a program that was killed is taken away first.
func (d *Folder) beside(name, base string, o Options) (*File, error) {
	partial := base + partialSuffix
	if err := d.root.Remove(partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := d.root.OpenFile(partial, os.O_RDWR|os.O_CREATE|os.O_EXCL, o.Perm)
	if err != nil {
		return nil, err
	}
	return &File{File: f, name: name, base: base, folder: d}, nil
}

const partialSuffix = ".partial"

// special opens a FIFO or a device. Its reader must be there already: to wait for one
// that never comes could not be interrupted.
func (d *Folder) special(name, base string) (*File, error) {
	f, err := d.root.OpenFile(base, os.O_WRONLY|nonblock, 0)
	if nobodyReads(err) {
		return nil, fmt.Errorf("%s: nobody reads this pipe; start its reader first", name)
	}
	if err != nil {
		return nil, err
	}
	st, err := f.Stat() // what was opened may be another file than what was seen
	if err == nil && (st.Mode().IsRegular() || !d.own && !d.devices && !ownFile(st)) {
		err = fmt.Errorf("%s: a pipe or device of somebody else's, where others may write", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &File{File: f, name: name}, nil
}

// devices reports whether a folder is where the system keeps its devices, and links to
// the descriptors of processes, such as /dev/stdout: these are never replaced.
func devices(name string) bool {
	name, err := filepath.Abs(name)
	return err == nil && (name == "/dev" || name == "/dev/fd" || strings.HasPrefix(name, "/proc/"))
}

// New reports whether the file is a new one, which nobody else has open, rather than
// one that was there.
func (f *File) New() bool { return f.folder != nil }

// Publish gives the file its name, in place of what had it. The file stays open.
func (f *File) Publish() error {
	d := f.folder
	if d == nil {
		return nil
	}
	if !f.there() {
		return fmt.Errorf("%s: somebody took it away while it was written", f.name)
	}
	if err := d.root.Rename(f.base+partialSuffix, f.base); err != nil {
		return err
	}
	f.release()
	return nil
}

// Commit publishes the file and closes it. One that a Write has failed to is not whole: it is to be discarded.
func (f *File) Commit() error {
	if f.failed != nil {
		return f.failed
	}
	err := f.Publish()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		f.placed = nil
	}
	return err
}

// there reports whether the name that the file has while it is written is still its.
func (f *File) there() bool {
	st, err := f.Stat()
	if err != nil {
		return false
	}
	at, err := f.folder.root.Lstat(f.base + partialSuffix)
	return err == nil && os.SameFile(st, at)
}

// Discard closes the file, and takes it away if it has not been committed or published. One that was there
// before, and has been written in place, is left empty: a part would look like the whole.
func (f *File) Discard() {
	if f.folder != nil && f.there() {
		f.folder.root.Remove(f.base + partialSuffix)
	}
	f.Close()
	at, err := os.Stat(f.name)
	switch {
	case err != nil || f.placed == nil || !os.SameFile(at, f.placed):
	case f.made:
		os.Remove(f.name)
	default:
		os.Truncate(f.name, 0)
	}
	f.placed = nil
}

// Close closes the file. If it has not been published it stays, as NAME.partial.
func (f *File) Close() error {
	f.release()
	return f.File.Close()
}

func (f *File) release() {
	if f.ownsDir {
		f.folder.Close()
	}
	f.folder, f.ownsDir = nil, false
}
