package capture

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// compressions are told by the first bytes of a file. What has no reader is not read.
var compressions = []struct {
	name  string
	magic []byte
	open  func(io.Reader) (io.Reader, error)
}{
	{"gzip", []byte{0x1f, 0x8b}, openGzip}, // RFC 1952 section 2.3.1
	{"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}, openZstd},
	{"zstd", []byte{0x50, 0x2a, 0x4d, 0x18}, openZstd}, // a frame to be skipped, as pzstd begins (RFC 8878 section 3.1.2)
	{"bzip2", []byte("BZh"), openBzip2},
	{"lz4", []byte{0x04, 0x22, 0x4d, 0x18}, nil},
	{"xz", []byte{0xfd, '7', 'z', 'X', 'Z', 0}, nil},
}

// maxWindow is how much memory zstd may ask for. Its own programs take as much unless told
// otherwise (RFC 8878 section 3.1.1.1.2 recommends 8 MiB at least).
const maxWindow = 128 << 20 // bytes

func openGzip(in io.Reader) (io.Reader, error) { return gzip.NewReader(in) }

func openBzip2(in io.Reader) (io.Reader, error) { return bzip2.NewReader(in), nil }

func openZstd(in io.Reader) (io.Reader, error) {
	return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
}

// decompress returns what in holds, uncompressed. One of several members or frames is
// read to its end.
func decompress(in *bufio.Reader) (*bufio.Reader, error) {
	for _, c := range compressions {
		if head, _ := in.Peek(len(c.magic)); !bytes.Equal(head, c.magic) {
			continue
		}
		if c.open == nil {
			return nil, fmt.Errorf("compressed with %s, which is not read; gzip, zstd and bzip2 are", c.name)
		}
		e := &expanded{of: &counted{in: in}}
		var err error
		if e.in, err = c.open(e.of); err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(e, peekSize), nil
	}
	return in, nil
}

// A file that expands to more than maxExpansion times its size, and to more than
// freeExpansion, is made to be slow to read. Captures of zeros in the largest packets there
// are stay below.
const (
	maxExpansion  = 10000
	freeExpansion = 1 << 30 // bytes
)

// An expanded is the content of a compressed file. It ends with an error where there is more
// of it than any capture has.
type expanded struct {
	in  io.Reader
	of  *counted
	got int64 // bytes
}

func (e *expanded) Read(b []byte) (int, error) {
	n, err := e.in.Read(b)
	if e.got += int64(n); e.got > freeExpansion && e.got/maxExpansion > e.of.got {
		return n, fmt.Errorf("it expands to more than %d times its size, as no capture does", maxExpansion)
	}
	return n, err
}

// A counted counts the bytes that are read of in.
type counted struct {
	in  io.Reader
	got int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	c.got += int64(n)
	return n, err
}
