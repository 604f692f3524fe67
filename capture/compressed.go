package capture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
)

// compressions are told by the first bytes of a file.
var compressions = []struct {
	name  string
	magic []byte
}{
	{"gzip", []byte{0x1f, 0x8b}}, // RFC 1952 section 2.3.1
	{"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}},
	{"lz4", []byte{0x04, 0x22, 0x4d, 0x18}},
	{"xz", []byte{0xfd, '7', 'z', 'X', 'Z', 0}},
	{"bzip2", []byte("BZh")},
}

// decompress returns what in holds, uncompressed. A gzip of several members is
// read to its end.
func decompress(in *bufio.Reader) (*bufio.Reader, error) {
	for _, c := range compressions {
		if head, _ := in.Peek(len(c.magic)); !bytes.Equal(head, c.magic) {
			continue
		}
		if c.name != "gzip" {
			return nil, fmt.Errorf("compressed with %s, which is not read yet", c.name)
		}
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z, peekSize), nil
	}
	return in, nil
}
