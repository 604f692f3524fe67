package capture

import (
	"io"
	"os"
)

// Progress returns how many bytes of the captures have been read, as they lie on
// disk, and how many there are: 0 if that is not known, as of standard input. It is for
// the goroutine that calls Fill.
func (r *Reader) Progress() (read, size int64) {
	read = r.closed + position(r.file)
	for _, name := range r.dec.totals.Files {
		st, err := os.Stat(name)
		if name == "-" || err != nil || !st.Mode().IsRegular() {
			return read, 0
		}
		size += st.Size()
	}
	return read, size
}

// position returns how far f has been read, 0 if it is nil or no file that tells.
func position(f *os.File) int64 {
	if f == nil {
		return 0
	}
	n, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	return n
}
