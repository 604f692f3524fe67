package main

import (
	"bufio"
	"errors"
	"io"
	"os"
)

// eachLine calls f with each line of r; of long ones with their begin.
func eachLine(r io.Reader, f func(line []byte)) error {
	b := bufio.NewReaderSize(r, 1<<16)
	for {
		line, cut, err := b.ReadLine()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		f(line)
		for cut && err == nil {
			_, cut, err = b.ReadLine()
		}
	}
}

// write writes a capture of size n to a file, and returns how large that is.
func (k *kind) write(name string, n int) (size int64, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if k.file != nil {
		err = k.file(f, n)
	} else {
		c := newCapture(f)
		c.w.Write(pcapHeader(linkRaw))
		k.packets(c, n)
		err = c.w.Flush()
	}
	if err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), f.Close()
}
